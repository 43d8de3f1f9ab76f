"""A desk as Prometheus sees it: from its real log and books, whatever was tried again and whoever died."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.metrics import desk as of
from adapters.metrics.desk import DeskReader, Watched, telling_of_desk
from adapters.postgres.engine import Database, application_engine
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import CYCLE, DESK, event, opening
from tests.rig import CALENDAR
from trading.agents.budget import Budget, Caps
from trading.breaker import StateChange, TradingState
from trading.events import EventType

QUEUES = ("desk", "orders")
Making = Callable[[AsyncEngine], DeskReader]


@pytest.fixture
def reader(temporal: WorkflowEnvironment) -> Making:
    watched = Watched(DESK, CALENDAR, Budget(day=Caps(calls=10)), QUEUES)
    return lambda engine: DeskReader(watched, engine, temporal.client)


@pytest.fixture
async def ledger(engine: AsyncEngine) -> PostgresLedger:
    ledger = PostgresLedger(engine)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    return ledger


async def scraped(reader: DeskReader) -> dict[str, float]:
    """Every series with its value, scraped as Prometheus does: by a thread that asks the loop."""
    registry = CollectorRegistry(auto_describe=False)
    with telling_of_desk(registry, reader):
        text = (await asyncio.to_thread(generate_latest, registry)).decode()
    assert generate_latest(registry) == b""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}


BUYS = 'trading_signals_total{action="buy",desk="paper"}'


async def test_an_event_that_is_written_again_is_counted_once(
    engine: AsyncEngine, ledger: PostgresLedger, reader: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of, "KEPT_SECONDS", 0)
    one = event(EventType.SIGNAL_GENERATED, {"action": "buy"}, name="s1")
    told = reader(engine)
    await ledger.record([one])
    assert (await scraped(told))[BUYS] == 1
    await ledger.record([one])
    await ledger.record([one, event(EventType.SIGNAL_GENERATED, {"action": "buy"}, name="s2")])
    assert (await scraped(told))[BUYS] == 2
    # Another worker, or this one after its death, tells the same: a counter that fell would look like a reset.
    assert (await scraped(reader(engine)))[BUYS] == 2


async def test_the_books_are_told_as_they_stand(engine: AsyncEngine, ledger: PostgresLedger, reader: Making) -> None:
    change = {"desk_id": DESK, "change_id": "c1", "state": TradingState.HALTED, "changed_by": "test", "reason": "test"}
    await ledger.change_state(StateChange.model_validate({**change, "at": datetime(2024, 3, 1, tzinfo=UTC)}))
    await ledger.record([event(EventType.CYCLE_STARTED, {}, name="began", aggregate=CYCLE)])
    told = await scraped(reader(engine))
    expected = {
        'trading_books_up{desk="paper"}': 1,
        'trading_cash_usd{desk="paper"}': 100_000,
        'trading_equity_usd{desk="paper"}': 100_000,
        'trading_drawdown_ratio{desk="paper"}': 0,
        'trading_exposure_usd{desk="paper",kind="gross"}': 0,
        'trading_state{desk="paper",state="HALTED"}': 1,
        'trading_state{desk="paper",state="ACTIVE"}': 0,
        'trading_llm_spent_usd{desk="paper",period="day"}': 0,
        'trading_llm_budget_used_ratio{desk="paper",period="day",unit="calls"}': 0,
        'trading_log_lines_unread{desk="paper"}': 0,
        'trading_cycle_started_timestamp_seconds{desk="paper"}': datetime(2024, 3, 1, 17, tzinfo=UTC).timestamp(),
        "trading_temporal_up": 1,
        'trading_queue_pollers{kind="activity",queue="orders"}': 0,
        'trading_queue_lag_seconds{kind="workflow",queue="desk"}': 0,
    }
    assert {series: told.get(series) for series in expected} == expected


async def test_half_a_log_is_not_told(
    engine: AsyncEngine, ledger: PostgresLedger, reader: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of, "KEPT_SECONDS", 0)
    monkeypatch.setattr(of, "MOST_LINES", 2)
    monkeypatch.setattr(of, "MOST_LINES_A_LOOK", 4)
    await ledger.record([event(EventType.SIGNAL_GENERATED, {"action": "buy"}, name=f"s{n}") for n in range(5)])
    told = reader(engine)
    first = await scraped(told)
    assert BUYS not in first
    assert first['trading_books_up{desk="paper"}'] == 1
    assert (await scraped(told))[BUYS] == 5


async def test_a_desk_that_has_no_books_yet_is_no_failure(engine: AsyncEngine, reader: Making) -> None:
    told = await scraped(reader(engine))
    assert told['trading_books_up{desk="paper"}'] == 1
    assert 'trading_equity_usd{desk="paper"}' not in told


async def test_a_database_that_is_away_is_said_and_costs_no_other_number(database: Database, reader: Making) -> None:
    engine = application_engine(database.model_copy(update={"port": 1}))
    told = await scraped(reader(engine))
    assert told['trading_books_up{desk="paper"}'] == 0
    assert told["trading_temporal_up"] == 1
    await engine.dispose()


async def test_a_temporal_that_is_away_is_said(
    engine: AsyncEngine, ledger: PostgresLedger, temporal: WorkflowEnvironment, reader: Making
) -> None:
    told = reader(engine)
    await temporal.shutdown()
    found = await scraped(told)
    assert found["trading_temporal_up"] == 0
    assert found['trading_equity_usd{desk="paper"}'] == 100_000


async def test_several_who_scrape_at_once_cost_one_look(
    engine: AsyncEngine, ledger: PostgresLedger, reader: Making
) -> None:
    told = reader(engine)
    first = await told.families()
    await ledger.record([event(EventType.SIGNAL_GENERATED, {"action": "buy"}, name="s1")])
    assert all(each is first for each in await asyncio.gather(*(told.families() for _ in range(5))))


async def test_no_symbol_and_no_id_is_a_label(engine: AsyncEngine, ledger: PostgresLedger, reader: Making) -> None:
    data = {"symbol": "AAPL", "action": "buy", "client_order_id": "paper-1-AAPL"}
    await ledger.record([event(EventType.SIGNAL_GENERATED, data, name="s1")])
    assert [
        series for series in await scraped(reader(engine)) if re.search(r"AAPL|paper-1|symbol|cycle_id", series)
    ] == []
