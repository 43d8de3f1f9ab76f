"""The audit log's words for a cycle's steps. An `event_id` follows from the cycle, the type and the symbol."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trading.agents.questions import Agent
from trading.approvals import ApprovalMode
from trading.events import Event, EventType
from trading.limits import Limit
from trading.market import Dropped, SnapshotSummary
from trading.memory import Precedents
from trading.money import MOST_TEXT, ZERO, Record
from trading.proposals import Constraint, Proposal
from trading.shadow import MARK
from trading.signals import Abstention, Argument, Decision, RiskAssessment, Signal, Validation, Verdict
from trading.steps import Cycle, LessonHeard, Opening, Source
from trading.wanted import OperatorTrade


def cycle_event(cycle: Cycle, kind: EventType, at: datetime, data: dict[str, Any], key: str = "") -> Event:
    """One event of a cycle, and so of its strategy; `key` tells apart events of the same type."""
    return Event(
        event_id=f"{cycle.cycle_id}/{kind}" + (f"/{key}" if key else ""),
        desk_id=cycle.desk_id,
        aggregate_id=cycle.cycle_id,
        type=kind,
        trace_id=cycle.trace_id,
        occurred_at=at,
        data={**data, "strategy_id": cycle.request.strategy_id},
    )


def in_shadow(event: Event) -> Event:
    """The event, saying that its cycle only thinks."""
    return event.model_copy(update={"data": {**event.data, MARK: True}})


def started(cycle: Cycle, at: datetime) -> Event:
    """The cycle began."""
    data = cycle.request.model_dump(mode="json", exclude={"trace_id"})
    return cycle_event(cycle, EventType.CYCLE_STARTED, at, data)


def snapshot_taken(cycle: Cycle, opening: Opening, snapshot: SnapshotSummary, at: datetime) -> list[Event]:
    """The market was looked at; one event more for each symbol left out."""
    taken = {
        **snapshot.model_dump(mode="json", include={"provider", "adjustment", "as_of", "synthetic"}),
        "snapshot": snapshot.snapshot_id,
        "in_session": opening.in_session,
        "prices": {p.instrument.symbol: f"{p.quote.mark:f}" for p in snapshot.symbols},
        **({"fallback": snapshot.fallback} if snapshot.fallback else {}),
        # For the audit: what an entry of this cycle had to wait for.
        **({"approval": _dump(opening.approval)} if opening.approval.mode is not ApprovalMode.AUTO else {}),
    }
    return [
        cycle_event(cycle, EventType.SNAPSHOT_TAKEN, at, taken),
        *(symbol_dropped(cycle, dropped, at) for dropped in snapshot.dropped),
    ]


def symbol_dropped(cycle: Cycle, dropped: Dropped, at: datetime) -> Event:
    """A symbol's data cannot be trusted."""
    return cycle_event(cycle, EventType.SYMBOL_DROPPED, at, _dump(dropped), dropped.symbol)


def signal_generated(cycle: Cycle, signal: Signal, source: Source | None, at: datetime) -> Event:
    """The DataAgent said something of a symbol, `hold` included."""
    return cycle_event(cycle, EventType.SIGNAL_GENERATED, at, {**_dump(signal), **_source(source)}, signal.symbol)


def signal_by_rule(cycle: Cycle, signal: Signal, rule: str, at: datetime) -> Event:
    """A rule said something of a symbol."""
    return cycle_event(cycle, EventType.SIGNAL_GENERATED, at, {**_dump(signal), "rule": rule}, signal.symbol)


def signal_by_operator(cycle: Cycle, trade: OperatorTrade, at: datetime) -> Event:
    """A person proposed a trade."""
    data = {**_dump(trade.signal), "operator": trade.by}
    return cycle_event(cycle, EventType.SIGNAL_GENERATED, at, data, trade.symbol)


def agent_abstained(cycle: Cycle, agent: str, abstention: Abstention, source: Source | None, at: datetime) -> Event:
    """An agent gave no usable answer."""
    key = f"{agent}/{abstention.symbol}" if abstention.symbol else agent
    data = {"agent": agent, **_dump(abstention), **_source(source)}
    return cycle_event(cycle, EventType.AGENT_ABSTAINED, at, data, key)


def constraint_applied(cycle: Cycle, symbol: str, constraint: Constraint, reason: str, at: datetime) -> Event:
    """A hard limit made a quantity smaller, or nothing."""
    data = {"symbol": symbol, **_dump(constraint), "denied": constraint.after == 0, "reason": reason}
    return cycle_event(cycle, EventType.CONSTRAINT_APPLIED, at, data, symbol)


