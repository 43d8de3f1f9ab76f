"""Whom a scan or a move concerns."""

from __future__ import annotations

from datetime import time

from trading.rosters import due, lookers
from trading.strategy import Strategy

PLAIN = Strategy(strategy_id="plain")
TIMED = Strategy(strategy_id="timed", scan_times=(time(10),))
NEVER = Strategy(strategy_id="never", scan_times=())
LEAVING = Strategy(strategy_id="leaving", enabled=False, scan_times=(time(10),))
EMPTY = Strategy(strategy_id="empty", enabled=False)
ALL = (PLAIN, TIMED, NEVER, LEAVING, EMPTY)
HELD = {"leaving": frozenset({"AAPL"}), "timed": frozenset({"IBM"}), "operator": frozenset({"GE"})}


def test_a_scan_asks_those_that_have_no_times_and_those_that_leave() -> None:
    assert due(ALL, None, HELD) == (PLAIN, LEAVING)
    assert due(ALL, None, {}) == (PLAIN,)
    assert due(ALL, "timed", HELD) == (TIMED,)
    assert [due(ALL, name, HELD) for name in ("plain", "never", "leaving", "gone")] == [()] * 4


def test_a_move_concerns_those_that_watch_the_symbol_or_hold_it() -> None:
    watched = {"plain": frozenset({"AAPL", "IBM"}), "empty": frozenset({"AAPL"}), "leaving": frozenset({"IBM"})}
    assert lookers("AAPL", ALL, watched, HELD) == ("plain", "leaving")
    assert lookers("IBM", ALL, watched, HELD) == ("plain", "timed")
    assert lookers("GE", ALL, watched, HELD) == ()
