"""A client that nobody here wrote: Temporal's own command line asks a desk about its breaker, and tells it things."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.making import DESK
from tests.rig import Ports, in_state, serving
from tests.workflows.breaking import moved, opened, tripped
from trading.breaker import Rule, TradingState
from trading.breaker_rules import BreakerRules
from workflows.trading_desk import TradingDesk

RULES = BreakerRules(max_daily_loss=Decimal("0.9"), max_weekly_loss=Decimal("0.9"))
MONDAY = datetime(2026, 11, 16, 21, tzinfo=UTC)


class CommandLine:
    """The program `temporal`, at the server under test."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._program = str(Path(sys.executable).with_name("temporal"))
        config = environment.client.service_client.config
        self._where = ("--address", config.target_host, "--namespace", environment.client.namespace)

    async def type(self, *words: str) -> tuple[int, str]:
        """Run it: its exit code, and all that it said."""
        process = await asyncio.create_subprocess_exec(
            *(self._program, *words, *self._where),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def query(self, kind: str) -> Any:
        """What a desk answers."""
        words = ("workflow", "query", "--workflow-id", f"desk/{DESK}", "--type", kind, "--output", "json")
        code, said = await self.type(*words)
        assert code == 0, said
        return json.loads(said)["queryResult"][0]

    async def signal(self, name: str, payload: str) -> tuple[int, str]:
        """Signal a desk."""
        words = ("workflow", "signal", "--workflow-id", f"desk/{DESK}", "--name", name, "--input", payload)
        return await self.type(*words)


async def test_the_command_line_reads_the_breaker_and_resumes_the_desk(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports, cli = Ports.real(engine, sample_data).but(breaker=RULES), CommandLine(temporal)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await moved(ports, MONDAY, "-25000")
        await tripped(desk, ports, Rule.DRAWDOWN)
        breaker = await cli.query("circuit_breaker")
        assert (breaker["state"], await cli.query("trading_state")) == ("HALTED", "HALTED")
        [gauge] = [one for one in breaker["gauges"] if one["rule"] == "drawdown"]
        assert (gauge["threshold"], gauge["value"], gauge["distance"]) == ("0.20", "0.25", "0")
        assert (gauge["evidence"], gauge["resumes"]) == ("equity 75000.00, peak 100000.00", "by itself below 15.00%")
        assert gauge["tripped_at"]

        await cli.signal("resume", '{"reason": "too early"}')
        for unreadable in ('"garbage"', '{"reason": 7}', '{"reason": ""}', "[]", '{"reason": "x", "colour": "red"}'):
            await cli.signal("resume", unreadable)
            await cli.signal("halt", unreadable)
        assert await cli.query("trading_state") == "HALTED"
        await cli.signal("resume", '{"reason": "by force", "by": "ann", "force": true}')
        await in_state(desk, TradingState.ACTIVE, "by force")
        assert (await cli.query("circuit_breaker"))["changed_by"] == "ann"
        code, said = await cli.type(
            *("workflow", "update", "execute", "--workflow-id", f"desk/{DESK}", "--name", "resume_now"),
            *("--input", '{"reason": "again"}'),
        )
        assert (code != 0, "the desk is ACTIVE already" in said) == (True, True), said
        assert await desk.query(TradingDesk.trading_state) is TradingState.ACTIVE
