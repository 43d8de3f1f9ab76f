"""The broker that Alpaca is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import structlog
from alpaca.trading.requests import GetOrderByIdRequest

from adapters.alpaca_broker import failures, stream
from adapters.alpaca_broker.money import read_account, read_activities, read_asset, read_holdings
from adapters.alpaca_broker.pages import activity_pages, orders_since
from adapters.alpaca_broker.reading import Found, order_ids, read_answer, read_fills, read_order
from adapters.alpaca_broker.sending import sent
from adapters.alpaca_broker.values import Row, Unreadable
from adapters.alpaca_broker.wire import AlpacaAccess, Refused, Wire
from trading.accounts import Account, Asset
from trading.corporate_actions import CorporateAction
from trading.errors import BrokerRefused, BrokerUnavailable, OrderRefused
from trading.market import Quote
from trading.orders import OPEN, Fill, OrderRequest
from trading.ports import RequestRate
from trading.settlement import BrokerOrder
from trading.statement import Statement

FILLS = "/account/activities/FILL"
ACTIVITIES = "/account/activities"
MOST_ASKED = 50
"""Orders of other days that one list of fills may make us look up."""
MOST_REMEMBERED = 10_000

T = TypeVar("T")
log = structlog.get_logger()


class AlpacaBroker:
    """One account at Alpaca; the package says how orders go out and how failures are named."""

    name = "alpaca"
    synthetic = False
    # A request that was given up may still arrive for as long as it may take (20 s at most), and Alpaca's look-up has
    # been seen some seconds behind its order entry.
    late_visibility = timedelta(seconds=30)

    def __init__(self, access: AlpacaAccess, rate: RequestRate) -> None:
        self._wire = Wire(access, rate)
        # Alpaca's id of each of ours, and back: neither ever changes.
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}

    @property
    def access(self) -> AlpacaAccess:
        """Whose account it is, and where it is asked."""
        return self._wire.access

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        """Look an order up by its id; None only when Alpaca itself says that it has none."""
        found = await self._look_up(client_order_id)
        return found.order if found else None

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Send an order once. Whatever is neither Alpaca's yes nor its no is BrokerUnavailable."""
        order, name = sent(request), request.client_order_id
        try:
            found = await self._wire.try_to(lambda client: client.submit_order(order), name, _of(request))
        except Refused as refused:
            raise failures.named_order(refused.said, name) from None
        return self._remembered(found).order

    async def cancel(self, client_order_id: str) -> BrokerOrder:
        """Ask Alpaca to cancel; the answer is the order as it is then, which may be "being cancelled" still.

        Raises OrderRefused when there is no such order.
        """
        found = await self._known(client_order_id)
        if found.order.state not in OPEN:
            return found.order
        order_id = found.order.broker_order_id
        try:
            await self._wire.try_to(lambda client: client.cancel_order_by_id(order_id), client_order_id, _nothing)
        except Refused as refused:
            if not refused.said.is_refusal:
                raise failures.named(refused.said, client_order_id) from None
            # It ended on the way, or is not to be cancelled now: what it is, the look-up says.
            log.info("not cancelled", client_order_id=client_order_id, reason=refused.said.message)
        return (await self._known(client_order_id)).order

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Nothing: exchanges do this."""

    async def apply(self, desk_id: str, actions: Sequence[CorporateAction]) -> None:
        """Nothing: Alpaca does this."""

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        """The stop and target that went out with an entry, once Alpaca no longer holds them back for it."""
        order_id = await self._id_of(client_order_id)
        if order_id is None:
            return ()
        family = await self._by_id(order_id)
        found = [self._remembered(each).order for each in family.family()][1:]
        return tuple(sorted(found, key=lambda leg: leg.leg))

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Every fill of one order that the account's activities tell by now, oldest first."""
        order_id = await self._id_of(client_order_id)
        if order_id is None:
            return ()
        about = f"fills of {client_order_id}"
        rows = await activity_pages(self._wire, FILLS, about, {"order_id": order_id})
        return _readable(rows, {order_id: client_order_id}, about)

    async def orders(
        self,
        desk_id: str,  # noqa: ARG002  the account is the desk's
        since: datetime | None = None,
    ) -> tuple[BrokerOrder, ...]:
        """Every order of the account, whoever sent it: a desk is an account, and a stranger's order is a finding."""
        found = await orders_since(self._wire, since)
        ordered = sorted(found, key=lambda each: (each.order.received_at, each.order.broker_order_id))
        return tuple(self._remembered(each).order for each in ordered)

    async def account(self, desk_id: str) -> Account:  # noqa: ARG002  see `orders`
        """The account's money now."""
        return await self._wire.ask(lambda client: client.get_account(), "the account", read_account)

    async def asset(self, symbol: str) -> Asset | None:
        """What may be done with a symbol; None when Alpaca does not have it."""
        try:
            return await self._wire.try_to(lambda c: c.get_asset(symbol), symbol, lambda told: read_asset(told, symbol))
        except Refused as refused:
            if refused.said.is_absence:
                return None
            raise failures.named(refused.said, symbol) from None

    async def statement(self, desk_id: str, since: datetime) -> Statement:
        """The account as a whole. No positions are believed only of an account whose equity is its cash."""
        taken_at = datetime.now(UTC)
        orders = await _part("orders", self.orders(desk_id, since))
        fills = await _part("fills", self._fills_since(since))
        activities = await _part("activities", self._activities_since(since))
        holdings = await _part("positions", self._wire.ask(lambda c: c.get_all_positions(), "positions", read_holdings))
        account = await _part("account", self.account(desk_id))
        if holdings == () and (account is None or account.equity != account.cash):
            log.warning("statement without positions", reason="none are told, and equity is not known to be all cash")
            holdings = None
        return Statement(
            desk_id=desk_id,
            since_at=since,
            taken_at=taken_at,
            account=account,
            holdings=holdings,
            orders=orders,
            fills=fills,
            activities=activities,
        )

    def moves(self, desk_id: str) -> AsyncGenerator[str]:  # noqa: ARG002  see `orders`
        """Ids of orders that moved, by the account's stream; a leg's is Alpaca's own."""
        return stream.moves(self._wire.access)

    async def _fills_since(self, since: datetime) -> tuple[Fill, ...]:
        rows = await activity_pages(self._wire, FILLS, "fills", {"after": since.isoformat()})
        names = {order_id: self._names.get(order_id) for order_id in _readable_ids(rows)}
        unknown = [order_id for order_id, name in names.items() if name is None]
        if len(unknown) > MOST_ASKED:
            raise BrokerUnavailable(f"fills of {len(unknown)} orders that the list of orders does not have")
        for order_id in unknown:
            names[order_id] = (await self._by_id(order_id)).order.client_order_id
        return _readable(rows, {order_id: name for order_id, name in names.items() if name}, "fills")

    async def _activities_since(self, since: datetime) -> Any:
        wanted = {"category": "non_trade_activity", "after": since.isoformat()}
        rows = await activity_pages(self._wire, ACTIVITIES, "activities", wanted)
        try:
            return read_activities(rows)
        except Unreadable as wrong:
            raise failures.garbage(wrong, "activities") from None

    async def _look_up(self, client_order_id: str) -> Found | None:
        def read(answer: object) -> Found:
            found = read_order(answer)
            if found.order.client_order_id != client_order_id:
                raise Unreadable("it is about another order")
            return found

        try:
            found = await self._wire.try_to(
                lambda client: client.get_order_by_client_id(client_order_id), client_order_id, read
            )
        except Refused as refused:
            if refused.said.is_absence:
                return None
            raise failures.named(refused.said, client_order_id) from None
        return self._remembered(found)

    async def _by_id(self, order_id: str) -> Found:
        nested = GetOrderByIdRequest(nested=True)
        about = f"the order {order_id[:36]}"
        return self._remembered(await self._wire.ask(lambda c: c.get_order_by_id(order_id, nested), about, read_order))

    async def _known(self, client_order_id: str) -> Found:
        found = await self._look_up(client_order_id)
        if found is None:
            raise OrderRefused(f"{client_order_id}: no such order")
        return found

    async def _id_of(self, client_order_id: str) -> str | None:
        if client_order_id not in self._ids:
            await self._look_up(client_order_id)
        return self._ids.get(client_order_id)

    def _remembered(self, found: Found) -> Found:
        if len(self._ids) >= MOST_REMEMBERED:
            self._ids.clear()
            self._names.clear()
        order = found.order
        self._ids[order.client_order_id] = order.broker_order_id
        self._names[order.broker_order_id] = order.client_order_id
        return found


def _of(request: OrderRequest) -> Any:
    return lambda answer: read_answer(answer, request)


def _nothing(_: object) -> None:
    """The answer to a cancel is empty; what became of it the look-up says."""


def _readable(rows: list[Row], names: Mapping[str, str], about: str) -> tuple[Fill, ...]:
    try:
        return read_fills(rows, names)
    except Unreadable as wrong:
        raise failures.garbage(wrong, about) from None


def _readable_ids(rows: list[Row]) -> list[str]:
    try:
        return order_ids(rows)
    except Unreadable as wrong:
        raise failures.garbage(wrong, "fills") from None


async def _part(name: str, told: Awaitable[T]) -> T | None:
    """One part of a statement; None, and a line in the log, when it could not be read."""
    try:
        return await told
    except (BrokerUnavailable, BrokerRefused) as failure:
        log.warning("statement incomplete", part=name, reason=str(failure))
        return None
