"""A cycle and the desk's memory: what is recalled, denied and kept, and that no exit waits for any of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.desk import FakeDesk
from tests.fakes.steps import FakeSteps, ordered
from tests.making import DESK, cycle, signal
from tests.trading.remembered import recalled
from trading.agents.questions import Agent
from trading.cycle import run_cycle
from trading.docket import CycleOutcome
from trading.events import Event, EventType
from trading.instruments import Side
from trading.memory import Course, Precedents, Setup
from trading.money import ZERO
from trading.signals import NOT_ASKED, Abstention, Validation
from trading.steps import RecallAsked, Recollection, RememberAsked, Resolved, ValidationAsked

FAILED = Precedents(
    symbol="AAPL", side=Side.BUY, losses=(recalled("m-9", 0.2),), failed=("m-9", "m-8", "m-7"), because="too often"
)


def steps(*symbols: str, desk: FakeDesk | None = None, **known: Any) -> FakeSteps:
    """A desk that remembers, and an agent who buys these."""
    made = FakeSteps(desk)
    made.remembers = made.heeds = made.pending = True
    made.signals = {symbol: signal(symbol, "buy", weight="0.1") for symbol in symbols}
    for name, value in known.items():
        setattr(made, name, value)
    return made


def events(made: FakeSteps, kind: EventType) -> list[Event]:
    return [one for one in made.desk.events.values() if one.type is kind]


def kept(made: FakeSteps) -> dict[str, Setup]:
    [asked] = made.asked("remember")
    assert isinstance(asked, RememberAsked)
    return {one.symbol: one for one in asked.setups}


def names(made: FakeSteps) -> list[str]:
    return [name for name, _ in made.calls]


async def test_what_has_failed_too_often_is_denied_by_its_memories_and_remembered_all_the_same() -> None:
    made = steps("AAPL", "MSFT", recollection=Recollection(precedents=(FAILED,)))
    report = await run_cycle(made, cycle("AAPL", "MSFT"))
    assert report.findings == ()
    assert [symbol for _, symbol, _ in ordered(made)] == ["MSFT"]
    [denied] = events(made, EventType.CONSTRAINT_APPLIED)
    told = {name: denied.data[name] for name in ("symbol", "limit", "memory_ids", "denied", "after", "reason")}
    assert told == {
        "symbol": "AAPL",
        "limit": "precedent",
        "memory_ids": ["m-9", "m-8", "m-7"],
        "denied": True,
        "after": "0",
        "reason": "too often",
    }
    setups = kept(made)
    assert (setups["AAPL"].course, setups["AAPL"].decided, setups["AAPL"].order_id) == (Course.FORGONE, ZERO, None)
    assert [one.agent for one in setups["AAPL"].voices] == [Agent.DATA]
    sent = setups["MSFT"]
    assert (sent.course, sent.order_id) == (Course.TRADED, f"{DESK}/cycle-1-MSFT-buy-entry")
    assert sent.order_id == next(iter(made.desk.orders))


async def test_everybody_is_heard_with_what_he_let_pass() -> None:
    made = steps("AAPL", "MSFT")
    made.validation["MSFT"] = Validation(symbol="MSFT", approved=False, confidence=0.3)
    await run_cycle(made, cycle("AAPL", "MSFT"))
    said = {s: [(one.agent, one.approves, one.confidence) for one in of.voices] for s, of in kept(made).items()}
    assert said["AAPL"] == [
        (Agent.DATA, True, made.signals["AAPL"].confidence),  # type: ignore[union-attr]
        (Agent.RISK, True, 0.8),
        (Agent.VALIDATOR, True, 0.8),
        (Agent.META, True, None),
    ]
    assert said["MSFT"][-1] == (Agent.VALIDATOR, False, 0.3)
    assert kept(made)["MSFT"].course is Course.FORGONE


async def test_memory_comes_before_any_order_and_reflection_after_all() -> None:
    made = steps("AAPL", resolved=Resolved(memory_ids=("m-1", "m-2")))
    await run_cycle(made, cycle("AAPL"))
    order = names(made)
    asked = ("mark", "resolve", "ask_data", "recall", "ask_risk", "remember", "intend", "execute", "reflect")
    assert [order.index(name) for name in asked] == sorted(order.index(name) for name in asked)
    lessons = events(made, EventType.LESSON_LEARNED)
    assert [one.data["memory_id"] for one in lessons] == ["m-1", "m-2"]
    validated = made.asked("ask_validator")[0]
    assert isinstance(validated, ValidationAsked)
    assert validated.precedents is None


@pytest.mark.parametrize("step", ["resolve", "recall", "remember", "reflect"])
async def test_a_memory_that_is_away_keeps_nobody_from_trading_and_the_log_says_so(step: str) -> None:
    made = steps("AAPL", failing={step}, resolved=Resolved(memory_ids=("m-1",)))
    report = await run_cycle(made, cycle("AAPL"))
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    [away] = events(made, EventType.MEMORY_AWAY)
    assert (away.data["step"], away.data["reason"]) == (step, f"planned: {step}")


async def test_an_exit_is_never_denied() -> None:
    made = steps("AAPL")
    await run_cycle(made, cycle("AAPL"))
    again = steps("AAPL", desk=made.desk, recollection=Recollection(precedents=(FAILED,)))
    again.signals["AAPL"] = signal("AAPL", "sell")
    report = await run_cycle(again, cycle("AAPL", number=2))
    assert report.findings == ()
    assert [(side, symbol) for side, symbol, _ in ordered(again)] == [(Side.SELL, "AAPL")]


async def test_a_rule_is_held_to_what_failed_only_when_it_says_so() -> None:
    for heeds, sent in ((False, ["AAPL"]), (True, [])):
        made = steps("AAPL", heeds=heeds, recollection=Recollection(precedents=(FAILED,)))
        made.strategy = made.strategy.model_copy(update={"source": "sma-cross"})
        await run_cycle(made, cycle("AAPL"))
        assert [symbol for _, symbol, _ in ordered(made)] == sent
        assert bool(made.asked("recall")) is heeds
        assert kept(made)["AAPL"].voices == ()


async def test_agents_whose_owner_says_no_are_told_but_not_denied() -> None:
    made = steps("AAPL", heeds=False, recollection=Recollection(precedents=(FAILED,)))
    await run_cycle(made, cycle("AAPL"))
    assert [symbol for _, symbol, _ in ordered(made)] == ["AAPL"]
    validated = made.asked("ask_validator")[0]
    assert isinstance(validated, ValidationAsked)
    assert validated.precedents == FAILED


async def test_a_desk_without_memory_asks_it_for_nothing() -> None:
    made = steps("AAPL", remembers=False)
    await run_cycle(made, cycle("AAPL"))
    assert not {"resolve", "recall", "remember", "reflect"} & set(names(made))


async def test_a_cycle_of_nothing_but_holds_keeps_its_grounds() -> None:
    made = steps()
    await run_cycle(made, cycle("AAPL"))
    [asked] = made.asked("remember")
    assert isinstance(asked, RememberAsked)
    assert (asked.setups, asked.grounds.snapshot.snapshot_id) == ((), asked.snapshot_id)
    assert made.asked("recall") == []


async def test_that_nobody_was_asked_for_a_lesson_is_no_event() -> None:
    made = steps("AAPL", resolved=Resolved(memory_ids=("m-1",)))
    made.lesson = Abstention(cause=NOT_ASKED, reason="little is left")
    await run_cycle(made, cycle("AAPL"))
    assert events(made, EventType.LESSON_LEARNED) == events(made, EventType.AGENT_ABSTAINED) == []


async def test_the_proposals_that_are_recalled_are_those_the_limits_let_pass() -> None:
    made = steps("AAPL", "MSFT")
    await run_cycle(made, cycle("AAPL", "MSFT"))
    [asked] = made.asked("recall")
    assert isinstance(asked, RecallAsked)
    assert {one.symbol: one.quantity for one in asked.proposals} == {"AAPL": Decimal(100), "MSFT": Decimal(200)}
