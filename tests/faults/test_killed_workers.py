"""Kill -9 of the worker: at every step of a cycle, at random, and without the locks that make it harmless."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from tests.faults.conftest import LANES
from tests.faults.doom import Death, Moment
from tests.faults.lanes import Ground, Outcome, suffer_all
from tests.faults.load import under_load
from tests.faults.proving import shown, tell

ONCE = ("open_desk", "open_cycle", "take_snapshot", "ask_risk", "ask_meta", "audit_desk", "judge")
TWICE = ("compare", "conclude", "mark")
EACH_SYMBOL = ("ask_data", "ask_validator", "inquire", "intend", "submit_order")
MOMENTS: tuple[Moment, ...] = ("before", "after", "returned")
WORKFLOWS = ("TradingDesk", "TradingCycle", "OrderExecution", "Reconciliation")
SEED = 20261122

QUICK = (
    Death("ask_data", "after", 1),
    Death("intend", "after"),
    Death("submit_order", "after", 2),
)
ASKED = Death("ask_data", "after", 2)


def everywhere(times: int) -> list[Death]:
    """Every activity of a traded cycle, at every moment, so often; those called often, each time at another call."""
    deaths = [Death(step, moment) for step in ONCE for moment in MOMENTS for _ in range(times)]
    often = TWICE + EACH_SYMBOL
    deaths += [Death(step, moment, 1 + n % 2) for step in often for moment in MOMENTS for n in range(times)]
    deaths += [Death("record", moment, 1 + 2 * n) for moment in MOMENTS for n in range(times)]
    return deaths + [Death(name, "task") for name in WORKFLOWS for _ in range(times)]


def told(title: str, outcomes: list[Outcome]) -> None:
    found = sum(bool(outcome.wrongs) for outcome in outcomes)
    again = sum(outcome.asked_while_in_flight for outcome in outcomes)
    tasks = [o.seconds for o in outcomes if o.death.moment in {"returned", "task"}]
    others = [o.seconds for o in outcomes if o.death.moment not in {"returned", "task"}]
    tell(
        f"{title}: {len(outcomes)} kills, {found} with something wrong, {again} questions in flight asked anew\n"
        f"  to the end after the worker is back: killed in an activity {shown(others)}; in a task {shown(tasks)}"
    )


@pytest.mark.faults
async def test_a_worker_killed_at_a_chosen_step_changes_nothing(ground: Ground) -> None:
    outcomes = await suffer_all(ground, QUICK, lanes=3)
    told("chosen steps", outcomes)
    assert [wrong for outcome in outcomes for wrong in outcome.wrongs] == []


@pytest.mark.faults
@pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.soak)])
async def test_a_worker_killed_at_any_step_changes_nothing(ground: Ground, times: int) -> None:
    outcomes = await suffer_all(ground, everywhere(times), lanes=LANES)
    told("every step", outcomes)
    assert [wrong for outcome in outcomes for wrong in outcome.wrongs] == []
    assert len(outcomes) >= 42 * times


@pytest.mark.faults
@pytest.mark.parametrize("times", [10, pytest.param(60, marks=pytest.mark.soak)])
async def test_a_worker_killed_at_random_changes_nothing(ground: Ground, times: int) -> None:
    chance = Random(SEED)
    async with ground.lane("lane-1") as lane:
        async with under_load(lane.client, streams=6) as load:
            # So short a life may starve a step of its tries: a cycle may then fail, which is safe, and is told.
            for _ in range(times):
                await lane.lives.begin()
                await asyncio.sleep(chance.uniform(0.1, 1.2))
                await lane.lives.kill()
            back_at = await lane.lives.begin()
        again = lane.lives.trace.of("asked-again")
        load.told(f"seed {SEED}: {lane.lives.deaths} random kills", since=back_at)
        assert [*await load.wrongs(lane.ports), *again] == []


@pytest.mark.faults
@pytest.mark.parametrize("times", [4, pytest.param(30, marks=pytest.mark.soak)])
async def test_a_worker_that_is_asked_to_end_brings_its_order_home(ground: Ground, times: int) -> None:
    deaths = [Death("submit_order", "held", 1 + n % 2) for n in range(times)]
    outcomes = await suffer_all(ground, deaths, lanes=LANES)
    told("asked to end", outcomes)
    assert [wrong for outcome in outcomes for wrong in outcome.wrongs] == []


@pytest.mark.faults
async def test_without_its_locks_the_same_deaths_double_effects(ground: Ground) -> None:
    orders = [Death("submit_order", "after", n) for n in (1, 2)]
    events = [Death("record", "after", n) for n in (1, 3)]
    outcomes = await suffer_all(ground, [*orders, *events, ASKED], lanes=LANES, reckless=True)
    told("control without locks", outcomes)
    found = {outcome.death: "\n".join(outcome.wrongs) for outcome in outcomes}
    assert [death for death in (*orders, *events) if "is there 2 times" not in found[death]] == []
    assert [death for death in orders if "I2 " not in found[death]] == []
    assert "I10 " in found[events[0]]
    assert "asked again" in found[ASKED]
