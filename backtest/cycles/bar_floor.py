"""One session as resting orders meet it: the open, the way through each bar, the close."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.memory.paper_book import Marked, PaperBook
from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.matching import cancel, in_turn, is_triggered, meet_one, rests
from adapters.paper_broker.money import unpaid
from adapters.paper_broker.terms import Offer
from backtest.cycles.bar_day import BarDay
from backtest.cycles.bar_path import Step, Trigger, around, bar_path, is_within
from backtest.cycles.bar_terms import BarTerms, half_spread, room_of
from backtest.data.panel import Caution
from trading.backtest_plan import Frictions
from trading.instruments import Side
from trading.market import Bar, Quote
from trading.orders import Fill, Leg, OrderKind
from trading.settlement import BrokerOrder

_BELL = timedelta(seconds=1)
"""The close is quoted so long before the bell: an order for the day still meets it."""


class BarFloor:
    """A desk's orders at one session's bars. What a bar fills of all orders together is its share of the volume."""

    def __init__(self, paper: PaperBook, desk_id: str, terms: BarTerms, frictions: Frictions, day: BarDay) -> None:
        self.day = day
        self.refused: list[BrokerOrder] = []
        self._paper = paper
        self._desk_id = desk_id
        self._terms = terms
        self._frictions = frictions
        self._half = half_spread(frictions)
        self._room: dict[str, Decimal | None] = {}
        self._bars: dict[str, Bar] = {}

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """The bars of no volume that orders have met in vain."""
        dry = (symbol for symbol, room in self._room.items() if room is not None and not self._bar(symbol).volume)
        reason = f"no volume on {self.day.session.session_on}: nothing was filled that day"
        return tuple(Caution(code="no_volume", symbol=symbol, reason=reason) for symbol in sorted(dry))

    def mark_of(self, symbol: str) -> Marked:
        """What a symbol is worth at its close."""
        return Marked(self._bar(symbol).close, self._close_at)

    def meet_open(self, symbol: str, side: Side, *, only_market: bool) -> None:
        """Let the orders of one side meet the open."""
        quote = self._quote(symbol, around(self._bar(symbol).open, self._half), self.day.session.opens_at)
        for order in in_turn(self._book(symbol)):
            if order.side is side and not (only_market and order.kind is not OrderKind.MARKET):
                self._meet(order.client_order_id, quote)

    def meet_rest(self, symbol: str) -> None:
        """Let what is open meet the bar from its open to its close.

        What came into being at the open meets it too: an entry that opened beyond its stop is out again there. A target
        that came into being on the way meets the close alone: nobody knows whether the bar's other extreme came before
        the entry or after it.
        """
        book, bar = self._book(symbol), self._bar(symbol)
        triggers = [trigger for trigger in _triggers(book) if is_within(bar, trigger, self._half)]
        opened = self._quote(symbol, around(bar.open, self._half), self.day.session.opens_at)
        if not triggers and all(rests(order, opened) for order in book.open_orders()):
            return
        known = frozenset(book.orders)
        steps = bar_path(bar, triggers, _sign(book), self._half)
        for number, step in enumerate(steps, start=1):
            at = opened.quoted_at + (self._close_at - opened.quoted_at) * number / len(steps)
            quote = self._quote(symbol, step, at)
            for order in in_turn(self._book(symbol)):
                if order.client_order_id in known or order.leg is not Leg.TARGET or number == len(steps):
                    self._meet(order.client_order_id, quote)

    def meet_close(self, symbol: str) -> None:
        """Let what is open meet the close."""
        quote = self._quote(symbol, around(self._bar(symbol).close, self._half), self._close_at)
        for order in in_turn(self._book(symbol)):
            self._meet(order.client_order_id, quote)

    def sell_out(self, symbol: str) -> None:
        """From now on the close takes any number of shares: nobody will trade the symbol after it."""
        self._room[symbol] = None

    @property
    def _close_at(self) -> datetime:
        return self.day.session.closes_at - _BELL

    def _bar(self, symbol: str) -> Bar:
        """Made once, where the day makes it when it is asked."""
        if symbol not in self._bars:
            self._bars[symbol] = self.day.bars[symbol]
        return self._bars[symbol]

    def _book(self, symbol: str) -> Book:
        return self._paper.book(self._desk_id, symbol)

    def _quote(self, symbol: str, step: Step, at: datetime) -> Quote:
        return Quote(symbol=symbol, bid=step.bid, ask=step.ask, last=step.last, quoted_at=at)

    def _meet(self, client_order_id: str, quote: Quote) -> None:
        symbol = quote.symbol
        book = self._book(symbol)
        order = book.orders.get(client_order_id)
        # A fill before it, at this very price, may have ended it; one that rests is not worth a look.
        if order is None or not order.is_open or (rests(order, quote) and not order.is_over(quote.quoted_at)):
            return
        if symbol not in self._room:
            self._room[symbol] = room_of(self._bar(symbol).volume, self._frictions)
        room = self._room[symbol]
        after = meet_one(book, client_order_id, Offer(quote=quote, room=room, terms=self._terms))
        if after.fills:
            after = self._paid(book, after, order)
        elif room == 0 and is_triggered(order, quote):
            after = after.holding(_as_market(after[client_order_id]))
        if room is not None:
            self._room[symbol] = room - sum(fill.quantity for fill in after.fills)
        self._paper.save(self._desk_id, symbol, after)

    def _paid(self, book: Book, after: Book, order: PaperOrder) -> Book:
        """The book after a fill, or without the order when the account cannot pay for it."""
        fill: Fill = after.fills[-1]
        if order.leg is not Leg.ENTRY or order.side is Side.SELL:
            return after
        why = unpaid(book, fill, self._paper.money(self._desk_id))
        if why is None:
            return after
        given_up = cancel(book, order.client_order_id)
        given_up = given_up.holding(given_up[order.client_order_id].model_copy(update={"reason": why}))
        self.refused.append(given_up[order.client_order_id].shown())
        return given_up


def _as_market(stop: PaperOrder) -> PaperOrder:
    """A stop that was triggered when nothing was left to fill it: it takes the next price, wherever that is."""
    return stop.model_copy(update={"kind": OrderKind.MARKET, "stop_price": None})


def _triggers(book: Book) -> Iterator[Trigger]:
    """The prices at which open orders trade, and those of the stops and targets that their fills would bring."""
    for order in book.open_orders():
        prices = [(price, order.side) for price in (order.stop_price, order.limit_price)]
        if order.leg is Leg.ENTRY:
            other = Side.SELL if order.side is Side.BUY else Side.BUY
            prices += [(price, other) for price in (order.stop, order.target)]
        yield from (Trigger(price, side) for price, side in prices if price is not None)


def _sign(book: Book) -> int:
    """Which way the bar hurts: what is held by its sign; nothing held, as what an entry on the way would meet after it.

    An entry to buy comes to hold on the way down from the high, or at a stop on the way up to it; either way the low
    that comes after is the worst.
    """
    if book.held:
        return 1 if book.held > 0 else -1
    entry = next((order for order in book.open_orders() if order.leg is Leg.ENTRY), None)
    return -1 if entry is not None and entry.side is Side.BUY else 1
