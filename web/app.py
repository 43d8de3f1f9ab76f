"""The API as a whole: its routes, what stands before them, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from prometheus_client import CollectorRegistry

from web.access import Door
from web.buckets import Buckets
from web.counts import Counts
from web.desk import WebDesk
from web.guard import Guard
from web.heads import Heads
from web.pages import lost
from web.pages import router as pages
from web.problems import Problem, handle_problems
from web.routes import (
    alerts,
    approvals,
    backtests,
    books,
    breaker,
    capital,
    chain,
    cycles,
    events,
    figures,
    health,
    inquiries,
    live,
    market,
    me,
    memory,
    metrics,
    rules,
    schedules,
    strategies,
    trades,
)
from web.tickets import Tickets
from web.told import told

TITLE = "Trading desk"
VERSION = "1"
ROUTERS = (
    me,
    cycles,
    health,
    metrics,
    books,
    trades,
    events,
    chain,
    live,
    market,
    capital,
    strategies,
    rules,
    breaker,
    approvals,
    alerts,
    figures,
    backtests,
    memory,
    inquiries,
    schedules,
)
ABOUT = """A second face of the command line: it starts and signals workflows and reads; it never trades by itself.

Amounts are decimal strings, times are UTC. Errors are problem details (RFC 9457). `X-Request-ID`, given or made, comes
back and is the `trace_id` of all that a request starts. Without a token, what changes something says
`X-Trading-Desk: 1`."""


def create_app(at: WebDesk, door: Door, *, registries: Sequence[CollectorRegistry] = ()) -> FastAPI:
    """The API of one desk; `registries` are told at /metrics besides its own counts."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # The guard makes a request's span: these would join a stranger's trace, and tell what was asked for.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        # An address is one: nobody is sent on under a name that came with the request.
        redirect_slashes=False,
    )
    counts, web = Counts(), at.settings.web
    app.state.desk = at
    app.state.door = door
    app.state.tickets = Tickets()
    app.state.registries = (counts.registry, *registries)
    app.state.listeners = live.Listeners(web.listeners, counts)
    for one in ROUTERS:
        app.include_router(one.router)
    app.include_router(pages)
    handle_problems(app)
    app.add_exception_handler(404, lost)
    buckets = Buckets(web.requests_per_second, web.burst)
    app.add_middleware(Heads)
    app.add_middleware(Guard, desk_id=at.desk_id, buckets=buckets, counts=counts)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    app.add_api_route("/api/openapi.json", _description, include_in_schema=False)
    return app


async def _description(request: Request) -> Response:
    return told(request, request.app.openapi())


def described(app: FastAPI) -> dict[str, Any]:
    """The API's description, with the one shape of every error and the two ways in."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = schema.setdefault("components", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts.setdefault("schemas", {}).update({**problem.pop("$defs", {}), "Problem": problem})
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}, {}]
        app.openapi_schema = schema
    return app.openapi_schema
