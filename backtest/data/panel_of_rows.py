"""From sound bars, by symbol and day, to a panel, and what it is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backtest.data.bar_rows import BarRows
from backtest.data.cleaning import VOLUME
from backtest.data.panel import Column, Panel
from trading.corporate_actions import CorporateAction
from trading.instruments import UNKNOWN_SECTOR


def panel_of(rows: BarRows, days: NDArray[np.int64], sectors: Mapping[str, str]) -> Panel:
    """The bars of these days side by side; of a symbol without any there is no column."""
    at = np.searchsorted(days, rows.day)
    rows_in = at < len(days)
    rows_in[rows_in] = days[at[rows_in]] == rows.day[rows_in]
    rows, at = rows.where(rows_in), at[rows_in]
    there, column = np.unique(rows.symbol, return_inverse=True)
    names = tuple(rows.names[symbol] for symbol in there)
    shape = (len(days), len(names))
    columns = [_spread(values, at, column, shape) for values in rows.values]
    columns[VOLUME] = np.nan_to_num(columns[VOLUME])
    return sealed(
        days.astype("datetime64[D]"), names, columns, tuple(sectors.get(one, UNKNOWN_SECTOR) for one in names)
    )


def sealed(
    days: NDArray[np.datetime64],
    symbols: tuple[str, ...],
    columns: Sequence[Column],
    sectors: tuple[str, ...],
    actions: tuple[CorporateAction, ...] = (),
) -> Panel:
    """A panel of open, high, low, close and volume that nobody writes to, with its hash."""
    digest = hashlib.sha256(
        "\n".join((*symbols, "", *sectors, "", *(one.model_dump_json() for one in actions))).encode()
    )
    days = np.ascontiguousarray(days)
    for column in (days, *columns):
        column.flags.writeable = False
        digest.update(np.ascontiguousarray(column).view(np.uint8).data)
    opened, high, low, close, volume = columns
    return Panel(
        days=days,
        symbols=symbols,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        sectors=sectors,
        data_hash=digest.hexdigest(),
        actions=actions,
    )


def with_actions(panel: Panel, actions: Sequence[CorporateAction]) -> Panel:
    """The panel with those actions that are about its symbols and come between its first and its last day."""
    first, last = panel.days[0], panel.days[-1]
    within = tuple(
        one for one in actions if one.symbol in panel.symbols and first < np.datetime64(one.ex_on, "D") <= last
    )
    if not within:
        return panel
    columns = [panel.open, panel.high, panel.low, panel.close, panel.volume]
    return sealed(panel.days, panel.symbols, columns, panel.sectors, within)


def _spread(values: Column, at: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, int]) -> Column:
    spread = np.full(shape, np.nan)
    spread[at, column] = values
    return spread
