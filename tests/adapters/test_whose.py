"""Whose a log line is: every activity and every workflow says it, by what it is given."""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import activities
import workflows
from adapters import logs
from adapters.redaction import Redaction
from adapters.temporal.whose import _WITHIN, NAMES, whose
from tests.rig import Ports, cycle, request, serving
from trading.events import Event
from trading.money import Record

# What is done with the past, of no desk; and what is done for a desk as a whole, not for somebody who asked.
OF_NO_DESK = {"prepare_study", "run_chunk", "judge_fold", "finish_study", "Backtest"}
FOR_NOBODY = {
    *("deliver_alerts", "watch_prices", "watch_orders", "cancel_resting", "await_cycles"),
    *("check_citations", "resolve_memories", "load_past", "sum_up_replay"),
    *("AlertWatch", "BrokerWatch", "PriceWatch", "TradingDesk", "Replay", "RollCall", "ScheduledScan", "DailyClose"),
    "WeeklyReport",
}


def everything_that_is_called() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every activity, and the entry of every workflow."""
    for package in (activities, workflows):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            kinds: list[Any] = [each for each in vars(module).values() if inspect.isclass(each)]
            for kind in kinds:
                if kind.__module__ != module.__name__:
                    continue
                if hasattr(kind, "__temporal_workflow_definition"):
                    yield kind.__name__, kind.run
                for name, run in vars(kind).items():
                    if hasattr(run, "__temporal_activity_definition"):
                        yield name, run


def said_by(kind: Any, depth: int = 2) -> set[str]:
    """The names that a record of this type says of itself, by the rule that reads them."""
    if not (inspect.isclass(kind) and issubclass(kind, Record)):
        return set().union(*(said_by(each, depth) for each in getattr(kind, "__args__", ())))
    fields = kind.model_fields
    found = {name for name in NAMES if name in fields or isinstance(getattr(kind, name, None), property)}
    if "events" in fields:
        found |= said_by(Event)
    for name in _WITHIN if depth else ():
        if name in fields:
            found |= said_by(fields[name].annotation, depth - 1)
    return found


CALLED = sorted(everything_that_is_called(), key=lambda one: one[0])


@pytest.mark.parametrize(("name", "run"), CALLED, ids=[name for name, _ in CALLED])
def test_what_is_called_is_told_whose_it_is(name: str, run: Callable[..., Any]) -> None:
    hints = {key: hint for key, hint in get_type_hints(run).items() if key != "return"}
    said = set().union(*({key} & set(NAMES) | said_by(hint) for key, hint in hints.items()))
    wanted = set() if name in OF_NO_DESK else {"desk_id"} if name in FOR_NOBODY else {"desk_id", "trace_id"}
    assert wanted - said == set()


def test_an_id_alone_is_known_by_its_name() -> None:
    def watch(desk_id: str) -> str:
        return desk_id

    assert whose(watch, ["main"]) == {"desk_id": "main"}
    assert whose(watch, [7]) == {}


@pytest.mark.faults
async def test_every_line_of_a_cycle_says_whose_it_is(
    temporal: Any, engine: Any, sample_data: Path, tmp_path: Path
) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    file = tmp_path / "desk.jsonl"
    try:
        logs.write_also(file, Redaction())
        async with serving(temporal.client, Ports.real(engine, sample_data)):
            report = await cycle(temporal.client, request("DUK", "INTC"))
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    ours = [line for line in lines if str(line.get("workflow_id", "")).endswith(report.cycle_id)]
    assert {line["activity"] for line in ours} >= {"record", "open_cycle", "ask_data", "ask_meta", "audit_desk"}
    assert [line for line in ours if {*NAMES} - line.keys()] == []
    assert {line["cycle_id"] for line in ours} == {report.cycle_id}
    of_desk = [line for line in lines if "workflow_id" in line]
    assert [line for line in of_desk if "desk_id" not in line] == []
