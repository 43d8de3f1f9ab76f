"""`query_logs`: lines of the file of JSON lines that the workers write besides their log."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.looking_up.events import more
from adapters.looking_up.reading import Whose
from adapters.looking_up.telling import Told, Untold, outline
from trading.inquiry_arguments import QueryLogs
from trading.inquiry_limits import MOST_LOG_BYTES

LEVELS = logging.getLevelNamesMapping()
_HEAD = ("timestamp", "level", "event")
_MOST_LINE = 500
# Cycles, the orders that are named after them and what else began at a moment are named after their desk and it.
_NAMED = re.compile(r"(?:^|/)(?P<desk>[a-z0-9-]+?)-(?:start-)?\d{8}T\d{6}")


async def query_logs(file: Path | None, whose: Whose, asked: QueryLogs) -> Told:
    """The newest lines that are asked for, of this desk and of none."""
    if file is None:
        raise Untold("the workers write no file of log lines: LOG_FILE names one")
    try:
        text, cut = await asyncio.to_thread(_tail, file)
    except OSError as error:
        message = f"the file of log lines cannot be read: {error.strerror}"
        raise Untold(message) from error
    fitting = [line for line in _lines(text) if is_ours(line, whose.desk_id) and _fits(line, whose, asked)]
    if not fitting:
        raise Untold("no line of the log is so" + (", of those at its end that are looked through" if cut else ""))
    told = fitting[::-1][: asked.most]
    ids = [str(line[name]) for line in told for name in ("cycle_id",) if name in line]
    return Told([_line(line) for line in told], ids, len(told), more(fitting, asked.most))


def _tail(file: Path) -> tuple[str, bool]:
    """The end of the file, with that of the one before it where there is room; whether anything was left out."""
    found: list[bytes] = []
    room, cut = MOST_LOG_BYTES, False
    for each in (file, file.with_name(f"{file.name}.1")):
        if not each.exists() and each != file:
            break
        with each.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(0, size - room))
            found.insert(0, opened.read(room))
        cut = size > room
        room -= min(size, room)
        if not room:
            break
    return b"".join(found).decode(errors="replace"), cut


def _lines(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            continue  # the first line that is read may be half of one
        if isinstance(read, dict):
            yield read


def is_ours(line: Mapping[str, Any], desk_id: str) -> bool:
    """Not a line of another desk; one of the process itself is everybody's."""
    said = line.get("desk_id", line.get("desk"))
    if said is not None:
        return bool(said == desk_id)
    workflow_id = line.get("workflow_id")
    if workflow_id is None:
        return True
    named = _NAMED.search(str(workflow_id))
    return named["desk"] == desk_id if named else desk_id in str(workflow_id).split("/")


def _fits(line: Mapping[str, Any], whose: Whose, asked: QueryLogs) -> bool:
    at = moment_of(line)
    if at is None or at > min(asked.until or whose.as_of, whose.as_of) or (asked.since and at < asked.since):
        return False
    if LEVELS.get(str(line.get("level", "info")).upper(), 0) < LEVELS[asked.level.upper()]:
        return False
    if asked.trace_id is not None and line.get("trace_id") != asked.trace_id:
        return False
    if asked.cycle_id is not None and not of_cycle(line, asked.cycle_id):
        return False
    return asked.contains is None or asked.contains.lower() in json.dumps(line, ensure_ascii=False).lower()


def of_cycle(line: Mapping[str, Any], cycle_id: str) -> bool:
    """By its own word, or by that of its workflow: the cycle's, or one of its orders'."""
    workflow_id = str(line.get("workflow_id", ""))
    return (
        line.get("cycle_id") == cycle_id or workflow_id == f"cycle/{cycle_id}" or workflow_id.startswith(f"{cycle_id}-")
    )


def moment_of(line: Mapping[str, Any]) -> datetime | None:
    """When a line was written, None when it does not say so."""
    try:
        at = datetime.fromisoformat(str(line["timestamp"]))
    except (KeyError, ValueError):
        return None
    return at if at.tzinfo else None


def _line(line: Mapping[str, Any]) -> str:
    first = " | ".join(str(line.get(name, "-")) for name in _HEAD)
    return outline({"": first}, most=_MOST_LINE).removeprefix("=") + " | " + outline(line, _HEAD, _MOST_LINE)
