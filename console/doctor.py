"""`doctor`: what a cycle needs, one check after the other, with what to do about each that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import settings as configuration
from adapters.postgres.engine import application_engine
from adapters.postgres.reports import Reports
from adapters.temporal.connection import connect
from console import checks
from console.checks import Check, Health, check
from console.output import STYLES, Output, Tone, grid, plain, toned
from console.reach import Reach, reach
from console.watchlist import Prices
from embedded import EmbeddedError
from trading.errors import BadConfiguration, TradingError
from workflows import policies

_TONES: dict[Health, Tone] = {Health.OK: "good", Health.WARN: "odd", Health.FAIL: "bad"}


async def doctor(output: Output) -> int:
    """Every check in turn; one that fails is exit code 1."""
    found = [each async for each in _all()]
    table = grid("check", "status", "required", "found")
    table.columns[2].style = STYLES["faint"]
    for column in table.columns[2:]:
        column.no_wrap, column.overflow = False, "fold"
    for each in found:
        table.add_row(each.id, toned(each.status, _TONES[each.status]), each.required, plain(each.found))
    mends = [f"  {each.id}: {plain(each.mend)}" for each in found if each.mend]
    output.show({"checks": found}, table, *mends)
    return 1 if any(each.status is Health.FAIL for each in found) else 0


async def _all() -> AsyncIterator[Check]:
    yield await check("python", "3.11 or newer", checks.python)
    try:
        settings = configuration.load()
    except BadConfiguration as error:
        yield _failed("settings", "every variable readable", error)
        return
    yield Check(id="settings", status=Health.OK, required="every variable readable", found=f"desk {settings.desk.id}")
    yield await check("disk", "1 GB free", partial(checks.disk, settings))
    yield await check("models", "names that a provider has", partial(checks.models, settings))
    prices = Prices.of(settings)
    yield await check("calendar", "covers today", partial(checks.calendar, settings, prices))
    yield await check("market", "sound data of a symbol", partial(checks.market, settings, prices))
    try:
        found = reach(settings)
    except (TradingError, EmbeddedError) as error:
        yield _failed("servers", "running", error)
        return
    async for each in _temporal(found):
        yield each
    async for each in _database(found, settings.desk.id):
        yield each


async def _temporal(found: Reach) -> AsyncIterator[Check]:
    try:
        client = await connect(found.temporal_address)
    except TradingError as error:
        yield _failed("temporal", "reachable, with the namespace", error)
        return
    yield await check("temporal", "reachable, with the namespace", partial(checks.temporal, client))
    yield await check("attributes", "search attributes there", partial(checks.attributes, client))
    for name in policies.QUEUES:
        yield await check(f"queue {name}", "at least one worker", partial(checks.queue, client, name))


async def _database(found: Reach, desk_id: str) -> AsyncIterator[Check]:
    engine = application_engine(found.database, pool_size=1)
    reports = Reports(engine, desk_id)
    try:
        yield await check("migrations", "the newest revision", partial(checks.migrations, engine))
        yield await check("role", "may not change events", partial(checks.role, reports))
        yield await check("clock", "2 s from the database's", partial(checks.clock, reports))
    finally:
        await engine.dispose()


def _failed(name: str, required: str, error: Exception) -> Check:
    what, _, mend = " ".join(str(error).split()).partition(": ")
    return Check(id=name, status=Health.FAIL, required=required, found=what, mend=mend)
