"""Edits that would break running workflows: each is planted in a copy, and the saved histories must find it.

A replay compares kinds and ids of steps, not their arguments: what changes only those is found by the other tests.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from adapters.temporal.plugin import DeskPlugin
from tests.histories.record import read, saved

ROOT = Path(__file__).parents[2]
WORKFLOWS = {"TradingDesk": "trading_desk", "TradingCycle": "trading_cycle", "OrderExecution": "order_execution"}


@dataclass(frozen=True, slots=True)
class Edit:
    """What is replaced by what in which file, and the workflow and history that must notice."""

    name: str
    file: str
    old: str
    new: str
    workflow: str
    history: str


PIPELINE, STEPS, DESK = "trading/cycle.py", "workflows/cycle_steps.py", "workflows/trading_desk.py"
QUEUE, RUNNING = "trading/waiting.py", "workflows/under_way.py"
# What is workflow code without being a workflow, and who calls it where that is no workflow either.
DECIDING = "trading/deliberation.py"
CALLERS = {DECIDING: PIPELINE}
ORDER = "workflows/order_execution.py"
VALUE = "    await run.mark()\n"
TRADES = "    await trade_all(run, decided)\n"
THINKS, SENDS = "    if run.shadow:\n        for", "    if False:\n        for"
SEARCH = "        search = OrderSearch("
TIMER = f"        await workflow.sleep(1)\n{SEARCH}"
LIFE = "workflow.now() + policies.ORDER_LIFE"
CLOCK, CHANCE = "__import__('datetime').datetime.now().astimezone()", "str(__import__('uuid').uuid4())"
SYMBOLS = "symbols = run.priced"
EDITS = (
    Edit("nothing", PIPELINE, VALUE, VALUE, "TradingCycle", "cycle-traded"),
    Edit("removed activity", PIPELINE, VALUE, "", "TradingCycle", "cycle-traded"),
    Edit("added activity", PIPELINE, VALUE, VALUE * 2, "TradingCycle", "cycle-traded"),
    Edit("reordered activities", PIPELINE, TRADES, VALUE + TRADES, "TradingCycle", "cycle-traded"),
    Edit("symbols in another order", DECIDING, SYMBOLS, f"{SYMBOLS}[::-1]", "TradingCycle", "cycle-traded"),
    Edit(
        "a thought that is sent",
        PIPELINE,
        THINKS,
        SENDS,
        "TradingCycle",
        "cycle-shadowed",
    ),
    Edit("other order of the queue", QUEUE, "pop(index)", "pop()", "TradingDesk", "desk-five-at-once"),
    Edit("changed child id", STEPS, "id=asked.workflow_id", "id='x' + asked.cycle_id", "TradingCycle", "cycle-traded"),
    Edit("changed cycle id", RUNNING, "id=cycle.workf", "id='x' + cycle.workf", "TradingDesk", "desk-five-at-once"),
    Edit("changed child type", RUNNING, "TradingCycle.run,", '"NewCycle",', "TradingDesk", "desk-five-at-once"),
    Edit("changed activity type", ORDER, "Activities.submit", "Activities.cancel", "OrderExecution", "order-filled"),
    Edit("one more timer", ORDER, SEARCH, TIMER, "OrderExecution", "order-filled"),
    Edit("one timer less", ORDER, "await workflow.sleep(pause, ", "dict(", "OrderExecution", "order-cancelled"),
    Edit("a shorter life", ORDER, f"latest = {LIFE}", f"latest = {LIFE} / 2", "OrderExecution", "order-cancelled"),
    Edit("a wall clock", ORDER, "workflow.now() +", f"{CLOCK} +", "OrderExecution", "order-filled"),
    Edit("chance", DESK, "str(workflow.uuid4())", CHANCE, "TradingDesk", "desk-halt-and-resume"),
)


def planted(edit: Edit, folder: Path) -> type[Any]:
    """The workflow with one edit, from a copy of its modules under names of their own."""
    name = "planted_" + "".join(letter if letter.isalnum() else "_" for letter in edit.name)
    workflow = f"workflows/{WORKFLOWS[edit.workflow]}.py"
    path, text = edit.file, (ROOT / edit.file).read_text()
    assert edit.old in text, edit.name
    text = text.replace(edit.old, edit.new, 1)
    if edit.name == "reordered activities":
        head, _, tail = text.rpartition(VALUE)
        text = head + tail
    while path != workflow:
        copy = f"{name}_{Path(path).stem}"
        (folder / f"{copy}.py").write_text(text)
        called = f"from {path.removesuffix('.py').replace('/', '.')} import"
        path = CALLERS.get(path, workflow)
        text = (ROOT / path).read_text()
        assert called in text, edit.name
        text = text.replace(called, f"from {copy} import")
    (folder / f"{name}.py").write_text(text)
    found: type[Any] = getattr(importlib.import_module(name), edit.workflow)
    return found


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
async def test_an_edit_that_breaks_running_workflows_is_caught(
    edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    [path] = [path for path in saved() if path.name.split(".")[0] == edit.history]
    history = WorkflowHistory.from_json(edit.history, read(path))
    replayer = Replayer(workflows=[planted(edit, tmp_path)], plugins=[DeskPlugin()])
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    caught = result.replay_failure is not None
    assert caught is (edit.name != "nothing"), result.replay_failure
