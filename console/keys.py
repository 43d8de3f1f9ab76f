"""Trying keys and addresses before they are kept: one check each, on the adapters that a worker would use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.postgres.engine import Database, owner_engine, transaction
from adapters.temporal.connection import connect
from console import server_checks
from console.check import Check, check
from settings import Settings


@dataclass(frozen=True)
class KeyCheck:
    """Tries what some variables say. `look` answers with what it found, or raises one of our errors in one line."""

    id: str
    required: str
    variables: tuple[str, ...]
    look: Callable[[Settings], Awaitable[str]]

    def run(self, settings: Settings) -> Check:
        """Look now."""
        return asyncio.run(check(self.id, self.required, lambda: self.look(settings)))


async def database(settings: Settings) -> str:
    """Postgres lets its owner in; whether the books are there is for the migrations to say."""
    named = settings.database
    if named.host is None:
        return "the embedded one"
    engine = owner_engine(
        Database(host=named.host, port=named.port, name=named.name, user=named.user, password=named.password)
    )
    try:
        async with transaction(engine) as connection:
            version = (await connection.exec_driver_sql("SHOW server_version")).scalar_one()
    finally:
        await engine.dispose()
    return f"PostgreSQL {version} at {named.host}:{named.port}, user {named.user}"


async def temporal(_: Settings) -> str:
    """Temporal answers, with the namespace."""
    return await server_checks.temporal(await connect())


CHECKS: tuple[KeyCheck, ...] = (
    KeyCheck(
        id="database",
        required="lets its owner in",
        variables=("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"),
        look=database,
    ),
    KeyCheck(
        id="temporal",
        required="reachable, with the namespace",
        variables=("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY"),
        look=temporal,
    ),
)
"""Every check there is; a key that none of them names is kept with the words `not checked`."""
