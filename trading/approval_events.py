"""The audit log's words for a person's approval, and what that person is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trading.agents.envelope import plain
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.answering import LEAST_HASH
from trading.approvals import Approval, ApprovalAsked, PendingOrder
from trading.events import Event, EventType
from trading.money import MOST_TEXT

_MOST_LINES, _LINE = 15, 170


def approval_asked(asked: ApprovalAsked) -> list[Event]:
    """The orders wait: every one in full, and the alert that calls a person."""
    data = asked.model_dump(mode="json", exclude={"cycle_id", "desk_id", "trace_id"})
    alert = Alert(
        topic=Topic.APPROVAL,
        key=f"{asked.cycle_id}/approval",
        reason=told(asked),
        severity=Severity.WARNING,
        # Each question is a reason of its own: none is held back because another was told of lately.
        kind=f"approval {asked.cycle_id} {asked.hash[:LEAST_HASH]}"[:200],
    )
    return [
        _event(asked, EventType.APPROVAL_ASKED, asked.asked_at, data),
        alert_raised(asked.desk_id, alert, asked.asked_at),
    ]


def approval_ended(asked: ApprovalAsked, approval: Approval) -> Event:
    """Who has answered, when, what of, and what for each order; or that nobody did."""
    data = approval.model_dump(mode="json", include={"hash", "end", "by", "reason"})
    orders = [
        {
            "client_order_id": order.request.client_order_id,
            "symbol": order.request.symbol,
            "digest": digest,
            "approved": order.request.symbol in approval.approved,
        }
        for order, digest in zip(asked.orders, asked.digests, strict=True)
    ]
    times = {"asked_at": asked.asked_at.isoformat(), "expires_at": asked.expires_at.isoformat()}
    return _event(asked, EventType.APPROVAL_ENDED, approval.at, {**data, "orders": orders, **times})


def told(asked: ApprovalAsked) -> str:
    """What a person is told: what to type first, then the orders."""
    count = len(asked.orders)
    usd = sum(order.usd for order in asked.orders)
    head = f"{count} {'entry waits' if count == 1 else 'entries wait'} for your yes until {asked.expires_at:%H:%M:%S}"
    lines = [
        f"{head} UTC: {usd:,.2f} USD, {whose(asked)}. Silence is no.",
        *commands(asked),
        *(order_words(order)[:_LINE] for order in asked.orders[:_MOST_LINES]),
    ]
    left = count - _MOST_LINES
    return "\n".join([*lines, *([f"... and {left} more: starter.py pending"] if left > 0 else [])])[:MOST_TEXT]


def whose(asked: ApprovalAsked) -> str:
    """Whose decision it would be."""
    by = plain(asked.proposed_by, _LINE)
    return f"strategy {asked.strategy_id}" + (f", proposed by {by}" if by else "")


def commands(asked: ApprovalAsked) -> tuple[str, str]:
    """What to type for a yes and for a no."""
    named = f"{asked.cycle_id} --hash {asked.hash[:LEAST_HASH]}"
    some = f" [--only {','.join(asked.symbols[:2])}]" if len(asked.orders) > 1 else ""
    return f"Approve: starter.py approve {named}{some}", f"Reject: starter.py reject {named}"


def order_words(order: PendingOrder) -> str:
    """One order in a line; the model's own words come last, as one line without what is not seen."""
    request = order.request
    prices = [("limit", request.limit_price), ("stop", request.stop), ("target", request.target)]
    said = "".join(f", {name} {price:f}" for name, price in prices if price is not None)
    scores = "".join(f", {name.replace('_', ' ')} {score:.2f}" for name, score in sorted(request.scores.items()))
    what = f"{request.side} {request.quantity:f} {request.symbol} at {request.mark:f} = {order.usd:,.2f} USD{said}"
    return f"{what}{scores}, quote {order.quote_age_seconds} s old: {plain(order.reasoning, _LINE)}"


def _event(asked: ApprovalAsked, kind: EventType, at: datetime, data: dict[str, Any]) -> Event:
    return Event(
        event_id=f"{asked.cycle_id}/{kind}",
        desk_id=asked.desk_id,
        aggregate_id=asked.cycle_id,
        type=kind,
        trace_id=asked.trace_id,
        occurred_at=at,
        data=data,
    )
