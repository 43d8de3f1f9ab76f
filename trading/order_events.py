"""The audit log's words for an order's life.

Each `event_id` follows from the order, so saying it twice says it once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trading.breaches import Evidence
from trading.events import Event, EventType
from trading.orders import Fill, Leg, OrderKind, OrderRequest, OrderState, TimeInForce
from trading.settlement import BrokerOrder, Denied

_WORDS = {
    OrderState.SUBMITTED: EventType.ORDER_SUBMITTED,
    OrderState.UNKNOWN: EventType.ORDER_UNKNOWN,
    OrderState.ACCEPTED: EventType.ORDER_ACCEPTED,
    OrderState.REJECTED: EventType.ORDER_REJECTED,
    OrderState.CANCELLED: EventType.ORDER_CANCELLED,
    OrderState.EXPIRED: EventType.ORDER_EXPIRED,
}
_KINDS = {Leg.STOP: OrderKind.STOP, Leg.TARGET: OrderKind.LIMIT}


def order_intended(request: OrderRequest, evidence: Evidence, at: datetime) -> Event:
    """The order may be sent; the evidence says what each limit had left when it was checked, and by what it was."""
    return _event(request, EventType.ORDER_INTENDED, at, {**_terms(request), **evidence.model_dump(mode="json")})


def order_denied(request: OrderRequest, denied: Denied, evidence: Evidence, at: datetime) -> Event:
    """The limits or the trading state refuse the order."""
    refusals: Any = [breach.model_dump(mode="json") for breach in denied.breaches]
    seen = evidence.model_dump(mode="json")
    return _event(request, EventType.ORDER_DENIED, at, {**_terms(request), **seen, "breaches": refusals})


def order_moved(
    request: OrderRequest, state: OrderState, broker: BrokerOrder | None, at: datetime, reason: str = ""
) -> Event:
    """The order is on its way, was accepted, rejected or cancelled, has expired, or nobody knows; `reason` is ours."""
    data: dict[str, Any] = _terms(request)
    if reason:
        data["reason"] = reason
    if broker is not None:
        data["broker_order_id"] = broker.broker_order_id
        data["reason"] = broker.reason
    return _event(request, _WORDS[state], at, data)


def trade_executed(request: OrderRequest, fill: Fill) -> Event:
    """A fill was booked; slippage in dollars a share against the decision's mark, positive is cost."""
    slippage = fill.price - request.mark if fill.signed_quantity > 0 else request.mark - fill.price
    data: dict[str, Any] = {**fill.model_dump(mode="json"), "leg": request.leg, "slippage": f"{slippage:f}"}
    data["strategy_id"] = request.strategy_id
    return Event(
        event_id=f"{fill.fill_id}/{EventType.TRADE_EXECUTED}",
        desk_id=request.desk_id,
        aggregate_id=request.cycle_id,
        type=EventType.TRADE_EXECUTED,
        trace_id=request.trace_id,
        occurred_at=fill.filled_at,
        data=data,
    )


def protective_request(entry: OrderRequest, held: BrokerOrder) -> OrderRequest:
    """The books' side of a protective order that the broker holds for an entry."""
    return entry.model_copy(
        update={
            "client_order_id": held.client_order_id,
            "leg": held.leg,
            "side": held.side,
            "kind": _KINDS[held.leg],
            "quantity": held.quantity,
            "limit_price": held.limit_price,
            "stop_price": held.stop_price,
            "stop": None,
            "target": None,
            "parent_id": entry.client_order_id,
            "time_in_force": TimeInForce.GTC,
            "expires_at": None,
            "reprice_seconds": 0,
            "replaces": None,
        }
    )


def _terms(request: OrderRequest) -> dict[str, Any]:
    return request.model_dump(mode="json", exclude={"desk_id", "trace_id", "cycle_id", "scores"})


def _event(request: OrderRequest, kind: EventType, at: datetime, data: dict[str, Any]) -> Event:
    return Event(
        event_id=f"{request.client_order_id}/{kind}",
        desk_id=request.desk_id,
        aggregate_id=request.cycle_id,
        type=kind,
        trace_id=request.trace_id,
        occurred_at=at,
        data=data,
    )
