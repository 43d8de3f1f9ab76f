"""Bringing the books of one order level with the broker's: however many look at once, each fill is booked once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import structlog

from activities import clock
from trading import order_events as say
from trading.errors import BooksDisagree, IllegalTransition, OrderRefused
from trading.money import ZERO
from trading.orders import OPEN, PROTECTIVE, UNANSWERED, Fill, Leg, Order, OrderRequest, OrderState
from trading.ports import Broker, Ledger
from trading.settlement import BrokerOrder, Sending

# What the broker may have done with an order since the books last looked, beyond filling it.
_TOLD = frozenset({OrderState.ACCEPTED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED})

log = structlog.get_logger()


class Follower:
    """Books what the broker has done with an order."""

    def __init__(self, broker: Broker, ledger: Ledger) -> None:
        self._broker = broker
        self._ledger = ledger

    async def follow(self, request: OrderRequest) -> Order:
        """Look the order up and book what has become of it.

        One that the broker does not know (any more, or yet) is left as the books have it: silence is no answer.
        """
        held = await self._broker.find(request.client_order_id)
        return await self.known(request) if held is None else await self.book(request, held)

    async def book(self, request: OrderRequest, held: BrokerOrder) -> Order:
        """Book what the broker says of an order: that it has it, its fills, its legs, and how it stands."""
        order = await self.known(request)
        if order.state in UNANSWERED and held.state is not OrderState.REJECTED:
            await self.move(request, OrderState.ACCEPTED, held)
        fills = await self._broker.fills(request.client_order_id)
        for fill in fills:
            await self._ledger.apply_fill(fill, say.trade_executed(request, fill))
        order = await self.known(request)
        # A leg grows with its entry: its quantity is known once the entry has ended, be it after this look at it.
        if request.leg not in PROTECTIVE and not (held.state in OPEN and order.is_open):
            for leg in await self._broker.legs(request.client_order_id):
                await self.follow(await self.adopt(request, leg))
            order = await self.known(request)
        is_news = held.state in _TOLD and held.state is not order.state and order.is_open
        if is_news and not _behind(held, order) and _all_told(held, fills):
            order = await self.move(request, held.state, held)
        if request.leg is Leg.EXIT and (held.filled_quantity or order.filled_quantity):
            await self.follow_protection(request)
        return order

    async def follow_protection(self, closing: OrderRequest) -> tuple[Order, ...]:
        """Protective orders yield to an exit: book what it has made of them. Those that are still open come back."""
        portfolio = await self._ledger.portfolio(closing.desk_id)
        protecting = [o for o in portfolio.open_orders if o.request.leg in PROTECTIVE]
        followed = [await self.follow(o.request) for o in protecting if o.request.symbol == closing.symbol]
        return tuple(order for order in followed if order.is_open)

    async def withdraw(self, order: Order) -> Order:
        """Take back an order that may still fill; one that was never sent is not sent any more.

        Of one that was sent and not answered for there is nothing to cancel yet, nor of one that the broker does not
        know: they come back as the books have them.
        """
        request, at = order.request, clock.now()
        if order.state is OrderState.INTENDED:
            # Under the books' lock: if its sender has been quicker, it is on its way.
            late = Sending(request=request, asked_at=at, send_by=at - timedelta(seconds=1))
            return (await self._ledger.clear(late, at)).order
        if order.state in UNANSWERED:
            return order
        try:
            await self._broker.cancel(request.client_order_id)
        except OrderRefused as refusal:
            log.warning("not cancelled", client_order_id=request.client_order_id, reason=str(refusal))
        return await self.follow(request)

    async def known(self, request: OrderRequest) -> Order:
        """The order as the books have it. Raises BooksDisagree when they do not, or have it on other terms."""
        order = await self._ledger.order(request.client_order_id)
        if order is None or order.request != request:
            what = "do not know an order that the broker holds" if order is None else "have the order on other terms"
            raise BooksDisagree(f"{request.client_order_id}: the books {what}")
        return order

    async def move(
        self, request: OrderRequest, state: OrderState, held: BrokerOrder | None = None, reason: str = ""
    ) -> Order:
        """Book a change of state; one that another follower of the same order has overtaken is old news."""
        event = say.order_moved(request, state, held, clock.now(), reason)
        try:
            return await self._ledger.advance(request.client_order_id, state, held, event)
        except IllegalTransition:
            return await self.known(request)

    async def adopt(self, entry: OrderRequest, leg: BrokerOrder) -> OrderRequest:
        """Enter a protective order that the broker made of an entry, as accepted, once."""
        known = await self._ledger.order(leg.client_order_id)
        if known is not None:
            # What the broker says of it now (that it ended and why, what its sibling left of it) is no other leg.
            return known.request
        request = say.protective_request(entry, leg)
        order = Order(request=request, state=OrderState.ACCEPTED, broker_order_id=leg.broker_order_id)
        await self._ledger.adopt(order, say.order_moved(request, OrderState.ACCEPTED, leg, leg.received_at))
        return request


def _behind(held: BrokerOrder, order: Order) -> bool:
    """Whether the broker's plain acceptance is older news than the books have."""
    return held.state is OrderState.ACCEPTED and order.state is OrderState.PARTIALLY_FILLED


def _all_told(held: BrokerOrder, fills: Iterable[Fill]) -> bool:
    """Whether each fill that the broker counts is told by now: who sees an order's end booked looks no more."""
    return held.filled_quantity <= sum((fill.quantity for fill in fills if not fill.reverses), ZERO)
