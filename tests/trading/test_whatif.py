"""A past cycle decided again says the same, unless somebody or something is otherwise; and it can send nothing."""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.steps import FakeSteps
from tests.making import AT, cycle, signal, these
from tests.trading.telling import assess, decide, holding
from trading.agents.budget import Budget, Caps, Level, Strain
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.cycle import run_cycle
from trading.errors import Final
from trading.events import Event
from trading.limits import OwnLimits
from trading.reconciling import ReconciliationAsked
from trading.signals import Validation, Verdict
from trading.spoken import Line, lines
from trading.steps import (
    DecisionAsked,
    Grounds,
    MarkAsked,
    SignalAsked,
    SignalHeard,
    SnapshotAsked,
    Stage,
    ValidationAsked,
)
from trading.whatif import PAYER, Otherwise, ReplayAsked, Replayed, WhatIf, decide_again

WORDS = Prompt(agent=Agent.VALIDATOR, version="validator-9", system="Doubt.", task="Doubt this.")


async def decided(steps: FakeSteps) -> tuple[Grounds, tuple[Line, ...]]:
    """Run a cycle about two symbols: what it decided from, and what was said."""
    steps.signals = {"AAPL": signal("AAPL", stop="90"), "XOM": signal("XOM", quantity="1000")}
    asked = cycle("AAPL", "XOM")
    opening = await steps.open(asked)
    stage = Stage(cycle=asked, as_of=opening.as_of, in_session=True)
    snapshot = await steps.snapshot(SnapshotAsked(stage=stage, symbols=("AAPL", "XOM")))
    marked = await steps.mark(MarkAsked(stage=stage, snapshot_id=snapshot.snapshot_id))
    grounds = Grounds(
        cycle=asked,
        opening=opening,
        snapshot=snapshot,
        marked=marked,
        breaker=await steps.judge(stage),
        shadow=steps.shadow,
    )
    await run_cycle(steps, asked)
    ours = [event for event in steps.desk.events.values() if event.aggregate_id == asked.cycle_id]
    return grounds, lines(ours)


def asked(**otherwise: Any) -> ReplayAsked:
    wish = Otherwise.model_validate(otherwise)
    return ReplayAsked(replay_id="replay/1", desk_id="paper", cycle_id="c", otherwise=wish, most_usd=Decimal(1))


def line(found: tuple[Line, ...], symbol: str) -> Line:
    return next(one for one in found if one.symbol == symbol)


async def test_decided_from_the_same_by_the_same_it_is_the_same() -> None:
    steps = FakeSteps()
    grounds, then = await decided(steps)
    assert {one.symbol: one.decision for one in then} == {"AAPL": ("buy", 10), "XOM": ("buy", Decimal(500))}
    assert await decide_again(grounds, asked(), steps) == then


async def test_what_the_books_are_by_now_plays_no_part() -> None:
    steps = FakeSteps()
    grounds, then = await decided(steps)
    later = await holding(XOM="20")
    later.signals, later.prices = steps.signals, {"AAPL": ("500", "Technology"), "XOM": ("1", "Energy")}
    assert await decide_again(grounds, asked(), later) == then


async def test_another_word_changes_the_decision_and_says_where() -> None:
    steps = FakeSteps()
    grounds, then = await decided(steps)
    steps.validation = {"AAPL": Validation(symbol="AAPL", approved=False, confidence=0.2, reasoning="thin")}
    steps.risk = {"XOM": assess("XOM", "50")}
    now = await decide_again(grounds, asked(), steps)
    replayed = Replayed(then=then, now=now, cycle_id="c", strategy_id="agents", as_of=AT)
    assert replayed.changed == ("AAPL", "XOM")
    word = line(now, "AAPL").by(Agent.VALIDATOR)
    assert word is not None
    assert these(word.says, word.why) == these("no, 0.20", "thin")
    assert these(line(now, "AAPL").decided, line(now, "XOM").decided) == these(0, 50)


async def test_tighter_limits_hold_and_looser_ones_cannot_be_asked_for_here() -> None:
    steps = FakeSteps()
    grounds, _ = await decided(steps)
    now = await decide_again(grounds, asked(limits=OwnLimits(max_position=Decimal("0.02"))), steps)
    assert line(now, "XOM").decided == 50
    barred = await decide_again(grounds, asked(limits=OwnLimits(restricted_symbols=("XOM",))), steps)
    assert line(barred, "XOM").decided == 0


