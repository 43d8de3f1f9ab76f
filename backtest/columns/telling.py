"""From the kernel's book to a result: fills, refusals and cautions in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from backtest.columns.ground import Ground
from backtest.columns.kernel import (
    CASH,
    EXCEEDS,
    FILLS,
    INTEREST,
    POSITION,
    POSITIONS,
    REFUSALS,
    SECTOR,
    SMALLEST,
    Book,
)
from backtest.columns.terms import HELD_TO
from backtest.data.cautions import idle
from backtest.data.panel import Caution, Column, Panel
from backtest.measures.yardsticks import benchmark_of, held_of
from backtest.results.result import Fills, Refusal, Result
from trading.backtest_plan import Engine
from trading.limits import Limit, Limits

_WORDS = {
    POSITION: (Limit.POSITION.value, "a position would be more of equity than its limit"),
    SECTOR: (Limit.SECTOR.value, "its sector would be more of equity than its limit"),
    POSITIONS: (Limit.POSITIONS.value, "there are as many positions as the limit allows"),
    CASH: (Limit.CASH.value, "the cash at the close does not cover it beside the other buys"),
    SMALLEST: (Limit.SIZE.value, "it is less than the smallest entry"),
    EXCEEDS: ("exceeds_cash", "at the price of the fill it cost more than the cash that was there"),
}


def result_of(panel: Panel, ground: Ground, book: Book) -> Result:
    """All that is told of a run."""
    fills = _fills(book)
    positions = _positions(ground, fills)
    worth = positions * ground.bars.closes
    rows = slice(ground.start, ground.start + len(ground.days))
    refusals = (*_refusals(ground, book), *_waiting(ground, book))
    return Result(
        plan=ground.plan,
        engine=Engine.COLUMNS,
        days=ground.days,
        symbols=ground.symbols,
        equity=book.equity,
        cash=book.cash,
        gross=np.abs(worth).sum(axis=1),
        positions=positions,
        closes=np.where(ground.bars.closes > 0, ground.bars.closes, np.nan),
        fills=fills,
        refusals=refusals,
        cautions=(*panel.cautions, *_cautions(ground, book, positions), *idle(fills, refusals)),
        benchmark=benchmark_of(panel, ground.plan, ground.days),
        held=held_of(panel, ground.plan, ground.days),
        interest=float(book.money[INTEREST]),
        decisions=int(book.counts[FILLS] + book.counts[REFUSALS]),
        highs=ground.history.high[rows],
        lows=ground.history.low[rows],
        notes=tuple(_drift(ground, worth, book.equity)),
    )


def _positions(ground: Ground, fills: Fills) -> Column:
    moved = np.zeros(ground.present.shape)
    np.add.at(moved, (fills.day, fills.symbol), fills.shares)
    return np.cumsum(moved, axis=0)


def _fills(book: Book) -> Fills:
    day, symbol, shares, price, commission = (c.copy() for c in book.fills[: book.counts[FILLS]].T)
    return Fills(
        day=day.astype(np.int64),
        symbol=symbol.astype(np.int64),
        shares=shares,
        price=price,
        commission=commission,
        leg=tuple("entry" if bought else "exit" for bought in (shares > 0).tolist()),
    )


def _refusals(ground: Ground, book: Book) -> Iterator[Refusal]:
    for day, symbol, shares, code in book.refused[: book.counts[REFUSALS]].tolist():
        name, reason = _WORDS[int(code)]
        on = _on(ground, int(day))
        yield Refusal(decided_on=on, symbol=ground.symbols[int(symbol)], shares=shares, code=name, reason=reason)


def _waiting(ground: Ground, book: Book) -> Iterator[Refusal]:
    """Orders that the end of the data or of the run came before."""
    for symbol in np.flatnonzero(book.order).tolist():
        yield Refusal(
            decided_on=_on(ground, int(book.decided[symbol])),
            symbol=ground.symbols[symbol],
            shares=abs(float(book.order[symbol])),
            code="no_bar",
            reason="no bar came after the decision that could have filled it",
        )


def _cautions(ground: Ground, book: Book, positions: Column) -> Iterator[Caution]:
    last = len(ground.days) - 1 - np.argmax(ground.present[::-1], axis=0)
    for symbol in np.flatnonzero((positions[-1] != 0) & (last < len(ground.days) - 1)).tolist():
        words = f"{positions[-1, symbol]:.0f} shares are valued at the close of {_on(ground, int(last[symbol]))}"
        name = ground.symbols[symbol]
        yield Caution(code="data_ended", symbol=name, reason=f"{words}, its last bar: nobody could sell them since")
    if ground.plan.limits is not None:
        reason = f"of the limits only {', '.join(HELD_TO)} bind in columns; the cycles engine holds all"
        yield Caution(code="limits_of_columns", reason=reason)
    missing = int(book.counts[REFUSALS]) - len(book.refused)
    if missing > 0:
        yield Caution(code="refusals_cut", reason=f"{missing} more refusals were counted and not kept")


def _drift(ground: Ground, worth: Column, equity: Column) -> Iterator[str]:
    """Where prices carried what is held beyond a limit: told, and not traded."""
    limits = ground.plan.limits
    if limits is not None:
        yield from _passed("max_position", worth / equity[:, None], limits)
        names = np.unique(ground.sectors)
        of = np.array(ground.sectors)
        sums = np.column_stack([worth[:, of == name].sum(axis=1) for name in names])
        yield from _passed("max_sector", sums / equity[:, None], limits)


def _passed(name: str, parts: Column, limits: Limits) -> Iterator[str]:
    allowed = float(getattr(limits, name))
    most = parts.max(axis=1, initial=0.0)
    days = int((most > allowed).sum())
    if days:
        yield f"{name} of {allowed:.0%} was passed by the drift of prices at {days} closes, at most {most.max():.1%}"


def _on(ground: Ground, day: int) -> date:
    found: date = ground.days[day].astype("datetime64[D]").item()
    return found
