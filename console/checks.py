"""What a cycle needs, one check each, on the code path that the cycle takes. A check answers with what it found."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.market import look
from adapters.postgres.engine import APPLICATION_ROLE
from adapters.postgres.reports import Reports
from console import ready
from console.desk import pollers
from console.watchlist import Prices, watchlist
from embedded import EmbeddedError
from settings import Settings
from trading.errors import TradingError
from trading.money import Record
from wiring.models import check_models, sittings_of
from workflows import search_attributes

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1_000_000_000
MOST_SKEW = timedelta(seconds=2)


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(Record):
    """One check: what is required, what was found, and what to do when they differ. A warning stops no cycle."""

    id: str
    status: Health
    required: str
    found: str
    mend: str = ""


class Unwell(Exception):
    """Not as required."""

    def __init__(self, found: str, mend: str, *, status: Health = Health.FAIL) -> None:
        super().__init__(found)
        self.mend = mend
        self.status = status


async def check(name: str, required: str, find: Callable[[], Awaitable[str]]) -> Check:
    """Run one check; what goes wrong in it is what it found."""
    try:
        return Check(id=name, status=Health.OK, required=required, found=await find())
    except Unwell as unwell:
        return Check(id=name, status=unwell.status, required=required, found=str(unwell), mend=unwell.mend)
    except (TradingError, EmbeddedError, OSError) as error:
        what, _, mend = " ".join(str(error).split()).partition(": ")
        return Check(id=name, status=Health.FAIL, required=required, found=what, mend=mend)
    except RPCError as error:
        return Check(id=name, status=Health.FAIL, required=required, found=f"Temporal: {error.message}")


async def python() -> str:
    """The interpreter's version."""
    if sys.version_info < LEAST_PYTHON:
        raise Unwell(sys.version.split()[0], "install Python 3.11 or newer and run `make run PYTHON=...`")
    return sys.version.split()[0]


async def disk(settings: Settings) -> str:
    """Room for the servers' state."""
    folder = settings.desk.home.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:,.1f} GB free"
    if free < LEAST_FREE_BYTES:
        raise Unwell(found, f"make room on the disk of {folder}", status=Health.WARN)
    return found


async def models(settings: Settings) -> str:
    """The four seats and who sits there; every provider is asked whether it has its models and takes its key."""
    sitting = sittings_of(settings.models)
    await check_models(settings.models)
    return ", ".join(f"{agent} {each.model.name}" for agent, each in sitting.items())


async def calendar(settings: Settings, prices: Prices) -> str:
    """The exchange's calendar and the session it speaks of now."""
    session = prices.calendar.last_session(datetime.now(UTC))
    return f"{settings.market.calendar}: last session {session.session_on}"


async def market(settings: Settings, prices: Prices) -> str:
    """One symbol of the watchlist, read as a cycle reads it."""
    symbol, *_ = await watchlist(settings, prices, ())
    latest = await prices.latest()
    in_session = prices.is_in_session(latest)
    snapshot = await look(prices.market, prices.calendar, [symbol], latest, in_session=in_session)
    if snapshot.dropped:
        mend = "other symbols may be sound: look with `starter.py indicators`"
        raise Unwell(f"{symbol}: {snapshot.dropped[0].reason}", mend, status=Health.WARN)
    (facts,) = snapshot.symbols
    return f"{prices.market.name}: {symbol} at {facts.quote.last:f}, {facts.bars} bars to {facts.last_session_on}"


async def temporal(client: Client) -> str:
    """The server's version, and that it has the namespace."""
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    namespace = await ready.namespace(client)
    return f"server {info.server_version} at {client.service_client.config.target_host}, namespace {namespace}"


async def attributes(client: Client) -> str:
    """The search attributes that cycles are found by."""
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    wanted = {key.name for key in (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS)}
    missing = sorted(wanted - set(listed.custom_attributes))
    if missing:
        raise Unwell(f"missing: {', '.join(missing)}", "start worker.py: it creates them")
    return f"all {len(wanted)} are there"


async def queue(client: Client, name: str) -> str:
    """The workers of one queue."""
    count = await pollers(client, name)
    if not count:
        raise Unwell("nobody", f"start `worker.py --queues {name}`, or `make run`")
    return "1 worker" if count == 1 else f"{count} workers"


async def migrations(engine: AsyncEngine) -> str:
    """The schema's revision against this code's."""
    return f"revision {await ready.migrations(engine)}, the newest"


async def role(reports: Reports) -> str:
    """Who the application is, and that it cannot change the log."""
    identity = await reports.identity()
    if identity.role != APPLICATION_ROLE or identity.may_change_events:
        found = f"{identity.role}, which {'may' if identity.may_change_events else 'may not'} change events"
        raise Unwell(found, "migrate the database as its owner, and check the rights on table events")
    return f"{identity.role}, PostgreSQL {identity.server_version}"


async def clock(reports: Reports) -> str:
    """How far the database's clock is from ours, half the way there and back allowed for."""
    asked_at = datetime.now(UTC)
    there_at = (await reports.identity()).now_at
    ours_at = asked_at + (datetime.now(UTC) - asked_at) / 2
    skew = abs(there_at - ours_at)
    found = f"{skew.total_seconds():.2f} s apart"
    if skew > MOST_SKEW:
        raise Unwell(found, "set both machines' clocks by NTP")
    return found
