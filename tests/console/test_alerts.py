"""The operator's alerts: a real desk that tells a webhook, the list, the trial of channels, and saying one has seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from temporalio.client import Client

import embedded
from adapters.temporal.plugin import DeskPlugin
from tests.console.conftest import serving
from tests.console.terminal import Terminal
from tests.fakes.webhook import Webhook, webhook

pytestmark = pytest.mark.faults  # each types commands beside a desk that serves

CANARY = "canary-8b26fd03a1"
PATH = f"/api/webhooks/1/{CANARY}"


@pytest.fixture(scope="module")
def hook() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


@pytest.fixture(scope="module")
def desk(hook: Webhook) -> Iterator[Terminal]:
    """A desk whose alerts go to the webhook, with a word on what it logs at its most talkative."""
    told = {"ALERT_DISCORD_WEBHOOK_URL": hook.url(PATH), "LOG_LEVEL": "debug"}
    with serving("AAPL", **told) as terminal:
        yield terminal.but(LOG_LEVEL="warning")


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def told_once(desk: Terminal, hook: Webhook) -> None:
    """Have the desk tell of a halt, and wait until it is remembered that it did."""
    desk.type("halt", "--reason", "a storm @everyone")
    wait_until(lambda: "[info] main: HALTED on the word of operator: a storm @everyone" in hook.titles())
    wait_until(lambda: any(line["deliveries"] for line in desk.type("alerts", "list", "--json").document))


def test_an_alert_is_told_listed_and_acknowledged_by_whoever_comes_first(desk: Terminal, hook: Webhook) -> None:
    told_once(desk, hook)
    (line,) = desk.type("alerts", "list", "--open", "--json").document
    number = line["alert"]["number"]
    narrow = desk.but(COLUMNS="80").type("alerts", "list").out
    assert f"{number}: HALTED on the word of operator: a storm @everyone" in narrow
    assert (line["alert"]["severity"], line["alert"]["topic"]) == ("info", "breaker")
    assert [(one["channel"], one["outcome"]) for one in line["deliveries"]] == [("discord", "told")]
    for by in ("ada", "bob"):
        said = desk.type("ack", str(number), "--by", by)
        assert (said.code, said.out.strip().startswith(f"alert {number}: seen by ada at ")) == (0, True)
    assert desk.type("ack", "--all").out.strip() == "nothing waits for anybody"


@pytest.mark.faults
def test_no_log_line_no_event_no_history_and_no_command_shows_the_address(desk: Terminal, hook: Webhook) -> None:
    told_once(desk, hook)
    shown = [desk.type(*words).out for words in (("alerts", "list"), ("config",), ("status",), ("doctor",))]
    events = desk.type("events", "--limit", "1000", "--json").out
    logged, history = (desk.folder / "said.txt").read_text(), asyncio.run(_history(desk))
    assert "HALTED on the word" in shown[0]
    for where in (*shown, events, logged, history):
        assert where
        assert CANARY not in where


async def _history(desk: Terminal) -> str:
    """The histories of every workflow of the desk, as JSON."""
    servers = embedded.running(desk.home)
    assert servers is not None
    client = await Client.connect(servers.temporal_address, namespace="trading", plugins=[DeskPlugin()])
    found = []
    async for workflow in client.list_workflows():
        history = await client.get_workflow_handle(workflow.id, run_id=workflow.run_id).fetch_history()
        found.append(history.to_json())
    assert any("deliver_alerts" in one for one in found)
    return "".join(found)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("ack",), "name an alert, or --all (there are: "),
        (("ack", "999999"), "there is no alert 999999"),
        (("ack", "nonsense"), "should be a valid integer"),
        (("ack", "1", "--by", "a\nb"), "--by is a name of 1 to 80 characters"),
    ],
)
def test_what_is_not_there_is_not_acknowledged(desk: Terminal, words: tuple[str, ...], complaint: str) -> None:
    said = desk.type(*words)
    assert said.code != 0
    assert complaint in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_each_channel_is_tried_and_one_that_fails_is_exit_code_1(terminal: Terminal, hook: Webhook) -> None:
    working = {"ALERT_DISCORD_WEBHOOK_URL": hook.url("/works")}
    said = terminal.but(**working).type("alerts", "test", "--json")
    assert said.code == 0
    assert [(one["channel"], one["arrived"]) for one in said.document] == [("discord", True)]
    assert hook.titles()[-1] == "[test] main: alerts arrive here"
    hook.statuses["/gone"] = 404
    broken = {"ALERT_URLS": f"json://127.0.0.1:{hook.port}/gone json://127.0.0.1:9/{CANARY}"}
    broken["ALERT_DISCORD_WEBHOOK_URL"] = hook.url("/gone")
    said = terminal.but(**broken).type("alerts", "test")
    assert said.code == 1
    assert [line.split()[:2] for line in said.out.splitlines() if "failed" in line] == [
        ["discord", "failed"],
        ["json", "failed"],
        ["json-2", "failed"],
    ]
    assert CANARY not in said.out + said.err


def test_without_a_channel_there_is_nothing_to_try(terminal: Terminal) -> None:
    said = terminal.type("alerts", "test")
    assert said.code == 1
    assert said.err.startswith("starter: no channel is set, nobody is told: set ALERT_DISCORD_WEBHOOK_URL")
