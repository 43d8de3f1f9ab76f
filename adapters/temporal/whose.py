"""Whose a log line is: the desk, the cycle and the trace, found in what an activity or a workflow was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from trading.events import Event
from trading.traces import NONE

NAMES = ("trace_id", "cycle_id", "desk_id")
# Records that say whose the record that holds them is; what is left out, as orders to be compared, may be another's.
_WITHIN = ("stage", "cycle", "request", "asked", "scan")
_DESK, _TRACE = SearchAttributeKey.for_keyword("DeskId"), SearchAttributeKey.for_keyword("TraceId")
_CYCLE = "cycle/"


def whose(run: Callable[..., Any], args: Sequence[Any]) -> dict[str, str]:
    """The names that the arguments say, each as near to their top as it stands."""
    found: dict[str, str] = {}
    # A desk's id may be all that is given: it is known by the name of the parameter.
    names = [name for name in signature(run).parameters if name != "self"]
    for name, arg in zip(names, args, strict=False):
        if name in NAMES and isinstance(arg, str):
            found.setdefault(name, arg)
        for record in _holders(arg):
            for each in NAMES:
                value = getattr(record, each, None)
                if isinstance(value, str):
                    found.setdefault(each, value)
            if isinstance(record, Event) and record.aggregate_id != record.desk_id:
                found.setdefault("cycle_id", record.aggregate_id)
    return found


def trace_of(args: Sequence[Any]) -> str | None:
    """The trace that the arguments name; None for none."""
    records = (record for arg in args for record in _holders(arg))
    said = (getattr(record, "trace_id", None) for record in records)
    return next((one for one in said if isinstance(one, str) and one != NONE), None)


def whose_by_name(workflow_id: str) -> dict[str, str]:
    """What the name of a workflow says: a cycle's is that of its cycle."""
    return {"cycle_id": workflow_id.removeprefix(_CYCLE)} if workflow_id.startswith(_CYCLE) else {}


def whose_workflow() -> dict[str, str]:
    """What the name and the search attributes of the workflow that runs say of it."""
    info = workflow.info()
    known = {"desk_id": info.typed_search_attributes.get(_DESK), "trace_id": info.typed_search_attributes.get(_TRACE)}
    return {**{name: told for name, told in known.items() if told is not None}, **whose_by_name(info.workflow_id)}


def _holders(record: Any) -> Iterator[Any]:
    """A record, and those within it that say whose it is: the nearer ones first."""
    yield record
    within = [one for name in _WITHIN if (one := getattr(record, name, None)) is not None]
    yield from within
    yield from (one for holder in within for name in _WITHIN if (one := getattr(holder, name, None)) is not None)
    events = getattr(record, "events", None)
    if isinstance(events, tuple) and events:
        yield events[0]
