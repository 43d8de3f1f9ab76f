"""The paper broker behind the port `Broker`: what it is asked, in transactions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.paper_broker import account, happenings, store
from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.matching import cancel, expire, meet, meet_one, refusal, rejection
from adapters.paper_broker.money import unaffordable
from adapters.paper_broker.offers import MarketOffers
from adapters.paper_broker.terms import PaperTerms
from adapters.postgres.engine import consistent, transaction
from adapters.postgres.paper_tables import paper_orders
from trading.accounts import Account, Asset
from trading.corporate_actions import CorporateAction, each_once
from trading.errors import (
    BrokerUnavailable,
    DuplicateOrder,
    LedgerUnavailable,
    MarketUnavailable,
    OrderRefused,
)
from trading.market import Quote
from trading.orders import Fill, OrderRequest
from trading.ports import Market
from trading.settlement import BrokerOrder
from trading.statement import Activity, Statement


class PaperBroker:
    """Fills orders on paper at a market's quotes; the package says how. Any number of processes may share one book."""

    name = "paper"
    synthetic = True
    late_visibility = timedelta(0)

    def __init__(self, engine: AsyncEngine, market: Market, terms: PaperTerms | None = None) -> None:
        self._engine = engine
        self._terms = terms or PaperTerms()
        self._offers = MarketOffers(market, self._terms)

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        """Look an order up by our id; None when it never came. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            order = await _one(connection, client_order_id)
        return order.shown() if order else None

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Enter an order and let it meet the market.

        Raises OrderRefused, DuplicateOrder when its id is taken, or BrokerUnavailable (unknown: look up).
        """
        if refused := refusal(request):
            raise OrderRefused(f"{request.client_order_id}: {refused}")
        received_at = datetime.now(UTC)
        with _as_unavailable():
            untraded, offer = await self._offers.meets(request)
        async with self._transaction() as connection:
            await store.lock(connection, [request.symbol])
            book = (await store.books(connection, [request.symbol])).get((request.desk_id, request.symbol), Book())
            await self._hold(connection, [request.desk_id])
            money = await account.money(connection, request.desk_id)
            if request.parent_id is not None and await _one(connection, request.parent_id) is None:
                raise OrderRefused(f"{request.client_order_id}: there is no order {request.parent_id} to protect")
            rejected = untraded or rejection(book, request, self._terms) or unaffordable(book, request, money, offer)
            split_at = await happenings.split_at(connection, request.desk_id, request.symbol, request.as_of)
            order = PaperOrder.of(request, received_at, rejected).model_copy(update={"met_at": split_at})
            if not await store.add(connection, order):
                raise DuplicateOrder(f"{request.client_order_id}: client_order_id must be unique")
            if offer is None:
                return order.shown()
            book = meet_one(book.holding(order), order.client_order_id, offer)
            await store.save(connection, [book])
        return book[order.client_order_id].shown()

    async def cancel(self, client_order_id: str) -> BrokerOrder:
        """Cancel what is left of an order; one that has ended, or whose session has, comes back so.

        Raises OrderRefused when there is no such order, or BrokerUnavailable.
        """
        async with self._transaction() as connection:
            order = await _known(connection, client_order_id)
            await store.lock(connection, [order.symbol])
            order = await _known(connection, client_order_id)
            if order.is_open:
                books = await store.books(connection, [order.symbol])
                book = expire(books[order.desk_id, order.symbol], datetime.now(UTC))
                book = cancel(book, client_order_id)
                await store.save(connection, [book])
                order = book[client_order_id]
        return order.shown()

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Let the resting orders of every desk meet these quotes, all or none; then end those whose session is over.

        Raises BrokerUnavailable.
        """
        async with self._transaction() as connection:
            symbols = await store.moving(connection, sorted(quotes))
        if not symbols:
            return
        with _as_unavailable():
            offers = await self._offers.over({symbol: quotes[symbol] for symbol in symbols})
        now = datetime.now(UTC)
        async with self._transaction() as connection:
            await store.lock(connection, symbols)
            books = await store.books(connection, symbols)
            await self._hold(connection, [desk_id for desk_id, _ in books])
            met = (meet(book, offers[symbol]) for (_, symbol), book in books.items())
            await store.save(connection, (expire(book, now) for book in met))
            await account.mark(connection, {symbol: quotes[symbol] for symbol in symbols})

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        """The protective orders that came with an entry, the stop first. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            found = await store.orders(connection, paper_orders.c.parent_id == client_order_id)
        return tuple(order.shown() for order in found if order.is_leg)

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Every fill of one order, oldest first. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            return await store.fills(connection, client_order_id)

    async def orders(self, desk_id: str, since: datetime | None = None) -> tuple[BrokerOrder, ...]:
        """The book of one desk, oldest first: what came since a moment, and what is open. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            found = await store.orders_of_desk(connection, desk_id, since)
        return tuple(order.shown() for order in found)

    async def account(self, desk_id: str) -> Account:
        """A desk's money now; at the first look it opens with its first deposit. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            await self._hold(connection, [desk_id])
            return (await account.money(connection, desk_id)).account(desk_id)

    async def asset(self, symbol: str) -> Asset | None:
        """What may be done with a symbol; None when the market does not have it. Raises BrokerUnavailable."""
        with _as_unavailable():
            if not await self._offers.lists(symbol):
                return None
        return Asset(symbol=symbol, fractionable=self._terms.fractionable, shortable=self._terms.allow_short)

    async def statement(self, desk_id: str, since: datetime) -> Statement:
        """The account as a whole, every part of it read at one instant. Raises BrokerUnavailable when none can be."""
        await self.account(desk_id)
        with _as_unavailable():
            async with transaction(consistent(self._engine)) as connection:
                orders = await store.orders_of_desk(connection, desk_id, since)
                return Statement(
                    desk_id=desk_id,
                    since_at=since,
                    taken_at=datetime.now(UTC),
                    account=(await account.money(connection, desk_id)).account(desk_id),
                    holdings=await account.holdings(connection, desk_id),
                    orders=tuple(order.shown() for order in orders),
                    fills=await store.fills_of_desk(connection, desk_id, since),
                    activities=await account.activities(connection, desk_id, since),
                )

    async def moves(self, desk_id: str) -> AsyncGenerator[str]:  # noqa: ARG002  the port's
        """Nothing is told as it happens: everything is looked up."""
        untold: tuple[str, ...] = ()
        for client_order_id in untold:
            yield client_order_id

    async def move_money(self, desk_id: str, activity: Activity) -> Activity:
        """Pay into an account or out of it, once under this id; the activity as it was entered first.

        Raises BrokerRefused when more would leave than is free, BooksDisagree on an id with other content,
        BrokerUnavailable.
        """
        async with self._transaction() as connection:
            await self._hold(connection, [desk_id])
            return await happenings.move_money(connection, desk_id, activity)

    async def apply(self, desk_id: str, actions: Sequence[CorporateAction]) -> None:
        """Let splits and dividends that are in force happen to an account, each once, all of them or none.

        What was held before the ex-date is split, and paid on. Raises BrokerUnavailable.
        """
        if not (due := each_once(actions)):
            return
        async with self._transaction() as connection:
            await store.lock(connection, [action.symbol for action in due])
            await self._hold(connection, [desk_id])
            for action in due:
                await happenings.apply(connection, desk_id, action, fractions=self._terms.fractionable)

    async def _hold(self, connection: AsyncConnection, desk_ids: Sequence[str]) -> None:
        opening = {"amount": self._terms.opening_cash, "occurred_at": datetime.now(UTC)}
        await account.lock(connection, desk_ids, opening)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        with _as_unavailable():
            async with transaction(self._engine) as connection:
                yield connection


async def _one(connection: AsyncConnection, client_order_id: str) -> PaperOrder | None:
    found = await store.orders(connection, paper_orders.c.client_order_id == client_order_id)
    return found[0] if found else None


async def _known(connection: AsyncConnection, client_order_id: str) -> PaperOrder:
    order = await _one(connection, client_order_id)
    if order is None:
        raise OrderRefused(f"{client_order_id}: no such order")
    return order


@contextmanager
def _as_unavailable() -> Iterator[None]:
    """Whatever this broker stands on that does not answer, to the desk it is the broker that does not."""
    try:
        yield
    except (LedgerUnavailable, MarketUnavailable) as error:
        raise BrokerUnavailable(str(error), retry_after_seconds=error.retry_after_seconds) from error
