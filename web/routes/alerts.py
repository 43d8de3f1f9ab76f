"""What was raised, and that a person has seen it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from adapters.postgres.alerts import PostgresAlerts
from console.alerts import MOST, Wish, acknowledged
from console.desk import has_books
from trading.access import Scope
from trading.notices import AlertLine
from web.access import Caller, Reads, may
from web.desk import AtDesk
from web.problems import documented, missing
from web.told import MOST_SEQUENCE, Limit, Page, told

router = APIRouter(prefix="/api/alerts", tags=["alerts"], responses=documented(404, 409))


@router.get("", response_model=Page[AlertLine], dependencies=[Reads])
async def alerts(
    request: Request,
    at: AtDesk,
    *,
    open_only: Annotated[bool, Query(alias="open", description="Only those that nobody has seen.")] = False,
    limit: Limit = 50,
) -> Response:
    """Alerts, the newest first, with who was told and who has seen them."""
    lines = await PostgresAlerts(at.books.engine).listed(at.desk_id, limit=limit, open_only=open_only)
    return told(request, {"items": list(reversed(lines)), "next": None})


@router.post("/{number}/ack", response_model=AlertLine)
async def acknowledge(
    request: Request,
    at: AtDesk,
    number: Annotated[int, Path(ge=1, le=MOST_SEQUENCE)],
    caller: Annotated[Caller, Depends(may(Scope.OPERATE))],
) -> Response:
    """Say that you have seen it; whoever says so first stays in the log."""
    await has_books(at.books)
    known = await PostgresAlerts(at.books.engine).listed(at.desk_id, limit=MOST)
    if all(line.alert.number != number for line in known):
        raise missing("alert")
    (line,) = await acknowledged(at.books, Wish(numbers=(number,), by=caller.name))
    return told(request, line)
