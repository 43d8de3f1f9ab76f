"""The desk's runs that are kept, by their names or how these begin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import application_engine
from console.reach import reach
from settings import Settings
from trading.backtesting import RunRow
from trading.errors import BadConfiguration

LOOKED_AT = 1000
MOST_NAMED = 5


@asynccontextmanager
async def kept_runs(settings: Settings) -> AsyncIterator[PostgresRuns]:
    """The tables. Raises BadConfiguration where there is no database."""
    engine = application_engine(reach(settings).database, pool_size=1)
    try:
        yield PostgresRuns(engine, settings.desk.id)
    finally:
        await engine.dispose()


async def named(runs: PostgresRuns, said: str) -> RunRow:
    """The run of this name, else the only one that begins so. Raises BadConfiguration when it is none, or several."""
    whole = await runs.find(said)
    if whole is not None:
        return whole
    found = [row for row in await runs.listed(LOOKED_AT) if said and row.run_id.startswith(said)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadConfiguration(f"there is no run {said}: look with `starter.py backtests list`")
    names = ", ".join(row.run_id for row in found[:MOST_NAMED])
    raise BadConfiguration(f"{len(found)} runs begin with {said}: {names}{' …' if len(found) > MOST_NAMED else ''}")
