"""What was paid in and out, and paying on paper."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.postgres.capital_rows import capital_of_desk
from adapters.postgres.engine import transaction
from console.capital import Moved, Payment, activity_of, paid
from console.desk import has_books
from console.state import LONGEST_REASON
from trading.access import Scope
from trading.errors import BooksDisagree
from trading.portfolio import CapitalEvent
from trading.statement import ActivityKind
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import Refusal, documented, request_id
from web.routes.events import Again
from web.told import Page, told

router = APIRouter(prefix="/api", tags=["capital"], responses=documented(409))
OTHER = "something else was paid under this key"


class Paid(BaseModel):
    """Money that is to be paid in or out of a desk on paper; at a real broker it moves there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "deposit", "amount": "2500.00", "reason": "more to trade with"}]},
    )

    kind: Literal[ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL]
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$")]
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")]


@router.get("/capital", response_model=Page[CapitalEvent], dependencies=[Reads])
async def capital(request: Request, at: AtDesk) -> Response:
    """Everything that changed the cash without a trade, the newest first."""
    async with transaction(at.books.engine) as connection:
        found = await capital_of_desk(connection, at.desk_id)
    return told(request, {"items": list(reversed(found)), "next": None})


@router.post("/capital", status_code=201, response_model=Moved)
async def pay(
    request: Request,
    at: AtDesk,
    wanted: Paid,
    caller: Annotated[Caller, Depends(may(Scope.OPERATE))],
    again: Again = None,
) -> Response:
    """Pay in or out on paper. A broker with an account of its own is refused: its statement tells the books."""
    await has_books(at.books)
    reason = f"{wanted.reason.strip()} ({caller.name})"[:LONGEST_REASON]
    named = None if again is None else _named(at, wanted.kind, again)
    if again is not None:
        await _see_same(at, wanted.kind, again)
    activity = activity_of(at.desk_id, Payment(ActivityKind(wanted.kind), wanted.amount, reason, named))
    try:
        moved = await paid(at.settings, at.books, at.prices.market, activity, request_id(request))
    except BooksDisagree:
        raise Refusal(409, OTHER) from None
    return told(request, moved, 201)


async def _see_same(at: WebDesk, kind: ActivityKind, key: str) -> None:
    """See that nothing was paid the other way under this key. Raises Refusal."""
    other = ActivityKind.WITHDRAWAL if kind is ActivityKind.DEPOSIT else ActivityKind.DEPOSIT
    async with transaction(at.books.engine) as connection:
        known = await capital_of_desk(connection, at.desk_id)
    if any(one.capital_event_id == _named(at, other, key) for one in known):
        raise Refusal(409, OTHER)


def _named(at: WebDesk, kind: ActivityKind, key: str) -> str:
    return f"{at.desk_id}/{kind}-{key}"
