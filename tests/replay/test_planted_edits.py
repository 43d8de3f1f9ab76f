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


PIPELINE, CYCLE, DESK = "trading/cycle.py", "workflows/trading_cycle.py", "workflows/trading_desk.py"
QUEUE = "trading/waiting.py"
# What is workflow code without being a workflow.
PURE = {PIPELINE: "trading.cycle", QUEUE: "trading.waiting"}
ORDER = "workflows/order_execution.py"
VALUE = "        await self._mark()\n"
TRADES = "        for candidate, decision in decided:\n"
THINKS = "(self._think if self.shadow else self._trade)"
SEARCH = "        search = OrderSearch("
TIMER = f"        await workflow.sleep(1)\n{SEARCH}"
LIFE = "workflow.now() + policies.ORDER_LIFE"
CLOCK, CHANCE = "__import__('datetime').datetime.now().astimezone()", "str(__import__('uuid').uuid4())"
SYMBOLS = "[priced.instrument.symbol for priced in self.snapshot.symbols]"
EDITS = (
    Edit("nothing", PIPELINE, VALUE, VALUE, "TradingCycle", "cycle-traded"),
    Edit("removed activity", PIPELINE, VALUE, "", "TradingCycle", "cycle-traded"),
    Edit("added activity", PIPELINE, VALUE, VALUE * 2, "TradingCycle", "cycle-traded"),
    Edit("reordered activities", PIPELINE, TRADES, VALUE + TRADES, "TradingCycle", "cycle-traded"),
    Edit("symbols in another order", PIPELINE, SYMBOLS, f"{SYMBOLS}[::-1]", "TradingCycle", "cycle-traded"),
    Edit("a thought that is sent", PIPELINE, THINKS, "self._trade", "TradingCycle", "cycle-shadowed"),
    Edit("other order of the queue", QUEUE, "popleft()", "pop()", "TradingDesk", "desk-five-at-once"),
    Edit("changed child id", CYCLE, "id=asked.workflow_id", "id='x' + asked.cycle_id", "TradingCycle", "cycle-traded"),
    Edit("changed cycle id", DESK, "id=cycle.workflow", "id='x' + cycle.workflow", "TradingDesk", "desk-five-at-once"),
    Edit("changed child type", DESK, "TradingCycle.run,", '"NewCycle",', "TradingDesk", "desk-five-at-once"),
    Edit("changed activity type", ORDER, "Activities.submit", "Activities.cancel", "OrderExecution", "order-filled"),
    Edit("one more timer", ORDER, SEARCH, TIMER, "OrderExecution", "order-filled"),
    Edit("one timer less", ORDER, "await workflow.sleep(pause, ", "dict(", "OrderExecution", "order-cancelled"),
    Edit("a shorter life", ORDER, f"latest = {LIFE}", f"latest = {LIFE} / 2", "OrderExecution", "order-cancelled"),
    Edit("a wall clock", ORDER, "workflow.now() +", f"{CLOCK} +", "OrderExecution", "order-filled"),
    Edit("chance", DESK, "str(workflow.uuid4())", CHANCE, "TradingDesk", "desk-halt-and-resume"),
)


def planted(edit: Edit, folder: Path) -> type[Any]:
    """The workflow with one edit, from a copy of its modules under a name of its own."""
    name = "planted_" + "".join(letter if letter.isalnum() else "_" for letter in edit.name)
    module = WORKFLOWS[edit.workflow]
    sources = {path: (ROOT / path).read_text() for path in {edit.file, f"workflows/{module}.py"}}
    assert edit.old in sources[edit.file], edit.name
    text = sources[edit.file].replace(edit.old, edit.new, 1)
    if edit.name == "reordered activities":
        head, _, tail = text.rpartition(VALUE)
        text = head + tail
    sources[edit.file] = text
    if edit.file in PURE:
        (folder / f"{name}_pure.py").write_text(sources.pop(edit.file))
        [(path, workflow)] = sources.items()
        sources[path] = workflow.replace(f"from {PURE[edit.file]} import", f"from {name}_pure import")
    (folder / f"{name}.py").write_text(sources[f"workflows/{module}.py"])
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
