"""The audit log: read in pages, and a person's note as a line of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.postgres.reports import EventLine
from console.desk import has_books
from trading.access import Scope
from trading.errors import BooksDisagree
from trading.events import DECISIONS, EventType
from trading.instruments import Symbol
from trading.money import Identifier
from trading.operator_notes import LONGEST_NOTE, OperatorNote, operator_noted
from trading.signals import Verdict
from trading.strategy import StrategyId
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import Refusal, documented, missing, request_id
from web.told import Limit, Page, Sequence_, page, told

router = APIRouter(prefix="/api", tags=["log"], responses=documented(404, 409))
Again = Annotated[
    Identifier | None,
    Header(alias="Idempotency-Key", max_length=120, description="Of an earlier try: what it did is not done twice."),
]


class Note(BaseModel):
    """What a person wants remembered."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Broker maintenance tonight: fills may come late."}]}
    )

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE, pattern=r"\S")]
    cycle_id: Identifier | None = None


class Noted(BaseModel):
    """The note's name in the log."""

    event_id: str
    note_id: str


@router.get("/events", response_model=Page[EventLine], dependencies=[Reads])
async def events(  # noqa: PLR0913  each is a parameter of the address
    request: Request,
    at: AtDesk,
    *,
    cycle: Annotated[Identifier | None, Query(description="Only those of this cycle.")] = None,
    kind: Annotated[list[EventType] | None, Query(alias="type", max_length=50)] = None,
    after: Sequence_ = None,
    before: Sequence_ = None,
    limit: Limit = 50,
) -> Response:
    """Lines of the log: the newest first, or with `after` those that follow a number, in their order."""
    if after is not None:
        lines = await at.books.reports.events_after(after, limit=limit, cycle_id=cycle, types=kind or ())
        following = str(lines[-1].sequence) if len(lines) == limit else None
        return told(request, {"items": lines, "next": following})
    lines = await at.books.reports.events(limit=limit, cycle_id=cycle, types=kind or (), before=before)
    return told(request, page(lines, limit, lambda line: str(line.sequence)))


@router.get("/events/named", response_model=EventLine, dependencies=[Reads])
async def named(
    request: Request, at: AtDesk, event_id: Annotated[Identifier, Query(alias="id", description="An event's name.")]
) -> Response:
    """The line of the log that has this name, as an answer to a question cites it."""
    line = await at.books.reports.event(event_id)
    if line is None:
        raise missing("line")
    return told(request, line)


@router.get("/decisions", response_model=Page[EventLine], dependencies=[Reads])
async def decisions(  # noqa: PLR0913  each is a parameter of the address
    request: Request,
    at: AtDesk,
    *,
    symbol: Annotated[Symbol | None, Query(description="Only on this symbol.")] = None,
    verdict: Annotated[Verdict | None, Query(description="Only those that ended so.")] = None,
    strategy: Annotated[StrategyId | None, Query(description="Only those of this strategy.")] = None,
    before: Sequence_ = None,
    limit: Limit = 50,
) -> Response:
    """What the MetaAgent or a rule decided, the newest first."""
    asked = {"symbol": symbol, "verdict": verdict, "strategy_id": strategy}
    like = {name: str(word) for name, word in asked.items() if word is not None}
    lines = await at.books.reports.events(limit=limit, types=DECISIONS, before=before, like=like)
    return told(request, page(lines, limit, lambda line: str(line.sequence)))


@router.post("/events", status_code=201, response_model=Noted)
async def note(
    request: Request,
    at: AtDesk,
    said: Note,
    caller: Annotated[Caller, Depends(may(Scope.OPERATE))],
    again: Again = None,
) -> Response:
    """Write a note into the log, as `OperatorNote`: numbered and sealed like every line, and never taken back."""
    await has_books(at.books)
    if said.cycle_id is not None:
        await see_cycle(at, said.cycle_id)
    noted = OperatorNote(
        desk_id=at.desk_id,
        note_id=again or uuid4().hex,
        cycle_id=said.cycle_id,
        by=caller.name,
        text=said.text,
        trace_id=request_id(request),
    )
    event = operator_noted(noted, datetime.now(UTC))
    try:
        await at.books.ledger.record([event])
    except BooksDisagree:
        raise Refusal(409, "another note was written under this key") from None
    return told(request, {"event_id": event.event_id, "note_id": noted.note_id}, 201)


async def see_cycle(at: WebDesk, cycle_id: str) -> None:
    """See that the log knows this cycle, of this desk. Raises Refusal."""
    if not await at.books.reports.events(limit=1, cycle_id=cycle_id):
        raise missing("cycle")
