"""Whether the desk is well, as far as anybody can tell from here.

| check | not well when | then |
|---|---|---|
| database | it does not answer, or is not migrated | down, 503 |
| temporal | it does not answer | down, 503 |
| workers | nobody asks a queue of the desk for work | down, 503 |
| data | the exchange is open and what is held was last valued three marks ago | degraded, 200 |
| breaker | the desk is not ACTIVE | degraded, 200 |

Anybody may ask, so that a probe needs no token; what each check found is told to who may read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from temporalio.service import RPCError

from adapters.postgres.migrations import revision
from console.desk import LOOK_TIMEOUT
from console.status import workers
from trading.breaker import TradingState
from trading.errors import TradingError
from web.access import who
from web.desk import AtDesk, WebDesk
from web.problems import Problem, Refusal
from web.told import told

router = APIRouter(tags=["health"])
MARKS_MISSED = 3
SECONDS = 5.0


class Health(StrEnum):
    """How it is."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class Check(BaseModel):
    """What one look found; nothing to who may not read."""

    name: Annotated[str, Field(examples=["database"])]
    health: Health
    found: str = ""


class Checks(BaseModel):
    """The worst of all checks, and each."""

    status: Health
    checks: tuple[Check, ...]


@router.get(
    "/health",
    response_model=Checks,
    responses={503: {"model": Checks, "description": "Something is down."}, 429: {"model": Problem}},
)
async def health(request: Request, at: AtDesk) -> Response:
    """Look at everything, and say the worst of it."""
    found = await asyncio.gather(
        _of("database", _database(at)),
        _of("temporal", _temporal(at)),
        _of("workers", _workers(at)),
        _of("data", _data(at), otherwise=Health.DEGRADED),
        _of("breaker", _breaker(at), otherwise=Health.DEGRADED),
    )
    worst = max((one.health for one in found), key=list(Health).index)
    checks = found if await _reads(request) else [one.model_copy(update={"found": ""}) for one in found]
    answer = told(request, Checks(status=worst, checks=tuple(checks)), 503 if worst is Health.DOWN else 200)
    del answer.headers["etag"]
    return answer


async def _of(name: str, look: Awaitable[tuple[bool, str]], otherwise: Health = Health.DOWN) -> Check:
    try:
        async with asyncio.timeout(SECONDS):
            well, found = await look
    except (TradingError, RPCError, TimeoutError) as error:
        return Check(name=name, health=otherwise, found=str(error)[:300] or "no answer in time")
    return Check(name=name, health=Health.OK if well else otherwise, found=found)


async def _database(at: WebDesk) -> tuple[bool, str]:
    current, newest = await revision(at.books.engine)
    return current == newest, f"schema {current}" + ("" if current == newest else f", this program needs {newest}")


async def _temporal(at: WebDesk) -> tuple[bool, str]:
    return await at.client.service_client.check_health(timeout=LOOK_TIMEOUT), f"namespace {at.client.namespace}"


async def _workers(at: WebDesk) -> tuple[bool, str]:
    counts = await workers(at.client)
    return all(counts.values()), ", ".join(f"{queue} {count}" for queue, count in counts.items())


async def _data(at: WebDesk) -> tuple[bool, str]:
    if not await at.books.reports.is_open():
        return True, "no books yet"
    held, now = await at.books.ledger.portfolio(at.desk_id), datetime.now(UTC)
    if held.marked_at is None:
        return True, "never valued"
    found = f"valued as of {held.marked_at:%Y-%m-%d %H:%M} UTC"
    if at.prices.market.historical or not held.positions or not at.prices.is_in_session(now):
        return True, found
    oldest = timedelta(minutes=at.settings.monitor.mark_minutes * MARKS_MISSED)
    return now - held.marked_at <= oldest, found


async def _breaker(at: WebDesk) -> tuple[bool, str]:
    if not await at.books.reports.is_open():
        return True, "no books yet"
    breaker = await at.books.ledger.breaker(at.desk_id)
    return breaker.state is TradingState.ACTIVE, f"{breaker.state} {breaker.reason or ''}".strip()


async def _reads(request: Request) -> bool:
    try:
        await who(request)
    except (Refusal, TradingError):
        return False
    return True
