"""How cautions are told: one a symbol while they are few, one for all when a reader would drown in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from backtest.data.panel import Caution
from backtest.results.result import Fills, Refusal

MOST_SYMBOLS = 20
"""Symbols that are each told of; of more, one caution names the first few."""
_FIRST = 5


def told(code: str, cases: Sequence[tuple[str, str]]) -> tuple[Caution, ...]:
    """Cautions of one kind from pairs of a symbol and a sentence about it."""
    if len(cases) <= MOST_SYMBOLS:
        return tuple(Caution(code=code, symbol=symbol, reason=reason) for symbol, reason in cases)
    first = "; ".join(f"{symbol} {reason}" for symbol, reason in cases[:_FIRST])
    return (Caution(code=code, reason=f"{len(cases)} symbols, first of them: {first}"),)


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def idle(fills: Fills, refusals: Sequence[Refusal]) -> tuple[Caution, ...]:
    """That a run bought nothing at all, and why: its numbers say nothing of the strategy."""
    if len(fills):
        return ()
    why = Counter(one.code for one in refusals).most_common(1)
    orders = f"{counted(len(refusals), 'order')} refused, most for {why[0][0]}" if why else "it asked for nothing"
    return (Caution(code="nothing_filled", reason=f"the strategy never traded: {orders}"),)
