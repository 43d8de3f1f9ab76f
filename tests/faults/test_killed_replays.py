"""Kill -9 in the midst of a replay: it ends by itself, asks nothing twice that was answered, and writes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from activities.gate import GateRules
from adapters.postgres.engine import transaction
from tests.faults.doom import Death
from tests.faults.doomed import Life, live
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import BOUGHT, asked, at_rest, ended, tell, wrongs
from tests.rig import request
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.docket import CycleOutcome
from trading.whatif import Otherwise, ReplayAsked, Replayed
from workflows import policies
from workflows.replay import Replay

DESK = "main"
OTHERS = (Agent.DATA, Agent.VALIDATOR, Agent.META)
QUICK = (Death("ask_validator", "after"), Death("load_past", "returned"))
DEATHS = (
    *(Death("ask_data", moment, call) for moment in ("before", "after", "returned") for call in (1, 2)),
    *(Death("ask_validator", moment, call) for moment in ("before", "after", "returned") for call in (1, 2)),
    *(Death("ask_meta", moment) for moment in ("before", "after", "returned")),
    *(Death(step, moment) for step in ("load_past", "sum_up_replay") for moment in ("before", "after", "returned")),
    Death("Replay", "task"),
)
PAID = text(
    "SELECT count(*), count(DISTINCT call_id), count(*) FILTER (WHERE state = 'settled'), min(strategy_id)"
    " FROM model_spend WHERE cycle_id = :replay_id"
)
TABLES = ("events", "orders", "fills", "shadow_trades", "memories", "cycle_grounds")
WRITTEN = text(f"SELECT {', '.join(f'(SELECT count(*) FROM {name})' for name in TABLES)}")  # noqa: S608  our own words


def remember(life: Life) -> None:
    """Serve a desk that keeps what it decides from."""
    live(replace(life, gate=GateRules(remembers=True)))


async def decide_again(lane: Lane, cycle_id: str, number: int) -> Replayed:
    """One replay in words that nobody was asked in before, to its end, however often its worker dies."""
    words = {
        one: Prompt(agent=one, version=f"other-{number}", system="Think.", task=f"Think {number}.") for one in OTHERS
    }
    wish = ReplayAsked(
        replay_id=f"replay/{number}",
        desk_id=DESK,
        cycle_id=cycle_id,
        otherwise=Otherwise(prompts=words),
        most_usd=Decimal(1000),
    )
    return await lane.client.execute_workflow(
        Replay.run, wish, id=wish.replay_id, task_queue=policies.DESK_QUEUE, task_timeout=policies.TASK
    )


async def written(lane: Lane) -> list[int]:
    async with transaction(lane.engine) as connection:
        return [*(await connection.execute(WRITTEN)).one()]


async def suffer(lane: Lane, cycle_id: str, number: int, death: Death) -> list[str]:
    """What is wrong after one death."""
    lane.lives.trace.clear()
    if not lane.lives.is_alive:
        await lane.lives.begin()
    before = await written(lane)
    lane.lives.arm(death)
    deciding = asyncio.create_task(decide_again(lane, cycle_id, number))
    await lane.lives.end()
    await lane.lives.begin()
    replayed = await deciding
    found = [f"asked again: {words}" for _, words in lane.lives.trace.of("asked-again")]
    if replayed.because or replayed.changed or {line.symbol for line in replayed.now} != set(BOUGHT):
        found.append(f"ended with {replayed.because!r}, changed {replayed.changed}, of {len(replayed.now)} symbols")
    async with transaction(lane.engine) as connection:
        tries, calls, settled, whose = (await connection.execute(PAID, {"replay_id": f"replay/{number}"})).one()
    tell(f"{death}: {calls} calls in {tries} tries")
    # A signal each, one question to the Validator a candidate, one to the MetaAgent.
    if (calls, settled, len(replayed.paid.call_ids), whose) != (5, 5, 5, "starter/replay"):
        found.append(f"{calls} calls and {settled} settled by {whose}, {len(replayed.paid.call_ids)} told")
    if await written(lane) != before:
        found.append("something was written")
    return [f"{death}: {wrong}" for wrong in found]


async def outlives(ground: Ground, deaths: tuple[Death, ...]) -> list[str]:
    """What is wrong after all these deaths of a worker whose desk has traded once."""
    async with ground.lane("lane-1", body=remember) as lane:
        await lane.lives.begin()
        report = await ended(lane.client, await asked(lane.client, request(*BOUGHT), DESK))
        await at_rest(lane.client, DESK)
        assert report.outcome is CycleOutcome.TRADED, report.reason
        each = [await suffer(lane, report.cycle_id, number, death) for number, death in enumerate(deaths, start=1)]
        return [wrong for wrongs_ in each for wrong in wrongs_] + await wrongs(lane.ports, DESK)


@pytest.mark.faults
async def test_a_replay_outlives_its_worker(ground: Ground) -> None:
    assert await outlives(ground, QUICK) == []


@pytest.mark.faults
async def test_a_replay_outlives_its_worker_wherever_it_dies(ground: Ground) -> None:
    assert await outlives(ground, DEATHS) == []
