"""`doctor`: what a cycle needs, one check after the other, with what to do about each that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import settings as configuration
from adapters.postgres.engine import application_engine
from adapters.postgres.reports import Reports
from adapters.temporal.connection import connect
from console import checks, server_checks
from console.check import Check, Health, check, failed
from console.output import STYLES, Output, Tone, grid, plain, toned
from console.reach import Reach, reach
from console.watchlist import Prices
from embedded import EmbeddedError
from settings import Settings
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
    yield await check("env file", "private, and of known names", checks.env_file)
    try:
        settings = configuration.load()
    except BadConfiguration as error:
        yield failed("settings", "every variable readable", error)
        return
    yield Check(id="settings", status=Health.OK, required="every variable readable", found=f"desk {settings.desk.id}")
    yield await check("disk", "1 GB free", partial(checks.disk, settings))
    yield await check("models", "names that a provider has", partial(checks.models, settings))
    prices = Prices.of(settings)
    yield await check("calendar", "covers today", partial(checks.calendar, settings, prices))
    if "alpaca" in settings.market.providers:
        yield await check("exchange", "as Alpaca's calendar says", partial(checks.exchange, settings, prices))
    yield await check("market", "sound data of a symbol", partial(checks.market, settings, prices))
    yield await check("data age", "fresh while the exchange trades", partial(checks.data_age, prices))
    try:
        found = reach(settings)
    except (TradingError, EmbeddedError) as error:
        yield failed("servers", "running", error)
        return
    async for each in _temporal(found, settings.desk.id):
        yield each
    async for each in _database(found, settings, prices):
        yield each


async def _temporal(found: Reach, desk_id: str) -> AsyncIterator[Check]:
    try:
        client = await connect(found.temporal_address)
    except TradingError as error:
        yield failed("temporal", "reachable, with the namespace", error)
        return
    yield await check("temporal", "reachable, with the namespace", partial(server_checks.temporal, client))
    yield await check("attributes", "search attributes there", partial(server_checks.attributes, client))
    for name in policies.QUEUES:
        yield await check(f"queue {name}", "at least one worker", partial(server_checks.queue, client, name))
    yield await check("watches", "go on", partial(server_checks.watches, client, desk_id))


async def _database(found: Reach, settings: Settings, prices: Prices) -> AsyncIterator[Check]:
    engine = application_engine(found.database, pool_size=1)
    reports = Reports(engine, settings.desk.id)
    try:
        yield await check("migrations", "the newest revision", partial(server_checks.migrations, engine))
        yield await check("role", "may not change events", partial(server_checks.role, reports))
        yield await check("memory", "pgvector 0.8, an embedder", partial(server_checks.memory, settings, engine))
        yield await check("broker", "takes orders, on paper", partial(checks.broker, settings, prices, engine))
        yield await check("clock", "2 s from the database's", partial(server_checks.clock, reports))
    finally:
        await engine.dispose()
