"""Tables in Markdown for Temporal's Web UI."""

from __future__ import annotations

from collections.abc import Iterable

from trading.docket import Row

_HEAD = "| symbol | price | signal | asked | allowed | approved | validated | decided | order | filled | note |"
_RULE = "|---|---:|---|---:|---:|---:|---|---:|---|---:|---|"
_LONGEST_NOTE = 160


def decision_table(rows: Iterable[Row]) -> str:
    """One line a symbol."""
    return "\n".join([_HEAD, _RULE, *(_line(row) for row in rows)])


def _line(row: Row) -> str:
    signal = "" if row.action is None else f"{row.action} {row.confidence or 0:.2f}"
    validated = "" if row.validated is None else ("yes" if row.validated else "no")
    quantities = [_number(value) for value in (row.asked, row.allowed, row.approved)]
    ends = [validated, _number(row.decided), row.order_state or "", _number(row.filled)]
    # A model's words stand in a table: no bar and no line break of theirs may end a cell.
    note = row.note.replace("|", "/").replace("\n", " ").replace("<", "(")[:_LONGEST_NOTE]
    return f"| {' | '.join([row.symbol, _number(row.price), signal, *quantities, *ends, note])} |"


def _number(value: object) -> str:
    return "" if value is None else f"{value:f}"
