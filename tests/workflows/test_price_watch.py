"""The watch as a workflow: prices seen by the clock make a desk look and trigger stops, and it is begun once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from console.routine import begin_routine
from tests.activities.ex_date import DESK, on_paper
from tests.clocks import WEEKDAYS
from tests.fakes import model
from tests.fakes.always_open import AlwaysOpen
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, desk_of, quiet, serving, until
from trading.agents.questions import Agent
from trading.docket import CycleOutcome
from trading.moves import Pace
from trading.price_watch import WatchRules
from workflows.price_watch import PriceWatch
from workflows.trading_desk import TradingDesk

RULES = WatchRules(confirm_quotes=2, pace=Pace(cool_down_minutes=60, most_a_day=10))


async def test_a_moved_price_makes_the_desk_look_and_a_stop_on_paper_is_met_between_cycles(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    desk = await on_paper(engine)
    await desk.buy("10", stop="90", target="150")
    ports = Ports.real(engine, sample_data).but(
        market=desk.market,
        broker=desk.broker,
        calendar=AlwaysOpen(),
        model=ScriptedModel({Agent.DATA: model.holds}),
    )
    ports.plan = ports.plan.model_copy(update={"rules": RULES, "poll_every": timedelta(milliseconds=100)})
    client = temporal.client

    def quoted(price: str) -> None:
        desk.market.quote("AAPL", price, price, datetime.now(UTC))

    async with serving(client, ports):
        for _ in range(2):
            await begin_routine(client, replace(WEEKDAYS, desk_id=DESK), listens=False, watches=True)

        async def looked() -> bool:
            quoted("107")
            try:
                lines = await desk_of(client, DESK).query(TradingDesk.cycles)
            except RPCError:  # no desk runs yet: the watch starts it
                return False
            return [(line.trigger, line.symbols) for line in lines] == [("price_move", ("AAPL",))]

        async def sold() -> bool:
            quoted("89")
            return await desk.position() is None and await desk.findings() == []

        await until(looked)
        await quiet(desk_of(client, DESK))
        (line,) = await desk_of(client, DESK).query(TradingDesk.cycles)
        await until(sold)
        watches = [one async for one in client.list_workflows("WorkflowType = 'PriceWatch'")]
    assert line.outcome is CycleOutcome.NO_SIGNALS, line
    assert [(one.id, one.status) for one in watches] == [(f"price-watch/{DESK}", WorkflowExecutionStatus.RUNNING)]
    equity, broker = await desk.equity()
    assert equity == broker


async def test_where_prices_are_of_the_past_the_watch_ends(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client = temporal.client
    async with serving(client, Ports.real(engine, sample_data)):
        await begin_routine(client, replace(WEEKDAYS, desk_id=DESK), listens=False, watches=True)
        watch = client.get_workflow_handle_for(PriceWatch.run, f"price-watch/{DESK}")
        await asyncio.wait_for(watch.result(), 30)
