"""Daily bars as a snapshot keeps them, and back: the same numbers to the last bit."""

from __future__ import annotations

import numpy as np

from trading.bars import Bars
from trading.market import History

HISTORY_SESSIONS = 260
"""Bars that a snapshot keeps of a symbol for a rule: a year of sessions, and a week more."""


def history_of(bars: Bars) -> History:
    """The newest `HISTORY_SESSIONS` bars."""
    kept = bars.last(HISTORY_SESSIONS)
    return History(
        session_on=tuple(kept.session_on.astype("datetime64[D]").tolist()),
        open=tuple(kept.open.tolist()),
        high=tuple(kept.high.tolist()),
        low=tuple(kept.low.tolist()),
        close=tuple(kept.close.tolist()),
        volume=tuple(kept.volume.tolist()),
    )


def bars_of(history: History) -> Bars:
    """The bars, in columns that nobody can write to."""
    prices = (history.open, history.high, history.low, history.close, history.volume)
    columns = [
        np.array(history.session_on, dtype="datetime64[D]"),
        *(np.array(one, dtype=np.float64) for one in prices),
    ]
    for column in columns:
        column.flags.writeable = False
    return Bars(*columns)
