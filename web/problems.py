"""What an error looks like, whoever raised it: problem details of RFC 9457, in our words, without what was sent.

| what | status | kind |
|---|---|---|
| a request that cannot be read | 400, 408, 413, 415 | `bad-request`, `too-slow`, `too-large`, `not-json` |
| one that says what it may not | 422 | `invalid` |
| nobody said who asks, or a token that does not count | 401 | `unauthorized` |
| a token that is not for this, a page of another site | 403 | `forbidden` |
| what is not there, or not to be done so | 404, 405 | `not-found`, `not-allowed` |
| the desk refuses | 409 | `refused` |
| … because its first cycle has not opened its books | 409 | `no-books` |
| it is not what somebody saw, and was to be changed (`If-Match`) | 412 | `changed` |
| too much at once | 429 | `too-many` |
| a bug of ours | 500 | `internal` |
| a server that is away, or too late | 503, 504 | `unavailable`, `timed-out` |
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Scope
from temporalio.service import RPCError, RPCStatusCode

from trading.errors import (
    BadConfiguration,
    BadMarketData,
    BadRule,
    BrokerRefused,
    MarketRefused,
    ModelRefused,
    NoBooks,
    Retryable,
    TradingError,
    UnknownSymbol,
    UnusableDatabase,
)
from trading.money import Record
from web.mistakes import said_of

MEDIA_TYPE = "application/problem+json"
KIND = "urn:trading-desk:problem:"
MOST_WORDS = 2000
MOST_ERRORS = 20
MOST_NAME = 80
NOTHING_HERE = "there is nothing at this address"
# What a browser would take for markup, should it ever take a problem for a page.
_MARKUP = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_KINDS = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "not-allowed",
    408: "too-slow",
    409: "refused",
    412: "changed",
    413: "too-large",
    415: "not-json",
    421: "misdirected",
    422: "invalid",
    429: "too-many",
    500: "internal",
    503: "unavailable",
    504: "timed-out",
}
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_AWAY = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})


class Wrong(Record):
    """One thing that is wrong with a request: where, and what."""

    where: str
    what: str


class Problem(Record):
    """Why a request was not answered."""

    type: Annotated[str, Field(examples=[f"{KIND}not-found"])]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["there is no cycle of that name"])] = ""
    request_id: Annotated[str, Field(examples=["0f6d1f3f1d8c4a63a3c6b9b0f4e2a7d1"])] = ""
    errors: tuple[Wrong, ...] = ()


class Refusal(Exception):
    """A request that is not answered, and why."""

    kind = ""
    """Of its own, where its status says too little."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[Wrong] = ()
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = tuple(errors)


class WithoutBooks(Refusal):
    """What is asked of a desk before its first cycle."""

    kind = "no-books"


def missing(what: str) -> Refusal:
    """There is no such thing."""
    return Refusal(404, f"there is no {what} of that name")


def wrong_of(error: ValidationError | RequestValidationError, at: Sequence[Any] = ()) -> tuple[Wrong, ...]:
    """What is wrong with what was sent: each place, after `at`, with its words."""
    return tuple(
        Wrong(where=_where((*at, *one["loc"])), what=said_of(one)[:MOST_WORDS]) for one in error.errors()[:MOST_ERRORS]
    )


def rendered(refusal: Refusal, request_id: str) -> Response:
    """The answer that says so."""
    status = HTTPStatus(refusal.status)
    problem = Problem(
        type=KIND + (refusal.kind or _KINDS.get(refusal.status, "bad-request")),
        title=status.phrase,
        status=refusal.status,
        detail=refusal.detail[:MOST_WORDS],
        request_id=request_id,
        errors=refusal.errors,
    )
    text = json.dumps(problem.model_dump(mode="json", exclude_defaults=True)).translate(_MARKUP)
    return Response(text, refusal.status, refusal.headers, MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These problems, as OpenAPI tells of them; those that any request may meet are always among them."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    every = sorted({400, 401, 403, 422, 429, 500, 503, 504, *statuses})
    return {one: {"description": HTTPStatus(one).phrase, "content": content} for one in every}


def handle_problems(app: FastAPI) -> None:
    """Have every error of a route end as a problem. What nobody foresaw goes on to `Guard`."""

    @app.exception_handler(Refusal)
    async def _refused(request: Request, error: Refusal) -> Response:
        return rendered(error, request_id(request))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return rendered(Refusal(error.status_code, _plain(error), _headers(request, error)), request_id(request))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        refusal = Refusal(422, "the request is not as described", errors=wrong_of(error))
        return rendered(refusal, request_id(request))

    @app.exception_handler(TradingError)
    async def _ours(request: Request, error: TradingError) -> Response:
        return rendered(of(error), request_id(request))

    @app.exception_handler(RPCError)
    async def _temporal(request: Request, error: RPCError) -> Response:
        if error.status not in _AWAY:
            raise error
        return rendered(Refusal(503, "Temporal does not answer", {"Retry-After": "5"}), request_id(request))


def of(error: TradingError) -> Refusal:
    """What one of our own errors is to who asked. Raises it again when it is a bug."""
    if isinstance(error, Retryable):
        seconds = max(1, round(error.retry_after_seconds or 5))
        return Refusal(503, str(error), {"Retry-After": str(seconds)})
    if isinstance(error, UnknownSymbol):
        return Refusal(404, str(error))
    if isinstance(error, UnusableDatabase):
        # No fault of who asks, and its words may hold an address.
        return Refusal(503, "the database cannot be used")
    if isinstance(error, NoBooks):
        return WithoutBooks(409, str(error))
    if isinstance(error, BadConfiguration | BadRule | BrokerRefused):
        return Refusal(409, str(error))
    if isinstance(error, MarketRefused | ModelRefused | BadMarketData):
        return Refusal(503, str(error))
    raise error


def request_id(request: Request) -> str:
    """The name of a request, which becomes the trace of all that it starts."""
    return str(request.state.request_id)


def _plain(error: HTTPException) -> str:
    words = {404: NOTHING_HERE, 405: "this cannot be done here; Allow says what can"}
    return words.get(error.status_code, HTTPStatus(error.status_code).phrase)


def _headers(request: Request, error: HTTPException) -> Mapping[str, str]:
    """Its own; `Allow` names what all routes of the address can, and not the first of them alone."""
    said = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        said["Allow"] = ", ".join(sorted(_allowed(request)))
    return said


def _allowed(request: Request) -> set[str]:
    routes = request.app.router.routes
    can = {each for each in _METHODS if any(_takes(one, {**request.scope, "method": each}) for one in routes)}
    return can | {"HEAD"} if "GET" in can else can


def _takes(route: BaseRoute, scope: Scope) -> bool:
    return route.matches(scope)[0] is Match.FULL


def _where(loc: Sequence[Any]) -> str:
    """The place of a mistake; a name that somebody sent is cut."""
    return ".".join("".join(c for c in str(part) if c.isprintable())[:MOST_NAME] for part in loc)
