"""Sending orders and following them. Only the process that serves this queue holds a broker's key."""

from __future__ import annotations

import structlog
from temporalio import activity

from activities import clock
from activities.following import Follower
from trading.alerts import Alert, Topic, alert_raised
from trading.breaker import StateChange, TradingState
from trading.errors import BrokerUnavailable, DuplicateOrder, OrderRefused
from trading.market import Quote
from trading.opposing import in_the_way
from trading.orders import OPERATOR, PROTECTIVE, UNANSWERED, Leg, Order, OrderRequest, OrderState
from trading.ports import Broker, Ledger, Market
from trading.settlement import Look, Looking, Sending

log = structlog.get_logger()


class OrderActivities:
    """Orders on their way to one broker and back into the books; `real_money` says what its account is."""

    def __init__(self, broker: Broker, ledger: Ledger, market: Market, *, real_money: bool = False) -> None:
        self._broker = broker
        self._ledger = ledger
        self._market = market
        self._real_money = real_money
        self._follower = Follower(broker, ledger)

    @activity.defn
    async def clear_way(self, request: OrderRequest) -> int:
        """Cancel what stands in an exit's way; how many of those orders are still open.

        That is what protects the shares that it is to sell, for a broker holds those of a resting sale back, and the
        entries of other strategies against it: a desk never trades with itself. What protects their shares stays.

        Repeat: cancelling twice is cancelling once.
        """
        for order in await self._in_the_way(request):
            await self._follower.withdraw(order)
        return len(await self._in_the_way(request))

    async def _in_the_way(self, request: OrderRequest) -> list[Order]:
        """What still is, once what the broker has made of it is booked."""
        portfolio = await self._ledger.portfolio(request.desk_id)
        followed = [await self._follower.follow(order.request) for order in in_the_way(request, portfolio)]
        return [order for order in followed if order.is_open]

    @activity.defn
    async def submit_order(self, sending: Sending) -> Order:
        """Look the order up at the broker; send it only if it is not there.

        The order comes back as `submitted` when nobody knows whether the broker has it.

        Repeat: the look-up finds what an earlier try sent; the books know that it was sent, and the broker refuses the
        same id a second time.
        """
        request = sending.request
        sending = sending.model_copy(update={"real_money": self._real_money})
        held = await self._broker.find(request.client_order_id)
        if held is None:
            clearance = await self._ledger.clear(sending, clock.now())
            if not clearance.may_send:
                return clearance.order
            try:
                held = await self._broker.submit(request)
            except DuplicateOrder:
                # A try that timed out may still run beside this one: "the id is taken" is no refusal of the order.
                held = await self._broker.find(request.client_order_id)
            except OrderRefused as refusal:
                return await self._follower.move(request, OrderState.REJECTED, reason=str(refusal))
            except BrokerUnavailable as silence:
                if silence.retry_after_seconds is not None:
                    # It wants to be left alone for so long: the next try comes after that, looks, and does not send.
                    raise
                log.warning("order_unanswered", client_order_id=request.client_order_id, reason=str(silence))
            if held is None:
                return clearance.order
        return await self._follower.book(request, held)

    @activity.defn
    async def look_up_order(self, looking: Looking) -> Look:
        """Look for an order that was sent and not answered for; book it when it is there.

        Repeat: as `follow_order`.
        """
        order = await self._follower.follow(looking.request)
        may_know = looking.looked_at - looking.sent_at >= self._broker.late_visibility
        return Look(order=order, is_missing=may_know and order.state in UNANSWERED)

    @activity.defn
    async def give_up_order(self, request: OrderRequest) -> Order:
        """Say that nobody knows what became of an order, halt the desk and call a person. It is not `rejected`.

        Repeat: the order's event, the halt's and the alert's have ids that follow from the order.
        """
        order = await self._follower.known(request)
        if order.state is OrderState.INTENDED:
            return await self._follower.move(request, OrderState.EXPIRED, reason="the broker could not be reached")
        if order.state in UNANSWERED:
            order = await self._follower.move(request, OrderState.UNKNOWN, reason="the broker does not say")
            await self._halt(request)
        return order

    @activity.defn
    async def follow_order(self, request: OrderRequest) -> Order:
        """Book what the broker has done with an order since the last look.

        Repeat: each fill is booked once under its own id, each change of state once.
        """
        if self._broker.synthetic:
            quotes = await self._market.quotes([request.symbol], request.as_of)
            await self._broker.match({symbol: quote for symbol, quote in quotes.items() if isinstance(quote, Quote)})
        return await self._follower.follow(request)

    @activity.defn
    async def cancel_order(self, request: OrderRequest) -> Order:
        """Cancel what is left of an order and book how it ended.

        Repeat: cancelling twice is cancelling once.
        """
        await self._broker.cancel(request.client_order_id)
        return await self._follower.follow(request)

    @activity.defn
    async def cancel_resting(self, desk_id: str) -> int:
        """Cancel every order of a desk that the broker may still fill; how many are still open.

        Stops and targets go last: until then they protect. What closes a holding on a person's word is let go its way.

        Repeat: cancelling twice is cancelling once.
        """
        portfolio = await self._ledger.portfolio(desk_id)
        known = [o.request for o in portfolio.open_orders if o.state is not OrderState.INTENDED]
        resting = [one for one in known if not (one.strategy_id == OPERATOR and one.leg is Leg.EXIT)]
        left = 0
        for request in sorted(resting, key=lambda one: one.leg in PROTECTIVE):
            order = await self._follower.follow(request)
            if order.is_open and order.state not in UNANSWERED:
                order = await self._follower.withdraw(order)
            left += order.is_open
        return left

    async def _halt(self, request: OrderRequest) -> None:
        at, name = clock.now(), request.client_order_id
        reason = f"nobody knows whether the broker has order {name}: look there, then resume"
        change = StateChange(
            desk_id=request.desk_id,
            change_id=f"{name}-unknown",
            state=TradingState.HALTED,
            changed_by="orders",
            reason=reason,
            at=at,
        )
        await self._ledger.change_state(change)
        alert = Alert(topic=Topic.ORDER, key=f"{name}-unknown", reason=reason)
        await self._ledger.record([alert_raised(request.desk_id, alert, at)])
        log.error("order_unknown", client_order_id=name, desk_id=request.desk_id)
