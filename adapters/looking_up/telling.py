"""How a tool tells what it found: as compact tables of text, cleaned, of bounded length, with the ids that it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from adapters.redaction import Redaction
from trading.agents.envelope import plain
from trading.inquiry import MOST_RESULT, Finding, Lookup
from trading.inquiry_limits import MOST_CELL, MOST_CITED

_CUT = "\n(Cut here: {} of {} lines are told. Ask for fewer rows, or of a shorter time.)"
_LEAST_LINE = 40
_CENTS = 2


class Told(NamedTuple):
    """What a tool found: lines of text, the ids that they name, so many rows; `more` says that there are more."""

    lines: Sequence[str]
    ids: Sequence[str] = ()
    rows: int = 0
    more: str = ""


class Untold(Exception):
    """A tool tells nothing, and why: in one line, for whoever asked."""


def finding(lookup: Lookup, told: Told, redact: Redaction) -> Finding:
    """What was found, as it is handed on: never longer than it may be, and citing no id that it does not name."""
    lines = [redact(line) for line in (*told.lines, *((f"({told.more})",) if told.more else ()))]
    text, cut = _within(lines)
    ids = tuple(dict.fromkeys(one for one in told.ids if one and one in text))[:MOST_CITED]
    return Finding(lookup=lookup, text=text, ids=ids, rows=told.rows, truncated=cut or bool(told.more))


def nothing(lookup: Lookup, why: str, redact: Redaction) -> Finding:
    """That nothing was found, and why."""
    return Finding(lookup=lookup, error=plain(redact(why), 1000))


def table(columns: Sequence[str], rows: Iterable[Mapping[Any, Any]]) -> list[str]:
    """Rows below their columns, a line each; columns that are empty in every row are left out."""
    cells = [[cell(row[name]) for name in columns] for row in rows]
    kept = [n for n in range(len(columns)) if any(line[n] != "-" for line in cells)]
    heads = [columns[n] for n in kept]
    return [" | ".join(heads), *(" | ".join(line[n] for n in kept) for line in cells)]


def cell(value: object, most: int = MOST_CELL) -> str:
    """One value, in one visible line."""
    if value in _EMPTY:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list | tuple):
        return _short(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str), most)
    written = next((write for kind, write in _WRITTEN.items() if isinstance(value, kind)), str)
    return _short(written(value), most)


def moment(at: datetime) -> str:
    """A time by UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def amount(number: Decimal) -> str:
    """A number without the zeros with which a column pads it; cents stay."""
    written = f"{number:f}"
    whole, dot, part = written.partition(".")
    return written if len(part) <= _CENTS or not dot else f"{whole}.{part}".rstrip("0").rstrip(".")


def outline(data: Mapping[str, object], without: Iterable[str] = (), most: int = MOST_CELL) -> str:
    """What an event says, as `key=value`, without what other columns say; empty values are left out."""
    left = set(without)
    said = (f"{key}={cell(value, most)}" for key, value in data.items() if key not in left and value not in _EMPTY)
    return _short(" ".join(said), most)


_EMPTY: tuple[object, ...] = (None, "", [], (), {})
# A datetime is a date, too: the narrower kind comes first.
_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    datetime: moment,
    date: date.isoformat,
    Decimal: amount,
    float: lambda number: f"{number:.6g}",
}


def _short(text: str, most: int) -> str:
    line = plain(text, most + 1)
    return line if len(line) <= most else line[: most - 1] + "…"


def _within(lines: Sequence[str]) -> tuple[str, bool]:
    text = "\n".join(lines)
    if len(text) <= MOST_RESULT:
        return text, False
    room = MOST_RESULT - len(_CUT) - _LEAST_LINE
    whole = text[:room].rsplit("\n", 1)[0]
    return whole + _CUT.format(whole.count("\n") + 1, len(lines)), True
