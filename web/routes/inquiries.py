"""Questions to the desk in plain language, and their answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.postgres.inquiries import PostgresInquiries
from console.inquiring import Asked, begin, looked_up, wish_of
from trading.access import Scope
from trading.inquiry import MOST_QUESTION, InquiryLine, Lookup
from trading.money import Identifier
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import documented, missing, request_id
from web.told import Limit, Page, told

router = APIRouter(prefix="/api/inquiries", tags=["ask"], responses=documented(404, 409))
MOST_LOOKED_AT = 500


class Question(BaseModel):
    """A question; it only reads, and costs no more than the settings allow."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"question": "What halted us?"}]})

    question: Annotated[str, Field(min_length=1, max_length=MOST_QUESTION, pattern=r"\S")]


class Taken(BaseModel):
    """The question's name: `GET` it until it has a report."""

    inquiry_id: Identifier
    trace_id: Identifier


@router.post("", status_code=202, response_model=Taken)
async def ask(
    request: Request, at: AtDesk, said: Question, caller: Annotated[Caller, Depends(may(Scope.OPERATE))]
) -> Response:
    """Ask. It costs what its models cost, so whoever asks must be allowed to operate."""
    wish = wish_of(at.settings, Asked(said.question, by=caller.name, trace_id=request_id(request)))
    handle = await begin(at.client, wish)
    name = handle.id.removeprefix("inquiry/")
    answer = told(request, Taken(inquiry_id=name, trace_id=request_id(request)), 202)
    answer.headers["Location"] = f"/api/inquiries/{name}"
    return answer


@router.get("", response_model=Page[InquiryLine], dependencies=[Reads])
async def inquiries(request: Request, at: AtDesk, limit: Limit = 20) -> Response:
    """What was asked, the newest first, with its answer where there is one."""
    found = await PostgresInquiries(at.books.engine).newest(at.desk_id, limit)
    return told(request, {"items": found, "next": None})


@router.get("/{inquiry_id}", response_model=InquiryLine, dependencies=[Reads])
async def inquiry(request: Request, at: AtDesk, inquiry_id: Annotated[Identifier, Path()]) -> Response:
    """One question, and its answer once there is one."""
    return told(request, await _line(at, inquiry_id))


@router.get("/{inquiry_id}/steps", response_model=Page[Lookup], dependencies=[Reads])
async def steps(request: Request, at: AtDesk, inquiry_id: Annotated[Identifier, Path()]) -> Response:
    """What was looked up for a question so far, the first first; while nobody answers for it, nothing."""
    line = await _line(at, inquiry_id)
    found = await looked_up(at.client, inquiry_id) if line.report is None else line.report.findings
    return told(request, {"items": found, "next": None})


async def _line(at: WebDesk, inquiry_id: str) -> InquiryLine:
    for line in await PostgresInquiries(at.books.engine).newest(at.desk_id, MOST_LOOKED_AT):
        if line.request.inquiry_id == inquiry_id:
            return line
    raise missing("question")
