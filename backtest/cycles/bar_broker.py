"""The broker of a backtest: the paper broker in memory, whose market is one bar a day of each symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from adapters.memory.broker import Clock, MemoryBroker
from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.matching import expire
from adapters.paper_broker.terms import Offer, PaperTerms
from backtest.cycles.bar_day import BarDay, Played
from backtest.cycles.bar_floor import BarFloor
from backtest.cycles.bar_terms import bar_terms, overnight
from backtest.data.panel import Caution
from trading.backtest_plan import FillAt, Plan
from trading.corporate_actions import CorporateAction, each_once
from trading.instruments import Side
from trading.market import Quote
from trading.orders import Fill, Leg, OrderKind, OrderRequest, TimeInForce
from trading.settlement import BrokerOrder
from trading.statement import Activity, ActivityKind, Holding

_WORDS = {ActivityKind.INTEREST: "interest on cash", ActivityKind.FEE: "borrowing of what is short"}


class BarBroker(MemoryBroker):
    """One desk's account under a plan's frictions.

    An order that is sent waits for the next `play`, or with `FillAt.CLOSE` meets the close that was played last.
    Whether the account can pay is asked when an order fills, not when it comes: nobody knows the next open's price.
    """

    def __init__(
        self,
        desk_id: str,
        plan: Plan,
        clock: Clock,
        actions: Iterable[CorporateAction] = (),
        terms: PaperTerms | None = None,
    ) -> None:
        self._bar_terms = bar_terms(plan, terms)
        self._listed = _Listed(frozenset(plan.symbols))
        super().__init__(self._listed, clock, self._bar_terms)
        self._desk_id = desk_id
        self._plan = plan
        self._actions = list(each_once(actions))
        self._for_next_session: set[str] = set()
        self._floor: BarFloor | None = None

    @property
    def all_fills(self) -> tuple[Fill, ...]:
        """Every fill so far, in the order in which they happened."""
        return self._paper.since_written(self._desk_id, (0, 0))[0]

    @property
    def unpaid(self) -> tuple[str, ...]:
        """The buys since the last session was played that the account could not pay for when they were to fill."""
        return tuple(order.client_order_id for order in self._floor.refused) if self._floor else ()

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Enter an order; it rests, or meets the close. Raises OrderRefused, or DuplicateOrder when its id is taken."""
        named = request
        if request.time_in_force is TimeInForce.DAY and request.expires_at and request.expires_at <= request.as_of:
            # Its own session is over as it is decided: its day is the next on which there is a bar.
            named = request.model_copy(update={"expires_at": None})
        held = await super().submit(named)
        if named is not request:
            self._for_next_session.add(request.client_order_id)
        return self._at_the_close(self._paper.order(held.client_order_id)) or held

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Nothing: orders meet bars, each once, when they are played."""

    def play(self, day: BarDay) -> Played:
        """Let a session happen, to be called at its close and before anything is decided there.

        Interest and fees of the nights since the last close come first, then what companies did by then, the open
        (sales before buys, symbols in order), the rest of each bar, the ends of the day's orders and the marks.
        Sessions are played in order, each once.
        """
        self._paper.open(self._desk_id)
        before = self._paper.written(self._desk_id)
        self._earn(day)
        self._act(day.session.session_on)
        self._floor = BarFloor(self._paper, self._desk_id, self._bar_terms, self._plan.frictions, day)
        books = {symbol: book for (_, symbol), book in self._paper.moving(day.bars).items()}
        self._meet(self._floor, sorted(symbol for symbol, book in books.items() if book.open_orders()))
        held = {symbol for (_, symbol), book in self._paper.moving(books).items() if book.held}
        self._paper.mark({symbol: self._floor.mark_of(symbol) for symbol in held})
        left = self._delist(self._floor)
        fills, activities = self._paper.since_written(self._desk_id, before)
        cautions = (*self._floor.cautions, *(_delisted(holding, day.session.session_on) for holding in left))
        return Played(fills, activities, left, cautions, tuple(self._floor.refused))

    def _unaffordable(self, book: Book, request: OrderRequest, offer: Offer | None) -> str | None:  # noqa: ARG002
        """Asked by the floor, of each fill."""
        return None

    def _earn(self, day: BarDay) -> None:
        """Interest on cash and the fee for what is short, for every night since the last close."""
        costs = self._plan.frictions
        if self._floor is None or not (costs.cash_rate or costs.borrow_rate):
            return
        on = day.session.session_on
        nights = (on - self._floor.day.session.session_on).days
        due = overnight(self._paper.money(self._desk_id), nights, costs)
        for kind, amount in due.items():
            earned = Activity(
                activity_id=f"{self._desk_id}/{kind}/{on}",
                kind=kind,
                amount=amount,
                occurred_at=day.session.opens_at,
                words=f"{_WORDS[kind]}, {nights} days",
            )
            self._paper.pay(self._desk_id, earned)

    def _act(self, on: date) -> None:
        """Let splits and dividends happen to what is held or ordered, by their ex-date."""
        due = [action for action in self._actions if action.ex_on <= on]
        self._actions = self._actions[len(due) :]
        moving = {symbol for _, symbol in self._paper.moving({action.symbol for action in due})}
        for action in due:
            if action.symbol in moving:
                self._paper.apply(self._desk_id, action, fractions=self._bar_terms.fractionable)

    def _meet(self, floor: BarFloor, symbols: Sequence[str]) -> None:
        closes_at = floor.day.session.closes_at
        if self._for_next_session:
            for symbol in symbols:
                self._paper.save(self._desk_id, symbol, self._dated(self._paper.book(self._desk_id, symbol), floor.day))
        for side in (Side.SELL, Side.BUY):
            for symbol in symbols:
                floor.meet_open(symbol, side, only_market=not self._plan.intrabar)
        for symbol in symbols:
            if self._plan.intrabar:
                floor.meet_rest(symbol)
            else:
                floor.meet_close(symbol)
            book = self._paper.book(self._desk_id, symbol)
            if any(order.is_over(closes_at) for order in book.open_orders()):
                self._paper.save(self._desk_id, symbol, expire(book, closes_at))

    def _dated(self, book: Book, day: BarDay) -> Book:
        """Give the orders of a day their session: this one, the first that has a bar of the symbol."""
        waited = [order for order in book.open_orders() if order.client_order_id in self._for_next_session]
        self._for_next_session -= {order.client_order_id for order in waited}
        return book.holding(*(o.model_copy(update={"expires_at": day.session.closes_at}) for o in waited))

    def _delist(self, floor: BarFloor) -> tuple[Holding, ...]:
        """End all orders of symbols whose last bar this was; what is held of them is to be sold at its close."""
        if not floor.day.last:
            return ()
        on = floor.day.session.session_on
        for symbol in sorted(floor.day.last):
            self._listed.ended[symbol] = on
            book = self._paper.book(self._desk_id, symbol)
            ended = (order.closed(f"delisted: its bars end on {on}") for order in book.open_orders())
            self._paper.save(self._desk_id, symbol, book.holding(*ended))
            if symbol in floor.day.bars:
                floor.sell_out(symbol)
        return tuple(one for one in self._paper.holdings(self._desk_id) if one.symbol in floor.day.last)

    def _at_the_close(self, order: PaperOrder | None) -> BrokerOrder | None:
        """Let an order that has just come meet the close that was played last, where it is to; None where it rests."""
        floor = self._floor
        if order is None or floor is None or order.symbol not in floor.day.bars:
            return None
        leaving = order.symbol in floor.day.last and order.leg is Leg.EXIT
        if not order.is_open or not (leaving or self._plan.fill is FillAt.CLOSE):
            return None
        floor.meet_close(order.symbol)
        self._end_at_the_bell(floor, order.client_order_id)
        met = self._paper.order(order.client_order_id)
        return met.shown() if met else None

    def _end_at_the_bell(self, floor: BarFloor, name: str) -> None:
        """What the close left of a market order for the day has had its session."""
        order = self._paper.order(name)
        if order is None or order.kind is not OrderKind.MARKET or name not in self._for_next_session:
            return
        self._for_next_session.discard(name)
        book, bell = self._paper.book(self._desk_id, order.symbol), floor.day.session.closes_at
        if name in book.orders:
            book = expire(book.holding(book[name].model_copy(update={"expires_at": bell})), bell)
            self._paper.save(self._desk_id, order.symbol, book)


class _Listed:
    """The symbols of a backtest: no order meets a price as it comes, and of what has ended nothing is bought."""

    def __init__(self, symbols: frozenset[str]) -> None:
        self.ended: dict[str, date] = {}
        self._symbols = symbols

    async def lists(self, symbol: str) -> bool:
        """Whether the backtest has the symbol."""
        return symbol in self._symbols

    async def meets(self, request: OrderRequest) -> tuple[str | None, Offer | None]:
        """Why an order cannot be served at all; it rests in any case."""
        if request.symbol not in self._symbols:
            return f"{request.symbol} is no symbol of this backtest", None
        ended = self.ended.get(request.symbol)
        if ended is not None and request.leg is not Leg.EXIT:
            return f"{request.symbol} is delisted: its bars end on {ended}", None
        return None, None

    async def over(self, quotes: Mapping[str, Quote]) -> Mapping[str, Offer]:
        """Nothing is offered but by bars."""
        del quotes
        return {}


def _delisted(holding: Holding, on: date) -> Caution:
    reason = f"its bars end on {on}: {holding.quantity:f} shares are closed at that close"
    return Caution(code="delisted", symbol=holding.symbol, reason=reason)
