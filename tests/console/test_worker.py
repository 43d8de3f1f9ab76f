"""The worker: what it refuses to serve on, and how it ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from adapters.paper_broker import PaperTerms
from adapters.postgres.engine import Database, owner_engine
from adapters.temporal.pulse import beating, serves
from console import ready
from settings import AlpacaSettings, DeskSettings, MarketSettings, ModelSettings, OrderSettings, PaperSettings, Settings
from tests.console.terminal import WORKER, Terminal
from tests.fakes.broker_server import KEY as BROKER_KEY
from tests.fakes.broker_server import SECRET as BROKER_SECRET
from tests.fakes.broker_server import serving as broker_serving
from tests.rig import until
from trading.errors import BadConfiguration, TradingError
from wiring.models import seats_of
from worker import serving, together
from workflows import policies

QUEUES = ("left", "right")
PATIENCE = timedelta(seconds=30)


@workflow.defn(sandboxed=False)
class AskBoth:
    """Has one activity on each queue at once."""

    @workflow.run
    async def run(self) -> None:
        await asyncio.gather(
            *(workflow.execute_activity("meet", task_queue=q, start_to_close_timeout=PATIENCE) for q in QUEUES)
        )


class Meeting:
    """An activity that ends when its twin on the other queue has been told of its worker's end as well."""

    def __init__(self) -> None:
        self.started = asyncio.Barrier(len(QUEUES) + 1)
        self.told = asyncio.Barrier(len(QUEUES))
        self.met = 0

    @activity.defn
    async def meet(self) -> None:
        await self.started.wait()
        await activity.wait_for_worker_shutdown()
        await self.told.wait()
        self.met += 1


async def test_workers_drain_at_the_same_time(temporal: WorkflowEnvironment) -> None:
    client, meeting = temporal.client, Meeting()
    asking = Worker(client, task_queue="asking", workflows=[AskBoth])
    asked = [
        Worker(client, task_queue=q, activities=[meeting.meet], graceful_shutdown_timeout=timedelta(seconds=5))
        for q in QUEUES
    ]
    async with together([asking, *asked]):
        await client.start_workflow(AskBoth.run, id=uuid4().hex, task_queue="asking")
        await meeting.started.wait()
    assert meeting.met == len(QUEUES)


async def test_the_health_file_lives_as_long_as_every_queue_is_served(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    client, meeting, file = temporal.client, Meeting(), tmp_path / "serving"
    left, right = (Worker(client, task_queue=q, activities=[meeting.meet]) for q in QUEUES)
    file.write_text("of an earlier life")
    async with together([left]), beating(client, QUEUES, file):
        await until(lambda: serves(client, QUEUES[:1]))
        assert not file.exists(), "nobody serves the other queue"
        async with together([right]):
            await until(lambda: exists(file))
    assert not file.exists()


async def test_another_process_at_work_makes_this_one_no_healthier(temporal: WorkflowEnvironment) -> None:
    theirs, meeting = temporal.client, Meeting()
    address, namespace = theirs.service_client.config.target_host, theirs.namespace
    ours = await Client.connect(address, namespace=namespace, identity="another process")
    async with together([Worker(theirs, task_queue="left", activities=[meeting.meet])]):
        await until(lambda: serves(theirs, ["left"]))
        assert not await serves(ours, ["left"])


async def exists(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)


@pytest.mark.faults
def test_a_worker_without_its_database_ends_in_one_line(terminal: Terminal) -> None:
    missing = terminal.but(DB_HOST="127.0.0.1", DB_PORT="1", TEMPORAL_ADDRESS="127.0.0.1:1")
    said = missing.type("--queues", "agents", program=WORKER)
    assert said.code == 1
    assert said.err.startswith("worker: the database trading at 127.0.0.1:1 is unavailable")
    assert said.err.count("\n") == 1


def test_a_worker_with_half_of_its_servers_named_ends_in_one_line(terminal: Terminal) -> None:
    said = terminal.but(DB_HOST="127.0.0.1").type(program=WORKER)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "TEMPORAL_ADDRESS and DB_HOST go together" in said.err


async def test_books_of_another_revision_are_not_served(database: Database, engine: AsyncEngine) -> None:
    head = await ready.migrations(engine)
    owner = owner_engine(database)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    await owner.dispose()
    with pytest.raises(BadConfiguration, match=rf"revision older, this code needs {head}: run "):
        await ready.migrations(engine)


def test_only_a_model_that_exists_takes_a_seat() -> None:
    assert {seat.asking.model for seat in seats_of(ModelSettings()).values()} == {"rules-1"}
    with pytest.raises(BadConfiguration, match="no such model: rules-99"):
        seats_of(ModelSettings(risk_agent_model="rules-99"))


def test_every_term_of_the_paper_broker_is_a_setting() -> None:
    assert PaperTerms.model_validate(PaperSettings().model_dump()) == PaperTerms()
    # What an account may do is the desk's setting or the broker's own nature.
    of_the_account = {"opening_cash", "allow_short", "fractionable"}
    assert set(PaperSettings.model_fields) | of_the_account == set(PaperTerms.model_fields)


async def test_orders_are_not_served_for_an_account_that_nobody_confirmed(
    temporal: WorkflowEnvironment, database: Database
) -> None:
    with broker_serving() as broker:
        broker.brokerage.account_number = "123456789"
        settings = alpaca_at(broker.url)
        live = settings.trading.model_copy(update={"mode": "live", "live_confirm": "987654321"})
        for wrong, named in (
            (settings.model_copy(update={"trading": live}), "ALPACA_TRADING_BASE_URL is not https://api"),
            (settings.model_copy(update={"market": MarketSettings()}), "MARKET_PROVIDERS=file"),
            (settings.model_copy(update={"desk": DeskSettings()}), "set DESK_SYMBOLS"),
            (alpaca_at(broker.url, secret="wrong"), "refuses the key"),  # noqa: S106  nobody's
        ):
            with pytest.raises(TradingError, match=named):
                async with serving(temporal.client, wrong, database, [policies.ORDERS_QUEUE]):
                    pytest.fail("served")
        assert broker.asked("POST", "/v2/orders") == []
        async with serving(temporal.client, settings, database, [policies.ORDERS_QUEUE]):
            pass
        assert [asked.status for asked in broker.asked("GET", "/v2/account")] == [200, None, 200]


async def test_other_queues_need_no_key_of_a_broker(temporal: WorkflowEnvironment, database: Database) -> None:
    settings = alpaca_at("http://127.0.0.1:1")
    nobody = settings.alpaca.model_copy(update={"api_key": None, "api_secret": None})
    async with serving(
        temporal.client, settings.model_copy(update={"alpaca": nobody}), database, [policies.AGENTS_QUEUE]
    ):
        pass


def alpaca_at(url: str, secret: str = BROKER_SECRET) -> Settings:
    """Orders to a stand-in of Alpaca, prices of Yahoo, whom nobody asks here."""
    return Settings(
        desk=DeskSettings(symbols="AAPL"),
        orders=OrderSettings(broker="alpaca"),
        market=MarketSettings(providers=("yfinance",)),
        alpaca=AlpacaSettings(
            api_key=SecretStr(BROKER_KEY), api_secret=SecretStr(secret), trading_base_url=url, timeout_seconds=5
        ),
    )
