"""What spans say of the desk's own records: who, what and how it ended; never a prompt or an answer.

Quantities and ids of orders are said: without them an order cannot be found again at its broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.metrics.instruments import ASKED_IN
from adapters.tracing.spans import Attributes, Value
from trading.agents.questions import Agent
from trading.desk import CycleTicket
from trading.docket import CycleReport
from trading.market import SnapshotSummary
from trading.orders import Order, OrderRequest
from trading.scans import ScanReport
from trading.settlement import Denied, IntentAsked, Look, Looking, Sending
from trading.signals import Abstention
from trading.steps import Cycle, Heard, SnapshotAsked

MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Work:
    """A span within an activity's: what is done there, in the desk's words."""

    name: str
    attributes: Attributes = field(default_factory=dict)


_WORKS = {
    "take_snapshot": "market data",
    "intend": "intend order",
    "submit_order": "send order",
    "follow_order": "follow order",
    "look_up_order": "look up order",
    "cancel_order": "cancel order",
    "give_up_order": "give up order",
}


def work_of(activity: str, args: Sequence[Any]) -> Work | None:
    """The span of an agent's turn, of a look at the market, or of a step with an order; None for any other step."""
    agent = ASKED_IN.get(activity) or _asked(args)
    if agent is not None:
        named = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent.value}
        return Work(f"invoke_agent {agent}", {**named, "trading.symbol": _symbol(args)})
    name = _WORKS.get(activity)
    return None if name is None else Work(name, of_argument(args))


def of_argument(args: Sequence[Any]) -> Attributes:
    """What the first argument says."""
    asked = args[0] if args else None
    if isinstance(asked, IntentAsked | Sending | Looking):
        asked = asked.request
    if isinstance(asked, OrderRequest):
        return _request(asked)
    if isinstance(asked, SnapshotAsked):
        return {"trading.market.asked": len(asked.symbols)}
    if isinstance(asked, Cycle):
        request = asked.request
        said: dict[str, Value] = {"trading.trigger": request.trigger.value, "trading.strategy_id": request.strategy_id}
        return {**said, "trading.symbols": len(request.symbols)}
    return {}


def of_result(result: Any) -> Attributes:
    """What came of it."""
    for kind, say in _RESULTS.items():
        if isinstance(result, kind):
            return say(result)
    return {}


def given(attributes: Attributes) -> dict[str, Value]:
    """Without what is None, which no span takes."""
    return {name: value for name, value in attributes.items() if value is not None}


def _asked(args: Sequence[Any]) -> Agent | None:
    agent = getattr(args[0], "agent", None) if args else None
    return agent if isinstance(agent, Agent) else None


def _symbol(args: Sequence[Any]) -> str | None:
    asked = args[0] if args else None
    symbol = getattr(asked, "symbol", None) or getattr(getattr(asked, "proposal", None), "symbol", None)
    return symbol if isinstance(symbol, str) else None


def _request(request: OrderRequest) -> dict[str, Value | None]:
    return {
        "trading.order.client_order_id": request.client_order_id,
        "trading.order.side": request.side.value,
        "trading.order.kind": request.kind.value,
        "trading.order.leg": request.leg.value,
        "trading.order.quantity": f"{request.quantity:f}",
        "trading.symbol": request.symbol,
        "trading.strategy_id": request.strategy_id,
    }


def _order(order: Order) -> Attributes:
    return {
        **_request(order.request),
        "trading.order.outcome": order.state.value,
        "trading.order.filled_quantity": f"{order.filled_quantity:f}",
        "trading.order.broker_order_id": order.broker_order_id,
    }


def _denied(denied: Denied) -> Attributes:
    limits = tuple(dict.fromkeys(breach.limit.value for breach in denied.breaches))
    return {
        "trading.order.client_order_id": denied.client_order_id,
        "trading.order.outcome": "denied",
        "trading.order.limits": limits,
    }


def _snapshot(seen: SnapshotSummary) -> Attributes:
    ages = [(seen.as_of - one.quote.quoted_at).total_seconds() for one in seen.symbols]
    return {
        "trading.market.provider": seen.provider,
        "trading.market.fallback": bool(seen.fallback),
        "trading.market.fallback_reason": seen.fallback[:MOST_WORDS] or None,
        "trading.market.symbols": len(seen.symbols),
        "trading.market.dropped": len(seen.dropped),
        "trading.market.age_seconds": max(ages, default=None),
        "trading.market.synthetic": seen.synthetic,
    }


def _heard(heard: Heard[Any]) -> Attributes:
    abstained = heard.answer if isinstance(heard.answer, Abstention) else None
    return {
        "trading.agent.outcome": "answered" if abstained is None else "abstained",
        "trading.agent.cause": None if abstained is None else abstained.cause,
        "trading.prompt_version": heard.source.prompt_version if heard.source else None,
        "gen_ai.response.model": heard.source.model if heard.source else None,
    }


_RESULTS: Mapping[type, Callable[[Any], Attributes]] = {
    Order: _order,
    Look: lambda look: _order(look.order),
    Denied: _denied,
    SnapshotSummary: _snapshot,
    Heard: _heard,
    CycleReport: lambda report: {"trading.cycle_id": report.cycle_id, "trading.outcome": report.outcome.value},
    ScanReport: lambda report: {"trading.outcome": report.outcome.value},
    CycleTicket: lambda ticket: {"trading.cycle_id": ticket.cycle_id, "trading.ahead": ticket.ahead},
}
