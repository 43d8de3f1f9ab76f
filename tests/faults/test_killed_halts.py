"""A desk that has stopped itself, whose worker and server die while it waits: it goes on when its time has come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.postgres.engine import Database
from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.home import Home
from embedded.temporal import NAMESPACE, TemporalServer
from tests.conftest import free_port
from tests.faults.doomed import Life
from tests.faults.lives import Lives
from tests.making import DESK
from tests.rig import Ports, until
from tests.workflows.breaking import DAY, days, moved, opened, stated, tripped
from trading.breaker import Rule, TradingState
from trading.breaker_rules import BreakerRules
from workflows import search_attributes
from workflows.trading_desk import TradingDesk

# Seconds that stand for the seven days.
HELD = timedelta(seconds=20)
RULES = BreakerRules.model_validate(
    {
        "max_daily_loss": Decimal("0.9"),
        "max_weekly_loss": Decimal("0.9"),
        "max_drawdown": Decimal("0.9"),
        "min_sharpe": Decimal(-50),
        "sharpe_sessions": 3,
        "resume_sharpe_days": Decimal(HELD / timedelta(days=1)),
    }
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A server on a file, that nobody else uses."""
    home = Home(tmp_path / "temporal")
    home.prepare()
    server = TemporalServer(home, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def lives(server: TemporalServer, database: Database, sample_data: Path, tmp_path: Path) -> Lives:
    """A worker that can be killed, on these rules."""
    return Lives(Life(server.address, NAMESPACE, database, sample_data, tmp_path, breaker=RULES))


@pytest.mark.faults
@pytest.mark.parametrize("back_after", [timedelta(seconds=5), HELD + timedelta(seconds=5)], ids=["before", "after"])
async def test_a_halt_outlives_worker_and_server_and_ends_in_time(
    server: TemporalServer, lives: Lives, engine: AsyncEngine, sample_data: Path, back_after: timedelta
) -> None:
    client = await Client.connect(server.address, namespace=NAMESPACE, plugins=[DeskPlugin()])
    await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
    ports = Ports.real(engine, sample_data)
    await lives.begin()
    desk = await opened(client, ports)
    now = datetime.now(UTC)
    await days(ports, now - 5 * DAY, "-900", "-1000", "-1100", "-1000")
    await tripped(desk, ports, Rule.SHARPE)
    await moved(ports, datetime.now(UTC), "9000")  # as good as three days: the ratio is above from here on
    await desk.signal(TradingDesk.books_changed)
    due = await _named(ports)
    await lives.kill()
    await server.kill()
    await asyncio.sleep(back_after.total_seconds())
    await server.start()
    await lives.begin()
    back_at = datetime.now(UTC)
    resumed = await stated(ports, TradingState.ACTIVE)
    await lives.kill()
    assert resumed.resumed_at is not None
    assert due <= resumed.resumed_at <= max(due, back_at) + timedelta(seconds=15), (due, back_at, resumed.resumed_at)
    assert (resumed.changed_by, resumed.trips) == ("breaker", ())


async def _named(ports: Ports) -> datetime:
    """The moment at which the desk says that the halt may end."""

    async def known() -> bool:
        return (await ports.ledger.breaker(DESK)).next_look_at is not None

    await until(known)
    due = (await ports.ledger.breaker(DESK)).next_look_at
    assert due is not None
    return due
