"""Every path that a workflow ever took replays on today's code."""

from __future__ import annotations

import getpass
import json
import socket
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from adapters.temporal.plugin import DeskPlugin
from tests.histories.record import read, saved
from worker import WORKFLOWS

HISTORIES = saved()


def name_of(path: Path) -> str:
    return path.name.split(".")[0]


async def test_every_saved_history_replays() -> None:
    assert len(HISTORIES) >= 30
    replayer = Replayer(workflows=WORKFLOWS, plugins=[DeskPlugin()])
    failed = {}
    for path in HISTORIES:
        history = WorkflowHistory.from_json(name_of(path), read(path))
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failed[name_of(path)] = result.replay_failure
    assert failed == {}


@pytest.mark.parametrize("path", HISTORIES, ids=name_of)
def test_a_saved_history_says_nothing_of_the_machine_that_recorded_it(path: Path) -> None:
    text = read(path) + "".join(_payloads(json.loads(read(path))))
    ours = {socket.gethostname(), str(Path.home()), str(Path(__file__).parents[2]), "site-packages", "/tmp/"}  # noqa: S108  looked for
    user = getpass.getuser()
    assert [word for word in {*ours, f"/{user}/", f"{user}@"} if word in text] == []


def test_the_saved_histories_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in HISTORIES}
    assert [name for name, size in sizes.items() if size > 200_000] == []
    assert sum(sizes.values()) <= 3_000_000


def _payloads(value: Any) -> list[str]:
    """What the payloads say, which stand in base 64 in a history."""
    if isinstance(value, list):
        return [text for one in value for text in _payloads(one)]
    if not isinstance(value, dict):
        return []
    data = value.get("data")
    own = [b64decode(data).decode(errors="replace")] if isinstance(data, str) and "metadata" in value else []
    return own + [text for one in value.values() for text in _payloads(one)]
