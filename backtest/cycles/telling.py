"""What a replay's log and books say to the reader of its result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from backtest.cycles.days import Day
from backtest.cycles.replay import Close
from backtest.data.panel import Caution, Panel
from backtest.results.result import CYCLE_FAILED, Fills, Refusal
from trading.agents.questions import Agent
from trading.audit import Books, Finding
from trading.backtest_plan import Plan
from trading.breaker import TradingState
from trading.events import DECISIONS, Event, EventType
from trading.orders import PROTECTIVE, Fill, Leg, Order

NO_BAR, EXCEEDS_CASH = "no_bar", "exceeds_cash"
"""The codes of an order that no bar followed, and of a buy that cost more at its fill than there was."""
_ENDED = {
    EventType.ORDER_REJECTED: "rejected",
    EventType.ORDER_CANCELLED: "cancelled",
    EventType.ORDER_EXPIRED: "expired",
}
_SPOKEN = {
    Agent.DATA: EventType.SIGNAL_GENERATED,
    Agent.RISK: EventType.RISK_ASSESSED,
    Agent.VALIDATOR: EventType.VALIDATION_COMPLETE,
    Agent.BULL: EventType.ARGUMENT_MADE,
    Agent.BEAR: EventType.ARGUMENT_MADE,
    Agent.META: EventType.META_AGENT_DECISION,
}
_EACH = frozenset({Agent.DATA, Agent.VALIDATOR, Agent.BULL, Agent.BEAR})
_LONGEST = 400
_STATES = frozenset({EventType.TRADING_STATE_CHANGED, EventType.STRATEGY_STATE_CHANGED})


def fills_of(fills: Sequence[Fill], books: Books, rows: Mapping[date, int], symbols: Sequence[str]) -> Fills:
    """Fills in columns; `rows` has each session's number in the result."""
    legs = {order.request.client_order_id: order.request.leg for order in books.orders}
    columns = {symbol: number for number, symbol in enumerate(symbols)}
    return Fills(
        day=np.array([rows[fill.filled_at.date()] for fill in fills], dtype=np.int64),
        symbol=np.array([columns[fill.symbol] for fill in fills], dtype=np.int64),
        shares=np.array([float(fill.signed_quantity) for fill in fills], dtype=np.float64),
        price=np.array([float(fill.price) for fill in fills], dtype=np.float64),
        commission=np.array([float(fill.commission) for fill in fills], dtype=np.float64),
        leg=tuple(str(legs[fill.client_order_id]) for fill in fills),
    )


def refusals_of(books: Books, unpaid: Collection[str]) -> tuple[Refusal, ...]:
    """What was wanted and not ordered, and what was ordered and not filled, in the order of the log.

    `unpaid` are the orders that the account could not pay for when they were to fill. What still waits is told last.
    """
    orders = {order.request.client_order_id: order for order in books.orders}
    found = (_refused(stored.event, orders, unpaid) for stored in books.events)
    return (*(one for one in found if one is not None), *_waiting(books))


def decisions_of(books: Books) -> int:
    """How often it was decided about a symbol, no included."""
    return sum(stored.event.type in DECISIONS for stored in books.events)


def notes_of(books: Books) -> tuple[str, ...]:
    """What stopped the desk and what let it go on."""
    return tuple(
        f"{event.occurred_at:%Y-%m-%d}: {event.data.get('state')}, {event.data.get('reason')}"
        for event in (stored.event for stored in books.events)
        if event.type in _STATES
    )


def failed_of(books: Books) -> tuple[Caution, ...]:
    """How many cycles failed, and what the first of them said."""
    found = [stored.event for stored in books.events if stored.event.type is EventType.CYCLE_FAILED]
    if not found:
        return ()
    many = "1 cycle failed, that" if len(found) == 1 else f"{len(found)} cycles failed, the first"
    reason = f"{many} of {found[0].occurred_at.date()}: {found[0].data['reason']}"
    return (Caution(code=CYCLE_FAILED, reason=reason),)


def halted_of(days: Sequence[date], closes: Sequence[Close]) -> tuple[Caution, ...]:
    """On how many days the desk stood still, and whether it still does: a return over them is not the strategy's."""
    still = [on for on, close in zip(days, closes, strict=True) if close.state is not TradingState.ACTIVE]
    if not still:
        return ()
    words = f"the desk was halted at the close of {len(still)} of {len(closes)} days, {still[0]} to {still[-1]}"
    at_last = ", and still is at the end" if still[-1] == days[-1] else ""
    return (Caution(code="halted", reason=words + at_last),)


