"""What a rule sees: the snapshot of one moment, and the strategy's own part of the books. Nothing in it can be changed.

Bars are of complete sessions only, so that a rule answers the same at noon as in a backtest; the quote is newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from trading.agents.facts import Books, Holding, OpenOrder
from trading.bars import Bars
from trading.errors import BadRule
from trading.histories import bars_of
from trading.instruments import Instrument, Side
from trading.market import Indicators, Quote, Snapshot, SymbolFacts


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One symbol: its facts, quote, indicators, average volume of 20 sessions, and up to 260 daily bars."""

    instrument: Instrument
    quote: Quote
    indicators: Indicators
    average_volume_20: int
    bars: Bars

    @classmethod
    def of(cls, facts: SymbolFacts) -> Seen:
        """What a snapshot knows of a symbol. Raises BadRule for one that was taken for no rule."""
        if facts.history is None:
            raise BadRule(f"the snapshot keeps no bars of {facts.instrument.symbol}: it was not taken for a rule")
        bars = bars_of(facts.history)
        return cls(facts.instrument, facts.quote, facts.indicators, facts.average_volume_20, bars)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The market and the strategy's own books at `as_of`, in dollars and shares.

    `symbols` are those that may be spoken of: those `watched`, and those that the strategy holds besides.
    """

    as_of: datetime
    symbols: Mapping[str, Seen]
    watched: frozenset[str]
    equity: float
    cash: float
    positions: Mapping[str, Holding]
    open_orders: tuple[OpenOrder, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot, watched: Iterable[str], books: Books) -> View:
        """What is seen of the symbols watched and held, as far as the snapshot has them."""
        wanted = {*watched, *(one.symbol for one in books.positions)}
        seen = {f.instrument.symbol: Seen.of(f) for f in snapshot.symbols if f.instrument.symbol in wanted}
        return cls.of_seen(snapshot.as_of, seen, watched, books)

    @classmethod
    def of_seen(cls, as_of: datetime, seen: Mapping[str, Seen], watched: Iterable[str], books: Books) -> View:
        """What is seen of these symbols, those that are watched among them."""
        held = {one.symbol: one for one in books.positions}
        return cls(
            as_of=as_of,
            symbols=MappingProxyType(dict(seen)),
            watched=frozenset(seen).intersection(watched),
            equity=books.equity,
            cash=books.cash,
            positions=MappingProxyType(held),
            open_orders=books.open_orders,
        )

    @property
    def held(self) -> tuple[str, ...]:
        """The symbols seen that the strategy is long, by name."""
        return tuple(s for s in sorted(self.symbols) if s in self.positions and self.positions[s].shares > 0)

    @property
    def taken(self) -> frozenset[str]:
        """The symbols that the strategy holds, long or short, or is buying."""
        return frozenset(self.positions) | {one.symbol for one in self.open_orders if one.side is Side.BUY}

    def weight(self, symbol: str) -> float:
        """A position's part of the strategy's equity, 0 when it has none."""
        return self.positions[symbol].weight if symbol in self.positions else 0.0
