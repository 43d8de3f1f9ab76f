"""Which of a desk's strategies a scan or a move concerns.

| a strategy is …                   | `scan`            | `scan-STRATEGY`        | a symbol moved                 |
|-----------------------------------|-------------------|------------------------|--------------------------------|
| enabled                           | asks it           |                        | if it watches it, or holds it  |
| enabled, with scan times          |                   | asks it at those times | if it watches it, or holds it  |
| disabled, and holds something     | asks it, to leave |                        | if it holds it, to leave       |
| disabled, and holds nothing       |                   |                        |                                |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from trading.strategy import Strategy

Held = Mapping[str, AbstractSet[str]]
"""The symbols that each strategy holds, by its name."""


def due(strategies: Iterable[Strategy], asked: str | None, held: Held) -> tuple[Strategy, ...]:
    """Those that a scan asks: of one strategy, or with None of all that have no times of their own."""
    return tuple(one for one in strategies if (_has_times(one, asked) if asked else _is_of_all(one, held)))


def lookers(
    symbol: str, strategies: Iterable[Strategy], watched: Mapping[str, AbstractSet[str]], held: Held
) -> tuple[str, ...]:
    """Those that look at a symbol that moved; `watched` are the symbols of each one's universe."""
    names = (one.strategy_id for one in strategies if symbol in _concern(one, watched, held))
    return tuple(names)


def _has_times(one: Strategy, asked: str) -> bool:
    return one.strategy_id == asked and one.enabled and bool(one.scan_times)


def _is_of_all(one: Strategy, held: Held) -> bool:
    return one.scan_times is None if one.enabled else bool(held.get(one.strategy_id))


def _concern(one: Strategy, watched: Mapping[str, AbstractSet[str]], held: Held) -> AbstractSet[str]:
    theirs = held.get(one.strategy_id, frozenset())
    return theirs | watched.get(one.strategy_id, frozenset()) if one.enabled else theirs
