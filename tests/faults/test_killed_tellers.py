"""The worker that tells alerts is killed again and again: every alert arrives, beside a channel that is dead."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import DESK, opening
from tests.adapters.wire.server import Wire, closes_unasked, sends, wire
from tests.faults.telling import Teller, live
from trading.alerts import Alert, Topic, alert_raised
from workflows import policies
from workflows.alert_watch import AlertWatch

WHERE = ("before", "between", "after")
DEATHS = 6
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.faults.telling"])


def arrived(hook: Wire) -> Counter[str]:
    return Counter(asked.said["embeds"][0]["description"].split()[1] for asked in hook.requests)


async def until_dead(process: multiprocessing.context.ForkServerProcess) -> None:
    async with asyncio.timeout(100):
        while process.exitcode is None:  # noqa: ASYNC110  a process tells only who looks
            await asyncio.sleep(0.02)


@pytest.mark.faults
@pytest.mark.timeout(300)
async def test_whenever_the_teller_dies_every_alert_arrives_and_no_more_is_repeated_than_was_under_way(
    temporal: WorkflowEnvironment, engine: AsyncEngine, database: Database, tmp_path: Path
) -> None:
    ledger, armed = PostgresLedger(engine), tmp_path / "armed"
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    await temporal.client.start_workflow(
        AlertWatch.run, DESK, id=f"alerts/{DESK}", task_queue=policies.DESK_QUEUE, task_timeout=policies.TASK
    )
    async with wire() as hook, wire() as dead:
        hook.script, dead.script = sends(204, b""), closes_unasked
        life = Teller(
            temporal.client.service_client.config.target_host,
            temporal.client.namespace,
            database,
            (f"{dead.url}/dead", f"{hook.url}/live"),
            armed,
        )
        for number in range(DEATHS):
            armed.write_text(WHERE[number % len(WHERE)])
            name = f"case-{chr(97 + number)}"
            alert = Alert(topic=Topic.SYSTEM, key=name, reason=f"{name} is broken")
            await ledger.record([alert_raised(DESK, alert, datetime.now(UTC))])
            process = _forks.Process(target=live, args=(life,), daemon=True)
            process.start()
            await until_dead(process)
            assert not armed.exists()
        process = _forks.Process(target=live, args=(life,), daemon=True)
        process.start()
        expected = {f"case-{chr(97 + number)}" for number in range(DEATHS)}
        async with asyncio.timeout(100):
            while set(arrived(hook)) & expected != expected:  # noqa: ASYNC110  see above
                await asyncio.sleep(0.05)
        process.kill()
        await until_dead(process)
    told = {name: count for name, count in arrived(hook).items() if name in expected}
    # A death repeats what was under way and no more; one between message and remembrance does.
    assert DEATHS // len(WHERE) <= sum(count - 1 for count in told.values()) <= DEATHS
    assert dead.requests
