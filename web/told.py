"""How an answer is written: JSON with a tag by which it is known again, and pages with the place where they ended."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from adapters.postgres.reports import Place
from trading.money import Identifier
from web.problems import Refusal

Line = TypeVar("Line")
MOST_LINES = 500
LONGEST_CURSOR = 300
MOST_SEQUENCE = 2**31 - 1
_NAME = TypeAdapter[str](Identifier)
_AT = TypeAdapter[datetime](AwareDatetime)

Limit = Annotated[int, Query(ge=1, le=MOST_LINES, description="Most lines.")]
Sequence_ = Annotated[int | None, Query(ge=0, le=MOST_SEQUENCE)]
Cursor = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="`next` of the page before.")]


class Page(BaseModel, Generic[Line]):
    """Lines, the newest first, and where the next page goes on; nothing after the last."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Line, ...]
    next: Annotated[str | None, Field(examples=[None])] = None


def told(request: Request, document: object, status: int = 200) -> Response:
    """An answer with its tag; nothing but the tag for who has it already."""
    body = to_json(document, inf_nan_mode="null")
    if request.method != "GET":
        return Response(body, status, media_type="application/json")
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if tag in {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, status, {"ETag": tag}, "application/json")


def page(newest_last: Sequence[Line], limit: int, place: Callable[[Line], str]) -> dict[str, Any]:
    """A page of these lines; a full one may have another after it."""
    lines = list(reversed(newest_last))
    return {"items": lines, "next": place(lines[-1]) if len(lines) == limit else None}


def cursor_of(place: Place) -> str:
    """A place as a word that nobody needs to understand."""
    return base64.urlsafe_b64encode(f"{place.at.isoformat()} {place.name}".encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """The place that a cursor is. Raises Refusal for one that was never given."""
    if cursor is None:
        return None
    try:
        at, _, name = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        return Place(_AT.validate_python(at), _NAME.validate_python(name))
    except (ValueError, binascii.Error, ValidationError):
        raise Refusal(400, "no page ended there: a cursor is the `next` of the page before") from None
