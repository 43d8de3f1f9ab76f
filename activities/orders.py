"""Sending orders and following them. Only the process that serves this queue holds a broker's key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from temporalio import activity

from trading import order_events as say
from trading.audit import Books, Finding, audit
from trading.breaker import CircuitBreaker, TradingState
from trading.cycle_events import cycle_event
from trading.errors import BooksDisagree, IllegalTransition, OrderRefused
from trading.events import Event, EventType, canonical
from trading.market import Quote
from trading.orders import OPEN, PROTECTIVE, Leg, Order, OrderRequest, OrderState
from trading.ports import Broker, Ledger, Market
from trading.settlement import BrokerOrder
from trading.steps import Cycle, Stage

# A broken one of these means that money may move wrongly: the desk halts. The others are told, not acted on.
HALTING = frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8"})
# What the broker may have done with an order since the books last looked, beyond filling it.
_TOLD = frozenset({OrderState.ACCEPTED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED})


class OrderActivities:
    """Orders on their way to one broker and back into the books."""

    def __init__(self, broker: Broker, ledger: Ledger, market: Market) -> None:
        self._broker = broker
        self._ledger = ledger
        self._market = market

    @activity.defn
    async def submit_order(self, request: OrderRequest) -> Order:
        """Look the order up at the broker; send it only if it is not there.

        Repeat: the look-up finds what an earlier try sent; the broker refuses the same id a second time.
        """
        held = await self._broker.find(request.client_order_id)
        if held is None:
            order = await self._known(request)
            if not order.is_open:
                return order
            try:
                held = await self._broker.submit(request)
            except OrderRefused as refusal:
                # A try that timed out may still run beside this one: "the id is taken" is no refusal of the order.
                held = await self._broker.find(request.client_order_id)
                if held is None:
                    return await self._refused(request, refusal)
        if (await self._known(request)).state is OrderState.INTENDED:
            await self._move(request, OrderState.SUBMITTED, held)
        return await self._follow(request)

    @activity.defn
    async def follow_order(self, request: OrderRequest) -> Order:
        """Book what the broker has done with an order since the last look.

        Repeat: each fill is booked once under its own id, each change of state once.
        """
        if self._broker.synthetic:
            await self._broker.match(await self._quotes([request.symbol], request.as_of))
        return await self._follow(request)

    @activity.defn
    async def cancel_order(self, request: OrderRequest) -> Order:
        """Cancel what is left of an order and book how it ended.

        Repeat: cancelling twice is cancelling once.
        """
        await self._broker.cancel(request.client_order_id)
        return await self._follow(request)

    @activity.defn
    async def settle_orders(self, stage: Stage) -> None:
        """Let resting orders meet the prices of this moment, and book what came of every open order.

        Repeat: as `follow_order`.
        """
        portfolio = await self._ledger.portfolio(stage.cycle.desk_id)
        symbols = sorted({order.request.symbol for order in portfolio.open_orders})
        if symbols and self._broker.synthetic:
            await self._broker.match(await self._quotes(symbols, stage.as_of))
        for order in portfolio.open_orders:
            followed = await self._follow(order.request)
            if followed.state is OrderState.INTENDED and order.request.cycle_id != stage.cycle.cycle_id:
                # Its cycle is over and the broker has never seen it: it will not be sent any more.
                await self._move(order.request, OrderState.EXPIRED, None)

    @activity.defn
    async def audit_desk(self, cycle: Cycle) -> tuple[Finding, ...]:
        """Check the invariants over the books and the broker's; write each finding and halt on a grave one.

        Repeat: a finding's event and the halt have ids that follow from the cycle.
        """
        books, findings = await self._audited(cycle.desk_id)
        if findings:
            # The broker goes on between the two readings, and an order's sender may be at work: what counts is what
            # still stands when the books have caught up.
            for order in books.portfolio.open_orders:
                await self._follow(order.request)
            books, findings = await self._audited(cycle.desk_id)
        at = datetime.now(UTC)
        await self._ledger.record([_finding_event(cycle, finding, at) for finding in findings])
        grave = [finding for finding in findings if finding.invariant in HALTING]
        if grave and books.portfolio.trading_state is not TradingState.HALTED:
            breaker = CircuitBreaker(
                state=TradingState.HALTED, since_at=at, changed_by="audit", reason=_sentence(grave)
            )
            data = breaker.model_dump(mode="json", include={"state", "changed_by", "reason"})
            await self._ledger.change_state(breaker, _halt_event(cycle, data, at))
        return findings

    async def _audited(self, desk_id: str) -> tuple[Books, tuple[Finding, ...]]:
        books = await self._ledger.books(desk_id)
        return books, audit(books, await self._broker.orders(desk_id))

    async def _follow(self, request: OrderRequest) -> Order:
        """Bring one order's books level with the broker's."""
        held = await self._broker.find(request.client_order_id)
        if held is None:
            order = await self._known(request)
            if order.state is OrderState.INTENDED:
                # Its sender has not come to it yet: a cycle may ask before, when the workers were away.
                return order
            message = f"{request.client_order_id}: the broker does not know an order that it was sent"
            raise BooksDisagree(message)
        for fill in await self._broker.fills(request.client_order_id):
            await self._ledger.apply_fill(fill, say.trade_executed(request, fill))
        # A leg grows with its entry: its quantity is known once the entry has ended.
        if request.leg not in PROTECTIVE and held.state not in OPEN:
            await self._adopt(request, await self._broker.legs(request.client_order_id))
        order = await self._known(request)
        if held.state in _TOLD and held.state is not order.state and order.is_open and not _behind(held, order):
            order = await self._move(request, held.state, held)
        if request.leg is Leg.EXIT and held.filled_quantity:
            await self._follow_protection(request)
        return order

    async def _follow_protection(self, closing: OrderRequest) -> None:
        """Protective orders yield to an exit: book what it has made of them."""
        portfolio = await self._ledger.portfolio(closing.desk_id)
        for order in portfolio.open_orders:
            if order.request.symbol == closing.symbol and order.request.leg in PROTECTIVE:
                await self._follow(order.request)

    async def _known(self, request: OrderRequest) -> Order:
        order = await self._ledger.order(request.client_order_id)
        if order is None:
            message = f"{request.client_order_id}: the books do not know an order that the broker holds"
            raise BooksDisagree(message)
        return order

    async def _adopt(self, entry: OrderRequest, legs: Iterable[BrokerOrder]) -> None:
        for leg in legs:
            request = say.protective_request(entry, leg)
            order = Order(request=request, state=OrderState.ACCEPTED, broker_order_id=leg.broker_order_id)
            await self._ledger.adopt(order, say.order_moved(request, OrderState.ACCEPTED, leg, leg.received_at))
            await self._follow(request)

    async def _move(self, request: OrderRequest, state: OrderState, held: BrokerOrder | None) -> Order:
        """Book a change of state; one that another follower of the same order has overtaken is old news."""
        event = say.order_moved(request, state, held, datetime.now(UTC))
        try:
            return await self._ledger.advance(request.client_order_id, state, held, event)
        except IllegalTransition:
            return await self._known(request)

    async def _refused(self, request: OrderRequest, refusal: OrderRefused) -> Order:
        event = say.order_refused(request, str(refusal), datetime.now(UTC))
        return await self._ledger.advance(request.client_order_id, OrderState.REJECTED, None, event)

    async def _quotes(self, symbols: list[str], as_of: datetime) -> dict[str, Quote]:
        quotes = await self._market.quotes(symbols, as_of)
        return {symbol: quote for symbol, quote in quotes.items() if isinstance(quote, Quote)}


def _behind(held: BrokerOrder, order: Order) -> bool:
    """Whether the broker's plain acceptance is older news than the books have."""
    return held.state is OrderState.ACCEPTED and order.state is OrderState.PARTIALLY_FILLED


def _sentence(findings: Iterable[Finding]) -> str:
    return "; ".join(f"{finding.invariant} {finding.about}: {finding.found}" for finding in findings)[:4000]


def _finding_event(cycle: Cycle, finding: Finding, at: datetime) -> Event:
    data = finding.model_dump(mode="json")
    key = f"{finding.invariant}/{hashlib.sha256(canonical(data).encode()).hexdigest()[:16]}"
    return cycle_event(cycle, EventType.AUDIT_FINDING, at, data, key)


def _halt_event(cycle: Cycle, data: dict[str, object], at: datetime) -> Event:
    return Event.model_validate(
        {
            "event_id": f"{cycle.desk_id}/{EventType.TRADING_STATE_CHANGED}/{cycle.cycle_id}-audit",
            "desk_id": cycle.desk_id,
            "aggregate_id": cycle.desk_id,
            "type": EventType.TRADING_STATE_CHANGED,
            "trace_id": cycle.trace_id,
            "occurred_at": at,
            "data": data,
        }
    )
