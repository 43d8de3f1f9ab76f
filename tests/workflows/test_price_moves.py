"""A desk that is told of moved prices, on a real server: one look a symbol a cool-down, whoever tells it how often."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.cycles import CycleActivities
from tests.activities.poison import answering
from tests.fakes.always_open import Closed
from tests.fakes.market import FakeMarket
from tests.making import DESK
from tests.rig import Ports, quiet, serving, until
from tests.workflows.breaking import Desk, opened
from tests.workflows.glance import Glance
from tests.workflows.test_temporal_cli import CommandLine
from trading.breaker import CircuitBreaker
from trading.desk import DeskState, Judged, PriceMoved
from trading.events import Event, EventType
from trading.moves import Move, Pace
from workflows import policies
from workflows.desks import started
from workflows.search_attributes import SYMBOLS as SYMBOLS_KEY
from workflows.trading_desk import TradingDesk

HOUR = Pace(cool_down_minutes=60, most_a_day=1000)
SYMBOLS = [f"S{number}" for number in range(50)]
NOW = datetime.now(UTC)


def closed(engine: AsyncEngine, data: Path, symbols: Iterable[str] = SYMBOLS) -> Ports:
    """A desk whose looks end at the gate, for the exchange is closed."""
    market = FakeMarket()
    for symbol in symbols:
        market.quote(symbol, "100", "100", NOW)
    return Ports.real(engine, data).but(market=market, calendar=Closed())


def moved(symbol: str, percent: float = 6, second: float | None = None, pace: Pace = HOUR) -> PriceMoved:
    at = None if second is None else NOW + timedelta(seconds=second)
    return PriceMoved(symbol=symbol, percent=percent, moved_at=at, pace=pace, trace_id="feed-1")


async def tell(desk: Desk, *told: PriceMoved) -> None:
    for one in told:
        await desk.signal(TradingDesk.price_moved, one)
    await quiet(desk)


async def looks(ports: Ports) -> list[Event]:
    """The beginning of every look that a move asked for."""
    events = (stored.event for stored in (await ports.ledger.books(DESK)).events)
    return [one for one in events if one.type is EventType.CYCLE_STARTED and one.data["trigger"] == "price_move"]


def counted(found: Sequence[Event]) -> Counter[str]:
    return Counter(str(one.data["symbols"]) for one in found)


async def test_a_look_says_what_moved_and_is_not_repeated(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = closed(engine, sample_data)
    told = PriceMoved.model_validate({**moved("S1", second=-9).model_dump(), "reference": "100", "price": "106"})
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await tell(desk, told)
        await tell(desk, told, moved("S1"), moved("S1", second=-5), moved("S2"))
    first, second = await looks(ports)
    assert (first.trace_id, first.data["symbols"], second.data["symbols"]) == ("feed-1", ["S1"], ["S2"])
    assert Move.model_validate(first.data["move"]) == told.move


async def test_what_moved_in_a_cool_down_is_looked_at_the_moment_it_is_over(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = closed(engine, sample_data)
    pace = Pace(cool_down_minutes=90, most_a_day=10)
    async with serving(skipping.client, ports):
        desk = await opened(skipping.client, ports)
        await tell(desk, moved("S1", 6, pace=pace))
        await desk.signal(TradingDesk.price_moved, moved("S1", 5, pace=pace))
        await desk.signal(TradingDesk.price_moved, moved("S1", 8, pace=pace))

        async def both() -> bool:
            return len([one for one in await desk.query(TradingDesk.cycles) if one.outcome is not None]) == 2

        await until(both)
        first, second = await desk.query(TradingDesk.cycles)
    assert first.started_at is not None
    assert second.started_at is not None
    waited = second.started_at - first.started_at
    assert timedelta(minutes=90) <= waited < timedelta(minutes=91)


@pytest.mark.faults
async def test_a_desk_that_continues_as_new_keeps_cool_downs_held_moves_and_the_count(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports, pace = closed(engine, sample_data), Pace(cool_down_minutes=60, most_a_day=2)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await tell(desk, moved("S1", pace=pace))
        await desk.signal(TradingDesk.price_moved, moved("S1", 8, pace=pace))
        first = (await desk.describe()).run_id
        for start in range(0, 2 * policies.MOST_HISTORY, 100):
            burst = (desk.signal(TradingDesk.price_moved, moved("S1", pace=pace)) for _ in range(start, start + 100))
            await asyncio.gather(*burst)

        async def renewed() -> bool:
            return (await desk.describe()).run_id != first

        await until(renewed)
        await tell(desk, moved("S1", pace=pace), moved("S2", pace=pace), moved("S3", pace=pace))
        state = (await desk.fetch_history()).events[0].workflow_execution_started_event_attributes.input.payloads[0]
    assert counted(await looks(ports)) == {"['S1']": 1, "['S2']": 1}
    assert b'"held":[{"cause":"price","percent":8.0' in state.data
    assert b'"looks_that_day":' in state.data


async def burst(desk: Desk, symbols: Sequence[str], size: int) -> None:
    """So many signals over these symbols with duplicates, in an order of chance."""
    told = [moved(symbol, percent=5.5) for symbol in symbols for _ in range(size // len(symbols))]
    Random(size).shuffle(told)
    for start in range(0, len(told), 100):
        await asyncio.gather(*(desk.signal(TradingDesk.price_moved, one) for one in told[start : start + 100]))
    await quiet(desk)


@pytest.mark.faults
async def test_a_burst_over_many_symbols_leads_to_one_look_at_each(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = closed(engine, sample_data)
    async with serving(temporal.client, ports):
        await burst(await opened(temporal.client, ports), SYMBOLS[:8], 120)
    assert counted(await looks(ports)) == Counter({str([symbol]): 1 for symbol in SYMBOLS[:8]})


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bursts", [2, pytest.param(20, marks=pytest.mark.soak)])
async def test_bursts_of_a_thousand_over_fifty_symbols(temporal: WorkflowEnvironment, bursts: int) -> None:
    client, expected = temporal.client, Counter[str]()
    answers = [
        answering("open_desk", CircuitBreaker()),
        answering("judge_desk", Judged(desk=CircuitBreaker())),
        CycleActivities(started).await_cycles,
    ]
    queues = (policies.DESK_QUEUE, policies.ORDERS_QUEUE)
    async with AsyncExitStack() as stack:
        for queue in queues:
            kinds = [TradingDesk, Glance] if queue == policies.DESK_QUEUE else []
            await stack.enter_async_context(Worker(client, task_queue=queue, workflows=kinds, activities=answers))
        desk = await client.start_workflow(
            TradingDesk.run, DeskState(desk_id=DESK), id=f"desk/{DESK}", task_queue=policies.DESK_QUEUE
        )
        for number in range(bursts):
            symbols = [f"{chr(65 + number)}{each}" for each in range(50)]
            await burst(desk, symbols, 1000)
            expected.update(symbols)
        runs = [one async for one in client.list_workflows(f"WorkflowId = 'desk/{DESK}'")]
        found = [one async for one in client.list_workflows("WorkflowType = 'TradingCycle'")]
    assert Counter(one.typed_search_attributes[SYMBOLS_KEY][0] for one in found) == expected
    assert len(runs) > 1


GARBAGE = ("{not json", '"garbage"', "[]", "{}", '{"symbol": "aapl"}', '{"symbol": "S1", "percent": "a lot"}', "null")


async def test_the_command_line_of_temporal_tells_a_desk_what_moved_and_cannot_wedge_it(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports, cli = closed(engine, sample_data), CommandLine(temporal)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        for garbage in GARBAGE:
            await cli.signal("price_moved", garbage)
        code, said = await cli.signal("price_moved", '{"symbol": "S1", "percent": -6.5}')
        assert code == 0, said

        async def looked() -> bool:
            return [one.outcome for one in await desk.query(TradingDesk.cycles)] == ["skipped"]

        await until(looked)
        events = (await desk.fetch_history()).events
    (look,) = await looks(ports)
    assert (look.data["symbols"], Move.model_validate(look.data["move"]).percent) == (["S1"], -6.5)
    assert [one for one in events if one.HasField("workflow_task_failed_event_attributes")] == []
