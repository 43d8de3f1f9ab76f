"""The number of requests a minute that a provider allows, shared by all workers through one row of Postgres.

The row holds when the next request would be in step, were all sent evenly. A request moves it one step on and waits
until its own turn; after a pause up to a twentieth of a minute's requests may go at once, so in any minute at most a
twentieth more than the rate is sent. One that would wait longer than `MOST_WAIT` moves nothing and is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from trading.errors import MarketUnavailable

MINUTE = timedelta(minutes=1)
BURST = MINUTE / 20
MOST_WAIT = timedelta(seconds=20)

# The database's clock is the only one: those of the workers may differ. `free_at` is in the past after a pause.
TAKE = text("""
    INSERT INTO request_rates AS r (provider, free_at)
    VALUES (:provider, clock_timestamp() - CAST(:burst AS interval) + CAST(:step AS interval))
    ON CONFLICT (provider) DO UPDATE
    SET free_at = greatest(r.free_at, clock_timestamp() - CAST(:burst AS interval)) + CAST(:step AS interval)
    WHERE r.free_at <= clock_timestamp() + CAST(:most_wait AS interval)
    RETURNING free_at - CAST(:step AS interval) - clock_timestamp()
""")


class PostgresRate:
    """The port `RequestRate` for one provider."""

    def __init__(
        self,
        engine: AsyncEngine,
        provider: str,
        per_minute: int,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._engine = engine
        self._provider = provider
        self._step = MINUTE / per_minute
        self._sleep = sleep

    async def take(self) -> None:
        """Wait for the next free turn. Raises MarketUnavailable when it is more than 20 s away."""
        asked = {"provider": self._provider, "burst": BURST, "step": self._step, "most_wait": MOST_WAIT}
        async with transaction(self._engine) as connection:
            wait = (await connection.execute(TAKE, asked)).scalar_one_or_none()
        if wait is None:
            after = MOST_WAIT.total_seconds()
            message = f"{self._provider}: all its requests of the next {after:.0f} s are taken"
            raise MarketUnavailable(message, retry_after_seconds=after)
        if wait > timedelta(0):
            await self._sleep(wait.total_seconds())
