"""What waits for a person's yes, and that person's answer, bound to exactly what was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.postgres.approvals import PostgresApprovals
from console.approvals import REACHES_BACK, Answered, Pending, Wish, heard, taken
from trading.access import Scope
from trading.answering import LEAST_HASH, MOST_REASON
from trading.instruments import Symbol
from trading.money import Identifier
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import documented, request_id
from web.routes.events import Again, see_cycle
from web.told import Page, told

router = APIRouter(prefix="/api/approvals", tags=["approvals"], responses=documented(404, 409))
Approves = Annotated[Caller, Depends(may(Scope.APPROVE))]


class Answer(BaseModel):
    """An answer to the question of a cycle; `hash` is that of the orders that were seen, as `GET` tells it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"cycle_id": "main-20261120-1", "hash": "0" * 64}]}
    )

    cycle_id: Identifier
    hash: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{LEAST_HASH},64}}$")]
    reason: Annotated[str, Field(max_length=MOST_REASON)] = ""


class Yes(Answer):
    """A yes, to all of the orders or to those of the symbols that are named."""

    only: Annotated[tuple[Symbol, ...], Field(max_length=100)] = ()


@router.get("", response_model=Page[Pending], dependencies=[Reads])
async def pending(request: Request, at: AtDesk) -> Response:
    """Entries that wait, with the exact orders and their hash; `live` is null when no worker answers."""
    asked = await PostgresApprovals(at.books.engine).waiting(datetime.now(UTC) - REACHES_BACK)
    ours = [one for one in asked if one.desk_id == at.desk_id]
    return told(request, {"items": await heard(at.client, ours), "next": None})


@router.post("/approve", response_model=Answered)
async def approve(request: Request, at: AtDesk, said: Yes, caller: Approves, again: Again = None) -> Response:
    """Say yes to exactly these orders."""
    return told(request, await _answered(at, said, said.only, (caller, request_id(request), again)))


@router.post("/reject", response_model=Answered)
async def reject(request: Request, at: AtDesk, said: Answer, caller: Approves, again: Again = None) -> Response:
    """Say no to all of them."""
    return told(request, await _answered(at, said, None, (caller, request_id(request), again)))


async def _answered(
    at: WebDesk, said: Answer, only: tuple[str, ...] | None, who: tuple[Caller, str, str | None]
) -> Answered:
    """Give the answer to its cycle, under the name of the request, or of a try before."""
    caller, name, again = who
    await see_cycle(at, said.cycle_id)
    wish = Wish(
        cycle=said.cycle_id,
        hash=said.hash,
        by=caller.name,
        only=",".join(only or ()),
        reason=said.reason,
        again=again or f"answer/{name}"[:160],
        approves=only is not None,
    )
    return await taken(at.client, wish)
