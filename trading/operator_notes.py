"""What a person writes into the log: words, in their place among all that happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from trading.events import Event, EventType, printable
from trading.money import DeskId, Identifier, Record

LONGEST_NOTE = 2000


def _said(words: str) -> str:
    """The words without spaces around them; there must be some."""
    if not words.strip():
        raise ValueError("a note says something")
    return printable(words.strip())


class OperatorNote(Record):
    """A note of a person on the desk, or on one of its cycles; `note_id` makes it happen once."""

    desk_id: DeskId
    note_id: Identifier
    cycle_id: Identifier | None = None
    by: Annotated[str, Field(min_length=1, max_length=80)]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE), AfterValidator(_said)]
    trace_id: Identifier


def operator_noted(note: OperatorNote, at: datetime) -> Event:
    """Somebody wrote a note."""
    return Event(
        event_id=f"{note.desk_id}/{EventType.OPERATOR_NOTE}/{note.note_id}",
        desk_id=note.desk_id,
        aggregate_id=note.cycle_id or note.desk_id,
        type=EventType.OPERATOR_NOTE,
        trace_id=note.trace_id,
        occurred_at=at,
        data={"by": note.by, "text": note.text},
    )