async def test_each_question_says_who_pays_and_on_whose_words() -> None:
    steps = FakeSteps()
    grounds, _ = await decided(steps)
    steps.calls.clear()
    await decide_again(grounds, asked(models={Agent.META: "m-9"}, prompts={Agent.VALIDATOR: WORDS}), steps)
    (said,) = [one for one in steps.asked("ask_validator") if isinstance(one, ValidationAsked)][:1]
    assert these(said.cycle.cycle_id, said.cycle.request.strategy_id) == these("replay/1", PAYER)
    assert these(said.terms.words, said.terms.most_usd, said.terms.model) == these(WORDS, 1, "")
    (last,) = (one for one in steps.asked("ask_meta") if isinstance(one, DecisionAsked))
    assert these(last.terms.model, last.terms.words) == these("m-9", None)
    assert "record" not in [name for name, _ in steps.calls]


class Poor(FakeSteps):
    """Agents in whose place others answer, as the dollars are gone."""

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        heard = await super().ask_data(asked)
        return heard.model_copy(update={"strain": Strain(level=Level.CLOSED, reason="1 of 1 dollars this cycle")})


async def test_who_answers_for_want_of_dollars_is_not_heard() -> None:
    steps = Poor()
    grounds, _ = await decided(FakeSteps())
    steps.signals = {"AAPL": signal("AAPL")}
    with pytest.raises(Final, match=r"used up .*1 of 1 dollars"):
        await decide_again(grounds, asked(), steps)


async def test_nothing_that_leaves_a_trace_can_be_asked_of_a_replay() -> None:
    steps = FakeSteps()
    grounds, _ = await decided(steps)
    again: Any = WhatIf(grounds, asked(), steps)
    for step in ("approve", "inquire", "think", "intend", "execute", "reflect"):
        with pytest.raises(Final, match="a replay has no"):
            await getattr(again, step)(None)
    before = dict(steps.desk.events), dict(steps.desk.orders)
    await decide_again(grounds, asked(), steps)
    assert (steps.desk.events, steps.desk.orders) == before


async def test_every_other_step_is_what_it_was() -> None:
    steps = FakeSteps()
    grounds, _ = await decided(steps)
    again = WhatIf(grounds, asked(), steps)
    look = ReconciliationAsked(desk_id="paper", reconciliation_id="r", trace_id="t", as_of=AT, cycle_id="c")
    assert (await again.reconcile(look)).obstacle == ""
    assert await again.audit(grounds.cycle) == ()
    asynchronous = {name for name, _ in inspect.getmembers(WhatIf, inspect.iscoroutinefunction)}
    assert {"recall", "remember", "resolve", "argue", "ask_meta"} <= asynchronous


def test_the_desk_keeps_what_its_models_need_and_nobody_answers_for_another() -> None:
    desks = Budget(cycle=Caps(usd=Decimal(2), calls=10), day=Caps(usd=Decimal(50), calls=101), strategy=Caps(calls=1))
    beside = desks.beside(Caps(usd=Decimal("0.5")))
    assert these(beside.cycle, beside.strategy) == these(Caps(usd=Decimal("0.5")), Caps())
    assert these(beside.day.usd, beside.day.calls, beside.month.usd) == these(40, 80, None)
    assert these(beside.fallback_at, beside.skip_at) == these(1, 1)


async def test_lines_say_what_was_done_without_an_agent_too() -> None:
    """A batch nobody answered for, a symbol that code cut to nothing, a decision not to execute."""
    steps = FakeSteps()
    steps.decision = {"AAPL": decide("AAPL", "10", Verdict.DO_NOT_EXECUTE)}
    _, then = await decided(steps)
    assert line(then, "AAPL").decision == ("", Decimal(0))
    cut = line(then, "XOM").by("limits")
    assert cut is not None
    assert cut.says.startswith("1000 to 500: ")


def test_events_of_no_symbol_and_of_no_interest_make_no_line() -> None:
    assert lines([event_of_nothing()]) == ()


def event_of_nothing() -> Event:
    fields = {"event_id": "e-1", "desk_id": "paper", "aggregate_id": "c-1", "trace_id": "t", "occurred_at": AT}
    return Event.model_validate({**fields, "type": "CycleStarted", "data": {}})