def cautions_of(books: Books, findings: Iterable[Finding]) -> tuple[Caution, ...]:
    """Symbols that a cycle could not look at, agents without an answer, books found wrong, findings of the audit."""
    events = [stored.event for stored in books.events]
    return (
        *_dropped(event for event in events if event.type is EventType.SYMBOL_DROPPED),
        *_silent(events),
        *_differences(event for event in events if event.type is EventType.DIFFERENCE_FOUND),
        *(Caution(code="audit", reason=f"{one.invariant} {one.about}: {one.found}") for one in findings),
    )


def _waiting(books: Books) -> Iterator[Refusal]:
    for order in books.portfolio.open_orders:
        request = order.request
        if request.leg not in PROTECTIVE:
            yield Refusal(
                decided_on=request.as_of.date(),
                symbol=request.symbol,
                shares=float(order.leaves),
                code=NO_BAR,
                reason="no bar came after the decision that could have filled it",
            )


def untraded(panel: Panel, plan: Plan, days: Sequence[Day]) -> tuple[Caution, ...]:
    """Days of the plan on which there are bars and no session: nothing is done on them."""
    first, last = np.datetime64(plan.from_on, "D"), np.datetime64(plan.to_on, "D")
    within = panel.days[(panel.days >= first) & (panel.days <= last)]
    left = sorted({day.item() for day in within} - {day.on for day in days})
    if not left:
        return ()
    reason = f"{len(left)} days with bars are no sessions of the exchange, and left out: {left[0]} to {left[-1]}"
    return (Caution(code="no_session", reason=reason),)


def _refused(event: Event, orders: Mapping[str, Order], unpaid: Collection[str]) -> Refusal | None:
    data = event.data
    if event.type is EventType.CONSTRAINT_APPLIED and data["denied"]:
        return _refusal(event, data["before"], str(data["limit"]), str(data["reason"]))
    if event.type is EventType.ORDER_DENIED:
        breaches: Any = data["breaches"]
        reason = "; ".join(breach["reason"] for breach in breaches)
        return _refusal(event, data["quantity"], breaches[0]["code"], reason)
    if event.type not in _ENDED or Leg(str(data["leg"])) in PROTECTIVE:
        return None
    order = orders[str(data["client_order_id"])]
    left = order.request.quantity - order.filled_quantity
    reason = str(data.get("reason") or "its session was over")
    code = EXCEEDS_CASH if order.request.client_order_id in unpaid else _ENDED[event.type]
    return _refusal(event, left, code, reason, order.request.as_of.date()) if left else None


def _refusal(event: Event, shares: object, code: str, reason: str, day: date | None = None) -> Refusal:
    return Refusal(
        decided_on=day or event.occurred_at.date(),
        symbol=str(event.data["symbol"]),
        shares=float(Decimal(str(shares))),
        code=code,
        reason=reason,
    )


def _dropped(events: Iterable[Event]) -> Iterator[Caution]:
    """One caution a symbol and cause, with the first and the last of its days."""
    seen: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        seen.setdefault((str(event.data["symbol"]), str(event.data["code"])), []).append(event)
    for (symbol, code), found in seen.items():
        days = f"{found[0].occurred_at.date()} to {found[-1].occurred_at.date()}"
        reason = f"not looked at on {len(found)} days, {days}: {found[0].data['reason']}"
        yield Caution(code=code, symbol=symbol, reason=reason)


def _silent(events: Sequence[Event]) -> Iterator[Caution]:
    """One caution an agent, with how much of what he was asked he answered: nothing is traded on the rest."""
    for agent, spoken in _SPOKEN.items():
        silences = [one for one in events if one.type is EventType.AGENT_ABSTAINED and one.data["agent"] == agent]
        if not silences:
            continue
        # RiskManager and MetaAgent are asked once for all symbols of a cycle.
        answers = {
            _asked(one, agent) for one in events if one.type is spoken and one.data.get("speaker", agent) == agent
        }
        many, first = len(silences), silences[0]
        words = f"{agent} gave no usable answer to {many:,} of {many + len(answers):,} questions"
        if many > len(answers):
            words += ": this is what silence would have brought, more than the agents"
        reason = f"{words}; the first on {first.occurred_at.date()}: {first.data['reason']}"
        yield Caution(code="abstained", reason=reason[:_LONGEST])


def _asked(event: Event, agent: Agent) -> tuple[str, object, object]:
    return event.aggregate_id, event.data.get("word"), event.data["symbol"] if agent in _EACH else None


def _differences(events: Iterable[Event]) -> Iterator[Caution]:
    for event in events:
        if not event.data["explained"]:
            words = f"{event.data['case']} {event.data['about']}: {event.data['words']}"
            yield Caution(code="books_differ", reason=f"{event.occurred_at.date()}: {words}")
