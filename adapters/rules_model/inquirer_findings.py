"""What the tools told, read back from their tables: a head line of names, then a line a row, cells apart by ` | `."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from trading.agents.envelope import opened
from trading.agents.inquirer import FindingTold, InquirerFacts, LookupAnswer, lookup_of
from trading.inquiry import Tool

_APART = " | "
_NOTHING: Mapping[str, JsonValue] = {
    **dict.fromkeys(
        ("since", "until", "at", "symbol", "cycle_id", "trace_id", "strategy_id", "text", "level", "limit", "view")
    ),
    "order_by": None,
    "total_by": None,
    "descending": True,
    "most": None,
    "types": [],
    "where": [],
}
Row = Mapping[str, str]
Use = dict[str, JsonValue]
"""A use of a tool as an answer says it."""
EMPTY = "-"
"""What stands in a cell of which there is nothing to say."""


class Seen(NamedTuple):
    """One look-up's outcome: its lines, those of its table as rows, the ids that it names, and why there is nothing."""

    lines: Sequence[str]
    rows: Sequence[Row]
    ids: Sequence[str]
    more: bool
    error: str

    def ids_of(self, rows: Sequence[Row]) -> list[str]:
        """The ids that these rows name, in their order."""
        there = set(self.ids)
        return list(dict.fromkeys(cell for row in rows for cell in row.values() if cell in there))


def using(tool: Tool, **said: JsonValue) -> Use:
    """A use of a tool."""
    return {**_NOTHING, "tool": tool.value, **said}


def where(column: str, op: str, value: str = "") -> JsonValue:
    """One column compared with a value."""
    return {"column": column, "op": op, "value": value}


def rows_in(column: str, since: datetime | None, until: datetime | None) -> list[JsonValue]:
    """A column's times within a stretch."""
    return [where(column, op, iso(at)) for op, at in ((">=", since), ("<=", until)) if at is not None]


def spell(since: datetime | None, until: datetime | None) -> Use:
    """A stretch of time, as a look-up of events says it."""
    return {"since": None if since is None else iso(since), "until": None if until is None else iso(until)}


def iso(at: datetime) -> str:
    """A time by UTC, as tools take it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def seen(facts: InquirerFacts, wanted: Mapping[str, JsonValue]) -> Seen | None:
    """What a look-up told; None while it was not made."""
    lookup = lookup_of(LookupAnswer.model_validate(wanted))
    for finding in facts.findings:
        if (finding.tool, finding.arguments) == (lookup.tool, lookup.arguments):
            return _seen(finding)
    return None


def _seen(finding: FindingTold) -> Seen:
    lines = opened(finding.told).splitlines()
    return Seen(lines, _rows(lines), finding.ids, finding.truncated, opened(finding.error))


def _rows(lines: Sequence[str]) -> list[Row]:
    """The rows of the first table; whoever wrote a bar into a text has its last cell longer, not the columns moved."""
    start = next((number for number, line in enumerate(lines) if _APART in line), None)
    if start is None:
        return []
    heads = lines[start].split(_APART)
    cells = (line.split(_APART, len(heads) - 1) for line in lines[start + 1 :])
    return [dict(zip(heads, row, strict=True)) for row in cells if len(row) == len(heads)]
