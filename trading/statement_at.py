"""The desk's books as they were at a moment: cash, what was held, and what that was worth by the prices known then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from trading.adjustments import price_through
from trading.closing_state import History, State, state_at, unrealised
from trading.money import ZERO
from trading.portfolio import Position


class Source(IntEnum):
    """Who said a price; of one moment the later in this list is believed."""

    FILL = 1
    SNAPSHOT = 2
    CLOSE = 3


class Seen(NamedTuple):
    """Prices that the desk knew from a moment on, in dollars a share of that moment."""

    at: datetime
    source: Source
    prices: Mapping[str, Decimal]


class Valued(NamedTuple):
    """What was held of a symbol, at the newest price: from when that is, and by whom."""

    position: Position
    priced_at: datetime
    source: Source

    @property
    def unrealised(self) -> Decimal:
        """Dollars that it had earned."""
        return unrealised(self.position)


class StatementAt(NamedTuple):
    """The books at a moment: dollars of cash and what was held, by symbol."""

    at: datetime
    cash: Decimal
    held: tuple[Valued, ...]
    realised: Decimal

    @property
    def equity(self) -> Decimal:
        """Cash and what was held, in dollars."""
        return self.cash + sum((one.position.value for one in self.held), ZERO)


def statement_at(history: History, at: datetime, until: datetime, seen: Iterable[Seen]) -> StatementAt:
    """The books at a moment, by the newest of the prices that were seen until then.

    `until` is when that moment was in the world: what is paid in has no other time. That is the moment itself, except
    where prices are of the past.
    """
    state = state_at(history, at, until)
    known = sorted((one for one in seen if one.at <= at), key=lambda one: (one.at, one.source))
    return StatementAt(
        at=at,
        cash=state.cash,
        held=tuple(_valued(state, known)),
        realised=sum((one.realised_pnl for one in state.positions.values()), ZERO),
    )


def _valued(state: State, known: Iterable[Seen]) -> Iterator[Valued]:
    newest: dict[str, tuple[datetime, Source, Decimal]] = {}
    for one in known:
        newest.update({symbol: (one.at, one.source, price) for symbol, price in one.prices.items()})
    filled = {fill.symbol: fill.filled_at for fill in sorted(state.fills, key=lambda fill: fill.filled_at)}
    for symbol, held in sorted(state.positions.items()):
        if not held.quantity:
            continue
        at, source, price = newest.get(symbol, (None, Source.FILL, held.mark))
        bought = filled.get(symbol)
        if at is None or (bought is not None and bought > at):
            # Shares that were taken over without a fill came at the cost that a person told.
            yield Valued(held, bought or held.lots[0].opened_at, Source.FILL)
            continue
        mark = price_through(price, symbol, state.adjustments, at)
        yield Valued(held.model_copy(update={"mark": mark}), at, source)
