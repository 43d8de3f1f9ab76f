"""How an answer is written: JSON with a tag by which it is known again, and pages with the place where they ended."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Header, Query, Request
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
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=1000, description="The `ETag` of what you saw: refused (412) if it is another."
    ),
]


class Page(BaseModel, Generic[Line]):
    """Lines, the newest first, and where the next page goes on; nothing after the last."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Line, ...]
    next: Annotated[str | None, Field(examples=[None])] = None


def told(request: Request, document: object, status: int = 200, *, of: object = None) -> Response:
    """An answer with its tag; nothing but the tag for who has it already.

    `of` is what of it can be changed: its part of the tag is what `unchanged` looks at, and is told of a change too.
    """
    body = to_json(document, inf_nan_mode="null")
    part = "" if of is None else _hashed(of)
    if request.method != "GET":
        return Response(body, status, {"ETag": f'"{part}"'} if part else None, "application/json")
    tag = f'"{part}.{_digest(body)}"' if part else f'"{_digest(body)}"'
    if tag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, status, {"ETag": tag}, "application/json")


def unchanged(said: str | None, of: object) -> None:
    """See that what is to be changed is still what somebody saw, if they say what that was. Raises Refusal (412).

    A number that only describes it, such as what it has earned, may be another: that part of a tag does not count.
    """
    if said is None or said.strip() == "*":
        return
    if _hashed(of) not in {tag.strip('"').partition(".")[0] for tag in _tags(said)}:
        raise Refusal(412, "it is not what it was when you looked: GET it again")


def _hashed(of: object) -> str:
    return _digest(to_json(of, inf_nan_mode="null"))


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _tags(said: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in said.split(",")}


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
        # A moment may be one by its own clock and none by that of the books.
        return Place(_AT.validate_python(at).astimezone(UTC), _NAME.validate_python(name))
    except (ValueError, OverflowError, binascii.Error, ValidationError):
        raise Refusal(400, "no page ended there: a cursor is the `next` of the page before") from None
