"""The largest cycle there can be: a hundred symbols, each argued about at length, in a history of modest size."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import Payload
from temporalio.testing import WorkflowEnvironment

from adapters.file_market import FileMarket
from tests.fakes import model
from tests.fakes.model import ScriptedModel, Words
from tests.rig import CALENDAR, Ports, ask, findings, outcome, request, serving
from trading.agents.questions import Agent, Question
from trading.docket import CycleOutcome

# As long as an agent may speak.
REASONS = "because " * 490
MOST_PAYLOAD, MOST_EVENTS, MOST_HISTORY = 200_000, 2_000, 5_000_000


@pytest.fixture
def hundred(sample_data: Path, tmp_path: Path) -> tuple[Path, tuple[str, ...]]:
    """The sample's bars five times over, under a hundred names."""
    bars = pq.read_table(sample_data / "sample_daily.parquet")
    names = bars["symbol"].to_pylist()
    copies = [bars]
    for letter in "ABCD":
        column = pa.array([f"Z{letter}{name[:3]}" for name in names])
        copies.append(bars.set_column(bars.schema.get_field_index("symbol"), "symbol", column))
    pq.write_table(pa.concat_tables([copy.cast(bars.schema) for copy in copies]), tmp_path / "hundred.parquet")
    shutil.copy(sample_data / "sectors.csv", tmp_path / "sectors.csv")
    symbols = sorted({name for copy in copies for name in copy["symbol"].to_pylist()})
    return tmp_path, tuple(symbols)


@pytest.mark.faults
async def test_a_cycle_of_a_hundred_symbols_fits(
    temporal: WorkflowEnvironment, engine: AsyncEngine, hundred: tuple[Path, tuple[str, ...]]
) -> None:
    folder, symbols = hundred
    assert len(symbols) == 100

    def speaks_at_length(question: Question) -> Words:
        return model.signal(question, "buy", quantity=1, reasoning=REASONS)

    ports = Ports.real(engine, folder).but(
        market=FileMarket(folder, CALENDAR), model=ScriptedModel({Agent.DATA: speaks_at_length})
    )
    async with serving(temporal.client, ports):
        ticket = await ask(temporal.client, request(*symbols))
        report = await outcome(temporal.client, ticket)
        history = await temporal.client.get_workflow_handle(ticket.workflow_id).fetch_history()
        desk = await temporal.client.get_workflow_handle("desk/main").fetch_history()
    events = [*history.events, *desk.events]
    payload = max(one.ByteSize() for event in events for one in payloads(event))
    size = sum(event.ByteSize() for event in history.events)
    print(f"largest payload {payload:,} B, {len(history.events):,} events, history {size:,} B")  # noqa: T201  the figures
    assert report.outcome is CycleOutcome.TRADED
    assert await findings(ports) == ()
    assert (payload <= MOST_PAYLOAD, len(history.events) <= MOST_EVENTS, size <= MOST_HISTORY) == (True, True, True)


def payloads(message: object) -> list[Payload]:
    """Every payload in a message of Temporal's, however deep."""
    if isinstance(message, Payload):
        return [message]
    found: list[Payload] = []
    for field, value in getattr(message, "ListFields", list)():
        repeated = field.is_repeated and not hasattr(value, "items")
        parts = value.values() if hasattr(value, "values") else value if repeated else [value]
        found += [payload for part in parts if hasattr(part, "ListFields") for payload in payloads(part)]
    return found
