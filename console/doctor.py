"""`doctor`: what a cycle needs, one check after the other, with what to do about each that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import settings as configuration
from adapters.postgres.engine import application_engine
from adapters.postgres.reports import Reports
from adapters.temporal.connection import connect
from console import checks
from console.checks import Check, Health, check
from console.output import STYLES, Output, Tone, grid, plain, toned
from console.reach import Reach, reach
from console.watchlist import Prices
from settings import Settings
from trading.errors import BadConfiguration
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
        mend = "mend it in the environment or in .env"
        yield Check(id="settings", status=Health.FAIL, required="every variable readable", found=str(error), mend=mend)
        return
    yield Check(id="settings", status=Health.OK, required="every variable readable", found=f"desk {settings.desk.id}")
    yield await check("disk", "1 GB free", partial(checks.disk, settings))
    yield await check("models", "names that a provider has", partial(checks.models, settings))
    prices = Prices.of(settings)
    yield await check("calendar", "covers today", partial(checks.calendar, settings, prices))
    yield await check("market", "sound data of a symbol", partial(checks.market, settings, prices))
    try:
        found = reach(settings)
    except Exception as error:
        raise error from error
    async for each in _servers(found):
        yield each
