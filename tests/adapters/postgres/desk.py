"""A small desk to write books for: its opening, orders, fills and quotes, each made the way the program does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests import making
from trading.breaker import StateChange, TradingState
from trading.breaker_rules import BreakerRules, Resumption
from trading.events import Event, EventType
from trading.instruments import Side
from trading.limits import Limits
from trading.market import Quote
from trading.order_events import order_moved, trade_executed
from trading.orders import Fill, Leg, Order, OrderRequest, OrderState
from trading.settlement import BrokerOrder, IntentAsked

DESK = "paper"
CYCLE = "paper/cycle-1"
NOON = datetime(2024, 3, 1, 17, tzinfo=UTC)
LIMITS = Limits()


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def event(kind: EventType, data: dict[str, Any], *, name: str, aggregate: str = CYCLE, desk: str = DESK) -> Event:
    return Event(
        event_id=f"{desk}/{name}",
        desk_id=desk,
        aggregate_id=aggregate,
        type=kind,
        trace_id="trace-1",
        occurred_at=NOON,
        data=data,
    )


def opening(desk: str = DESK, cash: str = "100000.00") -> tuple[Event, Event]:
    deposit = {
        "capital_event_id": f"{desk}/opening",
        "desk_id": desk,
        "kind": "deposit",
        "amount": cash,
        "occurred_at": NOON.isoformat(),
    }
    opened = event(EventType.DESK_OPENED, {}, name="DeskOpened", aggregate=desk, desk=desk)
    return opened, event(EventType.CAPITAL_CHANGED, deposit, name="CapitalChanged", aggregate=desk, desk=desk)


def buy(symbol: str = "AAPL", quantity: str = "100", **terms: object) -> OrderRequest:
    return order(symbol, Side.BUY, quantity, **terms)


def sell(symbol: str = "AAPL", quantity: str = "100", **terms: object) -> OrderRequest:
    return order(symbol, Side.SELL, quantity, **terms)


def order(symbol: str, side: Side, quantity: str, **terms: object) -> OrderRequest:
    leg = Leg.ENTRY if side is Side.BUY else Leg.EXIT
    usual: dict[str, object] = {
        "client_order_id": f"{CYCLE}-{symbol}-{side}",
        "desk_id": DESK,
        "strategy_id": "agents",
        "cycle_id": CYCLE,
        "leg": leg,
        "symbol": symbol,
        "sector": f"Sector of {symbol}",
        "side": side,
        "quantity": quantity,
        "mark": "100",
        "scores": {"DataAgent": 0.7, "Validator": 1.0},
        "as_of": NOON,
        "trace_id": "trace-1",
    }
    return OrderRequest.model_validate(usual | terms)


def intent(asked: OrderRequest, limits: Limits = LIMITS, **more: object) -> IntentAsked:
    """An order to intend at noon, with a standing in whose way nothing is."""
    return making.intent(asked, limits, **{"intended_at": NOON, **more})


def fill_of(request: OrderRequest, quantity: str, price: str = "100", **terms: object) -> Fill:
    usual: dict[str, object] = {
        "fill_id": f"{request.client_order_id}-fill",
        "client_order_id": request.client_order_id,
        "symbol": request.symbol,
        "side": request.side,
        "quantity": quantity,
        "price": price,
        "commission": "1.00",
        "filled_at": NOON,
    }
    return Fill.model_validate(usual | terms)


def booked(request: OrderRequest, fill: Fill) -> tuple[Fill, Event]:
    return fill, trade_executed(request, fill)


def held(request: OrderRequest, state: OrderState = OrderState.ACCEPTED, reason: str | None = None) -> BrokerOrder:
    return BrokerOrder(
        client_order_id=request.client_order_id,
        broker_order_id=f"broker-{request.client_order_id}",
        symbol=request.symbol,
        side=request.side,
        leg=request.leg,
        quantity=request.quantity,
        state=state,
        reason=reason,
        received_at=NOON,
    )


def step(
    request: OrderRequest, state: OrderState, reason: str | None = None
) -> tuple[str, OrderState, BrokerOrder | None, Event]:
    """The arguments of `advance`."""
    broker = None if state is OrderState.SUBMITTED else held(request, state, reason)
    return request.client_order_id, state, broker, order_moved(request, state, broker, NOON)


def accepted(request: OrderRequest) -> tuple[Order, Event]:
    """The arguments of `adopt`: an order that no limit was asked about."""
    order = Order(request=request, state=OrderState.ACCEPTED)
    return order, order_moved(request, OrderState.ACCEPTED, None, NOON)


def quote(symbol: str, price: str) -> dict[str, Quote]:
    last = Decimal(price)
    return {symbol: Quote(symbol=symbol, bid=last, ask=last, last=last, quoted_at=NOON)}


def restricted(state: TradingState, name: str) -> StateChange:
    return StateChange(desk_id=DESK, change_id=name, state=state, changed_by="operator", reason=name, at=NOON)


def resumed(name: str, **changes: Any) -> Resumption:
    terms = {"rules": BreakerRules(), "at": NOON, "by": "operator", "reason": name, **changes}
    return Resumption.model_validate({"desk_id": DESK, "change_id": name, **terms})
