"""The paper broker with its book in this process alone: the rules of `adapters/paper_broker`, without a database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.memory.paper_book import Clock, Marked, PaperBook
from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.matching import cancel, expire, meet, meet_one, refusal, rejection
from adapters.paper_broker.money import unaffordable
from adapters.paper_broker.offers import Offers
from adapters.paper_broker.terms import Offer, PaperTerms
from trading.accounts import Account, Asset
from trading.corporate_actions import CorporateAction, each_once
from trading.errors import DuplicateOrder, OrderRefused
from trading.market import Quote
from trading.orders import Fill, OrderRequest
from trading.settlement import BrokerOrder
from trading.statement import Activity, Statement

__all__ = ["Clock", "MemoryBroker"]


class MemoryBroker:
    """Fills orders on paper at what is offered, as `PaperBroker` does, whose answers it gives to the digit."""

    name = "paper"
    synthetic = True
    late_visibility = timedelta(0)

    def __init__(self, offers: Offers, clock: Clock, terms: PaperTerms | None = None) -> None:
        self._offers = offers
        self._clock = clock
        self._terms = terms or PaperTerms()
        self._paper = PaperBook(clock, self._terms.opening_cash)

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        """Look an order up by our id; None when it never came."""
        order = self._paper.order(client_order_id)
        return order.shown() if order else None

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Enter an order and let it meet the market. Raises OrderRefused, or DuplicateOrder when its id is taken."""
        if refused := refusal(request):
            raise OrderRefused(f"{request.client_order_id}: {refused}")
        untraded, offer = await self._offers.meets(request)
        if request.parent_id is not None and self._paper.order(request.parent_id) is None:
            raise OrderRefused(f"{request.client_order_id}: there is no order {request.parent_id} to protect")
        if self._paper.order(request.client_order_id) is not None:
            raise DuplicateOrder(f"{request.client_order_id}: client_order_id must be unique")
        self._paper.open(request.desk_id)
        book = self._paper.book(request.desk_id, request.symbol)
        rejected = untraded or rejection(book, request, self._terms) or self._unaffordable(book, request, offer)
        split_at = self._paper.split_at(request.desk_id, request.symbol, request.as_of)
        order = PaperOrder.of(request, self._clock(), rejected).model_copy(update={"met_at": split_at})
        book = book.holding(order)
        if offer is not None:
            book = meet_one(book, order.client_order_id, offer)
        self._paper.save(request.desk_id, request.symbol, book)
        return book[order.client_order_id].shown()

    def _unaffordable(self, book: Book, request: OrderRequest, offer: Offer | None) -> str | None:
        return unaffordable(book, request, self._paper.money(request.desk_id), offer)

    async def cancel(self, client_order_id: str) -> BrokerOrder:
        """Cancel what is left of an order; one that has ended, or whose session has, comes back so.

        Raises OrderRefused when there is no such order.
        """
        order = self._paper.order(client_order_id)
        if order is None:
            raise OrderRefused(f"{client_order_id}: no such order")
        if order.is_open:
            book = expire(self._paper.book(order.desk_id, order.symbol), self._clock())
            book = cancel(book, client_order_id)
            self._paper.save(order.desk_id, order.symbol, book)
            order = book[client_order_id]
        return order.shown()

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Let the resting orders of every desk meet these quotes; then end those whose session is over."""
        books = self._paper.moving(quotes)
        if not books:
            return
        met = {symbol: quotes[symbol] for symbol in sorted({symbol for _, symbol in books})}
        offers, now = await self._offers.over(met), self._clock()
        for (desk_id, symbol), book in books.items():
            self._paper.save(desk_id, symbol, expire(meet(book, offers[symbol]), now))
        self._paper.mark({symbol: Marked(quote.mark, quote.quoted_at) for symbol, quote in met.items()})

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        """The protective orders that came with an entry, the stop first."""
        return tuple(order.shown() for order in self._paper.children(client_order_id) if order.is_leg)

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Every fill of one order, oldest first."""
        return self._paper.fills_of(client_order_id)

    async def orders(self, desk_id: str, since: datetime | None = None) -> tuple[BrokerOrder, ...]:
        """The book of one desk, oldest first: what came since a moment, and what is open."""
        return tuple(order.shown() for order in self._paper.orders_of(desk_id, since))

    async def account(self, desk_id: str) -> Account:
        """A desk's money now; at the first look it opens with its first deposit."""
        self._paper.open(desk_id)
        return self._paper.money(desk_id).account(desk_id)

    async def asset(self, symbol: str) -> Asset | None:
        """What may be done with a symbol; None when the market does not have it."""
        if not await self._offers.lists(symbol):
            return None
        return Asset(symbol=symbol, fractionable=self._terms.fractionable, shortable=self._terms.allow_short)

    async def statement(self, desk_id: str, since: datetime) -> Statement:
        """The account as a whole."""
        return Statement(
            desk_id=desk_id,
            since_at=since,
            taken_at=self._clock(),
            account=await self.account(desk_id),
            holdings=self._paper.holdings(desk_id),
            orders=await self.orders(desk_id, since),
            fills=self._paper.fills_since(desk_id, since),
            activities=self._paper.activities(desk_id, since),
        )

    async def moves(self, desk_id: str) -> AsyncGenerator[str]:  # noqa: ARG002  the port's
        """Nothing is told as it happens: everything is looked up."""
        untold: tuple[str, ...] = ()
        for client_order_id in untold:
            yield client_order_id

    async def move_money(self, desk_id: str, activity: Activity) -> Activity:
        """Pay into an account or out of it, once under this id; the activity as it was entered first.

        Raises BrokerRefused when more would leave than is free, BooksDisagree on an id with other content.
        """
        return self._paper.move_money(desk_id, activity)

    async def apply(self, desk_id: str, actions: Sequence[CorporateAction]) -> None:
        """Let splits and dividends that are in force happen to an account, each once.

        What was held before the ex-date is split, and paid on.
        """
        due = each_once(actions)
        if due:
            self._paper.open(desk_id)
        for action in due:
            self._paper.apply(desk_id, action, fractions=self._terms.fractionable)