def left_out(cycle: Cycle, proposal: Proposal, limit: Limit, reason: str, at: datetime) -> Event:
    """A proposal that the limits of size let pass is left out all the same."""
    nothing = Constraint(limit=limit, before=proposal.quantity, after=ZERO)
    data = {"symbol": proposal.symbol, **_dump(nothing), "denied": True, "reason": reason}
    return cycle_event(cycle, EventType.CONSTRAINT_APPLIED, at, data, f"{proposal.symbol}/{limit}")


def denied_by_precedent(cycle: Cycle, proposal: Proposal, precedents: Precedents, at: datetime) -> Event:
    """An entry is left out: setups like it have failed so often, and these are their memories."""
    failed = Constraint(limit=Limit.PRECEDENT, before=proposal.quantity, after=ZERO)
    known = {"symbol": proposal.symbol, "memory_ids": list(precedents.failed), "reason": precedents.because}
    data = {**known, **_dump(failed), "denied": True}
    return cycle_event(cycle, EventType.CONSTRAINT_APPLIED, at, data, f"{proposal.symbol}/{failed.limit}")


def memory_away(cycle: Cycle, step: str, reason: str, at: datetime) -> Event:
    """The desk's memory could not be read or written: the cycle goes on as if it remembered nothing."""
    return cycle_event(cycle, EventType.MEMORY_AWAY, at, {"step": step, "reason": reason[:MOST_TEXT]}, step)


def lesson_heard(cycle: Cycle, memory_id: str, heard: LessonHeard, at: datetime) -> Event:
    """What a resolved memory teaches, or that the Reflector would not say."""
    known = {"memory_id": memory_id, **_source(heard.source)}
    if isinstance(heard.answer, Abstention):
        data = {"agent": Agent.REFLECTOR.value, **_dump(heard.answer), **known}
        return cycle_event(cycle, EventType.AGENT_ABSTAINED, at, data, f"{Agent.REFLECTOR}/{memory_id}")
    data = {"lesson": heard.answer, **known}
    return cycle_event(cycle, EventType.LESSON_LEARNED, at, data, memory_id)


def risk_assessed(cycle: Cycle, assessment: RiskAssessment, source: Source | None, at: datetime) -> Event:
    """The RiskManager's word; `quantity` is what may go on, in shares."""
    data = _dump(assessment)
    data["quantity"] = data.pop("adjusted_quantity") if assessment.approved else "0"
    return cycle_event(cycle, EventType.RISK_ASSESSED, at, {**data, **_source(source)}, assessment.symbol)


def validation_complete(cycle: Cycle, validation: Validation, source: Source | None, at: datetime) -> Event:
    """The Validator's word."""
    data = {**_dump(validation), **_source(source)}
    return cycle_event(cycle, EventType.VALIDATION_COMPLETE, at, data, validation.symbol)


def argument_made(cycle: Cycle, argument: Argument, word: int, source: Source | None, at: datetime) -> Event:
    """Bull or Bear spoke of a candidate; `word` counts the words of its debate from 1."""
    data = {**_dump(argument), "word": word, **_source(source)}
    return cycle_event(cycle, EventType.ARGUMENT_MADE, at, data, f"{argument.symbol}/{word}")


def meta_agent_decision(cycle: Cycle, decision: Decision, source: Source | None, at: datetime) -> Event:
    """The MetaAgent's last word; `quantity` in shares, zero when it says no."""
    data = _dump(decision)
    data["quantity"] = data["quantity"] if decision.verdict is Verdict.EXECUTE else "0"
    return cycle_event(cycle, EventType.META_AGENT_DECISION, at, {**data, **_source(source)}, decision.symbol)


def rule_decision(cycle: Cycle, decision: Decision, rule: str, at: datetime) -> Event:
    """What is to be done of what a rule wants, within the limits; `quantity` in shares."""
    return cycle_event(cycle, EventType.RULE_DECISION, at, {**_dump(decision), "rule": rule}, decision.symbol)


def operator_decision(cycle: Cycle, decision: Decision, by: str, at: datetime) -> Event:
    """What is to be done of what a person proposed, within the limits; `quantity` in shares."""
    return cycle_event(cycle, EventType.OPERATOR_DECISION, at, {**_dump(decision), "operator": by}, decision.symbol)


def _dump(record: Record) -> dict[str, Any]:
    return record.model_dump(mode="json")


def _source(source: Source | None) -> dict[str, Any]:
    return {} if source is None else {"source": _dump(source)}
