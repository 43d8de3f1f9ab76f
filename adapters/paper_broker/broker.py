"""The paper broker behind the port `Broker`: what it is asked, in transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.paper_broker import store
from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.matching import cancel, meet, meet_one, refusal, rejection
from adapters.paper_broker.terms import Offer, PaperTerms
from adapters.postgres.engine import transaction
from adapters.postgres.paper_tables import paper_orders
from trading.accounts import Account, Asset
from trading.bars import Bars
from trading.errors import BrokerUnavailable, LedgerUnavailable, MarketUnavailable, OrderRefused, UnknownSymbol
from trading.instruments import Side
from trading.market import Quote
from trading.money import ZERO, cents
from trading.orders import Fill, OrderRequest
from trading.ports import Market
from trading.settlement import BrokerOrder

VOLUME_SESSIONS = 20


class PaperBroker:
    """Fills orders on paper at a market's quotes; the package says how. Any number of processes may share one book."""

    name = "paper"
    synthetic = True

    def __init__(
        self,
        engine: AsyncEngine,
        market: Market,
        terms: PaperTerms | None = None,
        opening_cash: Decimal = Decimal("100000.00"),
    ) -> None:
        self._engine = engine
        self._opening_cash = opening_cash
        self._market = market
        self._terms = terms or PaperTerms()

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        """Look an order up by our id; None when it never came. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            order = await _one(connection, client_order_id)
        return order.shown() if order else None

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Enter an order and let it meet the market. Raises OrderRefused, or BrokerUnavailable (unknown: look up)."""
        if refused := refusal(request):
            raise OrderRefused(f"{request.client_order_id}: {refused}")
        received_at = datetime.now(UTC)
        untraded, offer = await self._market_for(request)
        async with self._transaction() as connection:
            await store.lock(connection, [request.symbol])
            book = (await store.books(connection, [request.symbol])).get((request.desk_id, request.symbol), Book())
            order = PaperOrder.of(request, received_at, untraded or rejection(book, request))
            if not await store.add(connection, order):
                raise OrderRefused(f"{request.client_order_id}: client_order_id must be unique")
            if offer is None:
                return order.shown()
            book = meet_one(book.holding(order), order.client_order_id, offer)
            await store.save(connection, [book])
        return book[order.client_order_id].shown()

    async def cancel(self, client_order_id: str) -> BrokerOrder:
        """Cancel what is left of an order; one that has ended comes back as it is.

        Raises OrderRefused when there is no such order, or BrokerUnavailable.
        """
        async with self._transaction() as connection:
            order = await _known(connection, client_order_id)
            await store.lock(connection, [order.symbol])
            order = await _known(connection, client_order_id)
            if order.is_open:
                books = await store.books(connection, [order.symbol])
                book = cancel(books[order.desk_id, order.symbol], client_order_id)
                await store.save(connection, [book])
                order = book[client_order_id]
        return order.shown()

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Let the resting orders of every desk meet these quotes, all or none. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            symbols = await store.resting(connection, sorted(quotes))
        if not symbols:
            return
        volumes = await self._volumes(symbols, max(quotes[symbol].quoted_at for symbol in symbols))
        async with self._transaction() as connection:
            await store.lock(connection, symbols)
            books = await store.books(connection, symbols)
            met = (meet(book, self._offer(quotes[symbol], volumes)) for (_, symbol), book in books.items())
            await store.save(connection, met)

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        """The protective orders of an entry, the stop first. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            found = await store.orders(connection, paper_orders.c.parent_id == client_order_id)
        return tuple(order.shown() for order in found)

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Every fill of one order, oldest first. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            return await store.fills(connection, client_order_id)

    async def orders(self, desk_id: str) -> tuple[BrokerOrder, ...]:
        """The whole book of one desk, oldest first. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            found = await store.orders(connection, paper_orders.c.desk_id == desk_id)
        return tuple(order.shown() for order in found)

    async def account(self, desk_id: str) -> Account:
        """The opening cash and what the fills made of it; shares at their last fill. Raises BrokerUnavailable."""
        async with self._transaction() as connection:
            made = await store.fills_of_desk(connection, desk_id)
            resting = await store.orders(connection, paper_orders.c.desk_id == desk_id)
        last = {fill.symbol: fill.price for fill in made}
        cash = self._opening_cash + sum((fill.cash_change for fill in made), ZERO)
        shares = sum((fill.signed_quantity * last[fill.symbol] for fill in made), ZERO)
        buying = (order for order in resting if order.side is Side.BUY)
        kept = (o.leaves * (o.limit_price or o.stop_price or last.get(o.symbol, ZERO)) for o in buying)
        return Account(
            account_id=f"paper-{desk_id}",
            cash=cash,
            settled_cash=cash,
            buying_power=cents(cash - sum(kept, ZERO)),
            equity=cents(cash + shares),
        )

    async def asset(self, symbol: str) -> Asset | None:
        """What the market has is traded, in parts of a share too, and not lent. Raises BrokerUnavailable."""
        with _as_unavailable():
            try:
                await self._market.instruments([symbol])
            except UnknownSymbol:
                return None
        return Asset(symbol=symbol, fractionable=True)

    async def _market_for(self, request: OrderRequest) -> tuple[str | None, Offer | None]:
        """Why the market cannot serve this order at all, and what it offers at the order's moment."""
        symbols = [request.symbol]
        with _as_unavailable():
            try:
                await self._market.instruments(symbols)
            except UnknownSymbol:
                return f"{request.symbol} is not traded on market {self._market.name}", None
            quote = (await self._market.quotes(symbols, request.as_of)).get(request.symbol)
        if not isinstance(quote, Quote):
            return None, None
        return None, self._offer(quote, await self._volumes(symbols, request.as_of))

    async def _volumes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Decimal]:
        """Shares a day, averaged over the last 20 sessions that were complete then."""
        with _as_unavailable():
            bars = await self._market.bars(symbols, as_of, VOLUME_SESSIONS)
        return {s: Decimal(int(of.volume.mean())) for s, of in bars.items() if isinstance(of, Bars) and len(of)}

    def _offer(self, quote: Quote, volumes: Mapping[str, Decimal]) -> Offer:
        return Offer(quote=quote, room=self._terms.room(volumes.get(quote.symbol)), terms=self._terms)

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
