"""A cycle trades on books that were held against the broker's account, and holds them against it again at its end."""

from __future__ import annotations

import pytest

from tests.fakes.steps import FakeSteps, ordered
from tests.making import AT, CYCLE, DESK, TRACE, after, cycle, signal
from trading.audit import Finding
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.differences import Case, Difference
from trading.docket import CycleOutcome
from trading.events import EventType as E
from trading.reconciling import Reconciled, ReconciliationAsked
from trading.steps import Skip

CASH = Difference(case=Case.CASH_OFF, about="cash", ours="100", theirs="90", words="10.00 USD are missing")
STRANGER = Difference(case=Case.EXTERNAL_ORDER, about="x-1", ours="none", theirs="buy 1", words="somebody's order")
WORDS = "the books differ from the broker's account: cash_off cash: 10.00 USD are missing"


def asking() -> FakeSteps:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL")}
    return steps


def steps_of(steps: FakeSteps) -> list[str]:
    return [name for name, _ in steps.calls]


async def test_the_books_are_held_against_the_account_before_any_question_and_once_more_before_the_audit() -> None:
    steps = asking()
    await run_cycle(steps, cycle("AAPL"))
    assert steps_of(steps)[:4] == ["record", "open", "reconcile", "snapshot"]
    assert steps_of(steps)[-3:] == ["record", "reconcile", "audit"]
    about = {"desk_id": DESK, "trace_id": TRACE, "as_of": after(0), "cycle_id": CYCLE}
    names = [f"{CYCLE}-before", f"{CYCLE}-after"]
    assert steps.asked("reconcile") == [
        ReconciliationAsked.model_validate({**about, "reconciliation_id": name}) for name in names
    ]
    assert after(0) == AT


async def test_an_obstacle_skips_the_cycle_before_any_question_and_says_which() -> None:
    steps = asking()
    steps.reconciled = Reconciled(differences=(CASH,), state=TradingState.HALTED)
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.reason) == (CycleOutcome.SKIPPED, WORDS)
    assert steps_of(steps) == ["record", "open", "reconcile", "record", "reconcile", "audit"]
    assert steps.recorded == [[E.CYCLE_STARTED], [E.CYCLE_SKIPPED]]
    assert report.findings == ()


@pytest.mark.parametrize("state", [TradingState.REDUCING, None])
async def test_what_does_not_halt_the_desk_lets_the_cycle_go_on(state: TradingState | None) -> None:
    steps = asking()
    steps.reconciled = Reconciled(differences=(STRANGER,), state=state)
    report = await run_cycle(steps, cycle("AAPL"))
    assert report.outcome is CycleOutcome.TRADED
    assert len(ordered(steps)) == 1


@pytest.mark.parametrize(("code", "looks"), [("halted", 2), ("market_closed", 1), ("before_the_books", 1)])
async def test_stops_and_targets_meet_the_prices_while_halted(code: str, looks: int) -> None:
    steps = asking()
    steps.skip = Skip(code=code, reason="no")
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.reason) == (CycleOutcome.SKIPPED, "no")
    assert len(steps.asked("reconcile")) == looks


async def test_a_halted_desk_is_skipped_for_its_halt_whatever_the_look_found() -> None:
    steps = asking()
    steps.skip = Skip(code="halted", reason="the desk is HALTED")
    steps.reconciled = Reconciled(differences=(CASH,), state=TradingState.HALTED)
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.reason) == (CycleOutcome.SKIPPED, "the desk is HALTED")


async def test_a_look_that_cannot_be_taken_fails_the_cycle_and_is_no_audit_either() -> None:
    steps = asking()
    steps.failing = {"reconcile"}
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.reason) == (CycleOutcome.FAILED, "planned: reconcile")
    assert report.findings == (Finding(invariant="audit", about=CYCLE, found="not done: planned: reconcile"),)
    assert steps_of(steps) == ["record", "open", "reconcile", "record", "reconcile"]
    assert steps.recorded[-1] == [E.CYCLE_FAILED]


async def test_a_cycle_that_never_opened_is_not_held_against_the_account() -> None:
    steps = asking()
    steps.failing = {"open"}
    report = await run_cycle(steps, cycle("AAPL"))
    assert report.outcome is CycleOutcome.FAILED
    assert steps.asked("reconcile") == []
