"""Traces of real processes: of what is asked over HTTP, of a worker that is killed, with nobody who takes them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database
from tests.console.conftest import homes_folder, serving
from tests.console.terminal import ROOT, WORKER, Terminal
from tests.console.test_web import OWN, address
from tests.otlp import Receiver, receiving
from tests.rig import outcome, until
from trading.desk import CycleTicket
from trading.docket import CycleOutcome
from trading.traces import trace_hex

SECRET = "correct-horse-battery"  # noqa: S105  nobody's
NAME = "ann/2026-11-26.1"
PAGE = "http://127.0.0.1:16686/trace/{trace}"


def test_without_an_exporter_nothing_of_it_is_imported() -> None:
    """Neither to start a command nor to serve: not the SDK, not the plugin, not one instrumentation."""
    imports = "import starter, worker, commands.doing, console.up, web.serving, web.app, web.desk, sys"
    never = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.instrumentation", "temporalio.contrib.ope")
    found = f"[one for one in sys.modules if one.startswith({never})]"
    begun = "from settings import Settings; from console.tracing import trace; trace(Settings())"
    code = f"{imports}; {begun}; print({found})"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_BSP_MAX_QUEUE_SIZE": "-1"}, "max_queue_size"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_PROPAGATORS": "bogus"}, "bogus"),
    ],
)
def test_an_exporter_that_is_not_there_ends_in_one_line(
    terminal: Terminal, variables: dict[str, str], named: str
) -> None:
    said = terminal.but(**variables).type("status")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert named in said.err


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def to(url: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{SECRET}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_SERVICE_NAME": "desk-under-test",
    }


@pytest.mark.faults
def test_a_cycle_that_is_asked_over_http_is_one_tree_under_its_request(receiver: Receiver) -> None:
    variables = {**to(receiver.url), "TRACES_URL": PAGE, "LOG_LEVEL": "info"}
    with serving("AAPL", **variables) as desk:
        url = address(desk.folder / "said.txt")
        headers = {**OWN, "X-Request-ID": NAME, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        asked = {"symbols": ["MSFT", "WMT"], "anytime": True}
        answer = httpx2.post(f"{url}/cycles/run?wait=25", json=asked, headers=headers, timeout=60, trust_env=False)
        assert answer.status_code == 200
        assert httpx2.get(f"{url}/health", timeout=20, trust_env=False).status_code == 200
        nowhere = httpx2.get(f"{url}/nowhere/{SECRET}", headers={"X-Request-ID": "lost"}, trust_env=False)
        assert nowhere.status_code == 404
        seen = answer.json()
        assert seen["trace_url"] == PAGE.format(trace=trace_hex(NAME))
        typed = desk.type("run", "KO", "--trace-id", "f" * 32, "--anytime")
        assert typed.code == 0
        assert PAGE.format(trace="f" * 32) in typed.out, "whoever asks is told where to look"
        shown = desk.type("config", "show").out
        lines = desk.type("logs", "--trace", NAME, "--json").document
        told = (desk.folder / "said.txt").read_text()
    assert SECRET not in told + shown + typed.out + "".join(one.words for one in receiver.spans)
    assert {one["authorization"] for one in receiver.headers} == {f"Bearer {SECRET}"}
    assert "answered" in {line["event"] for line in lines}
    assert {line["desk_id"] for line in lines} == {"main"}, "the request's own line says it as those of the workers"
    tree = receiver.trace(NAME)
    assert (tree.roots, tree.lost, tree.twice) == (["POST /cycles/run"], [], [])
    assert len(tree.named("invoke_agent DataAgent")) == 2
    for agent in ("RiskManager", "Validator", "MetaAgent"):
        assert tree.named(f"invoke_agent {agent}")
    orders = {one["client_order_id"] for one in seen["orders"] if one["leg"] == "entry"}
    sent = {one.attributes["trading.order.client_order_id"] for one in tree.named("RunWorkflow:OrderExecution")}
    assert sent == orders != set()
    assert {one.attributes["trading.order.client_order_id"] for one in tree.named("fill")} == orders
    assert {one.service for one in receiver.spans} == {"desk-under-test"}
    requests = [one.name for one in receiver.spans if not one.parent and one.name.startswith(("GET", "POST", "HTTP"))]
    assert requests == ["POST /cycles/run", "GET"], "nobody else makes a span of it, and a look at its health is none"
    assert not receiver.trace("a" * 32).spans, "a stranger's traceparent says nothing here"
    (root,) = receiver.trace("f" * 32).roots
    assert root == "StartUpdateWithStartWorkflow:TradingDesk", "the one who typed is the root, and has exported it"


@pytest.mark.faults
@pytest.mark.parametrize("status", [503, None], ids=["refuses", "is not there"])
def test_a_cycle_ends_just_the_same_while_nobody_takes_its_trace(status: int | None) -> None:
    with homes_folder() as folder, receiving(status or 200) as receiver:
        url = receiver.url if status else "http://127.0.0.1:1"
        said = Terminal(folder, {**to(url), "LOG_LEVEL": "info"}).type("up", "AAPL", "MSFT", "--once")
    assert said.code == 0
    assert "0 findings" in said.out
    assert said.err.count("traces are lost") == 1
    assert not [line for line in said.err.splitlines() if "opentelemetry" in line or SECRET in line]


@pytest.mark.faults
async def test_a_worker_that_is_killed_in_the_midst_leaves_one_trace(
    receiver: Receiver, temporal: WorkflowEnvironment, database: Database
) -> None:
    where = {
        "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": "trading",
        "DB_HOST": database.host,
        "DB_PORT": str(database.port),
        "DB_NAME": database.name,
        "DB_USER": database.user,
        "DB_PASSWORD": database.password.get_secret_value(),
    }
    with homes_folder() as folder:
        beside = Terminal(folder, {**where, **to(receiver.url)})
        first = beside.start("--queues", "desk,orders", program=WORKER)
        try:
            await until(lambda: _said(first.said, "serving"))
            asked = beside.type("run", "AAPL", "MSFT", "--anytime", "--trace-id", NAME, "--no-wait", "--json")
            assert asked.code == 0, asked.err
            ticket = CycleTicket.model_validate(asked.document["ticket"])
            await until(lambda: _arrived(receiver, "StartActivity:ask_data"))
        finally:
            first.end(signal.SIGKILL)
        second = beside.start(program=WORKER)
        try:
            report = await outcome(temporal.client, ticket)
        finally:
            assert second.end(signal.SIGTERM) == 0
    assert report.outcome is CycleOutcome.TRADED
    tree = receiver.trace(NAME)
    assert (tree.roots, tree.lost, tree.twice) == (["StartUpdateWithStartWorkflow:TradingDesk"], [], [])
    assert len(tree.named("RunWorkflow:TradingCycle")) == 1
    assert len(tree.named("invoke_agent DataAgent")) == 2


async def _said(file: Path, words: str) -> bool:
    return words in await asyncio.to_thread(file.read_text)


async def _arrived(receiver: Receiver, name: str) -> bool:
    return len(receiver.trace(NAME).named(name)) == 2
