"""The desk as Prometheus sees it: its log counted on, its books and queues read, each time somebody scrapes.

Only the worker of the desk's queue tells it. Where several serve that queue each tells the same, from the same books:
a panel takes the largest, it never adds them up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import TimeoutError as NoAnswer
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from adapters.metrics.families import Told, of_log
from adapters.metrics.log_counts import LogCounts
from adapters.metrics.queues import look_at_queues, of_queues
from adapters.metrics.standing import Standing, of_books, of_breaker, of_hours, of_spend
from adapters.postgres.engine import consistent, transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.spending import PostgresSpending
from adapters.postgres.tally import lines_after
from trading.agents.budget import Budget
from trading.errors import BadConfiguration, TradingError
from trading.ports import Calendar
from trading.sessions import Session

KEPT_SECONDS = 5.0
"""How long a reading is told again: several who scrape at once cost the books one look."""
PATIENCE_SECONDS = 8.0
"""How long a scrape waits for the books. Prometheus gives up after ten seconds."""
MOST_LINES, MOST_LINES_A_LOOK = 5_000, 100_000
"""Of the log at once, and at one scrape. A log that is longer is counted on at the next, and told when it is whole."""

Reading: TypeAlias = Callable[[], Coroutine[Any, Any, list[Metric]]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose books are read, by whose hours, under which budget, and which queues are looked at."""

    desk_id: str
    calendar: Calendar
    budget: Budget
    queues: Sequence[str]


class DeskReader:
    """Reads a desk's books, its log from where it left off, and its queues."""

    def __init__(self, watched: Watched, engine: AsyncEngine, client: Client) -> None:
        self._watched = watched
        self._engine = engine
        self._client = client
        self._ledger, self._spending = PostgresLedger(engine), PostgresSpending(engine)
        self._counts = LogCounts()
        self._one_at_a_time = asyncio.Lock()
        self._kept: tuple[float, list[Metric]] = (0.0, [])

    async def families(self) -> list[Metric]:
        """All there is to tell; what cannot be read now is left out, and said to be away."""
        async with self._one_at_a_time:
            until, kept = self._kept
            if time.monotonic() >= until:
                kept = [*await self._of_books(), *await self._of_queues()]
                self._kept = time.monotonic() + KEPT_SECONDS, kept
            return kept

    async def _of_books(self) -> list[Metric]:
        told = Told(self._watched.desk_id)
        said = "1 when the desk's books could be read for this."
        try:
            found = [*await self._read(told)]
        except TradingError as error:
            log.warning("the books cannot be read for metrics", desk_id=self._watched.desk_id, reason=str(error))
            return [told.gauge("trading_books_up", said, 0)]
        return [told.gauge("trading_books_up", said, 1), *found]

    async def _read(self, told: Told) -> list[Metric]:
        """What the books say; nothing of a desk that has none yet."""
        desk_id, at = self._watched.desk_id, datetime.now(UTC)
        if not await self._ledger.knows(desk_id):
            return []
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        standing = Standing(
            at=at,
            portfolio=await self._ledger.portfolio(desk_id),
            breaker=await self._ledger.breaker(desk_id),
            strategies=await self._ledger.strategy_breakers(desk_id),
            today=await self._spending.spent(desk_id, midnight),
            month=await self._spending.spent(desk_id, midnight.replace(day=1)),
        )
        found = [
            *of_books(told, standing.portfolio),
            *of_breaker(told, standing.breaker, standing.strategies),
            *of_spend(told, standing, self._watched.budget),
        ]
        if await self._count_on():
            found += [
                *of_log(told, self._counts),
                *of_hours(told, self._session(at), self._counts, at),
            ]
        return found

    def _session(self, at: datetime) -> Session | None:
        """The newest session; None when a calendar that was built long ago does not reach until now."""
        try:
            return self._watched.calendar.last_session(at)
        except BadConfiguration:
            return None

    async def _count_on(self) -> bool:
        """Count the log's new lines; whether that was all of them: half of a log would look like a counter's reset."""
        for _ in range(MOST_LINES_A_LOOK // MOST_LINES):
            async with transaction(consistent(self._engine)) as connection:
                lines = await lines_after(connection, self._watched.desk_id, self._counts.read_to, MOST_LINES)
            for line in lines:
                self._counts.take(line)
            if len(lines) < MOST_LINES:
                return True
        return False

    async def _of_queues(self) -> list[Metric]:
        up = GaugeMetricFamily("trading_temporal_up", "1 when Temporal could be asked for its queues.")
        try:
            looks = await look_at_queues(self._client, self._watched.queues)
        except RPCError as error:
            log.warning("the queues cannot be looked at for metrics", reason=error.message)
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *of_queues(looks)]


class DeskCollector(Collector):
    """What a scrape asks, in a thread of its own, of a reader that lives in the worker's loop."""

    def __init__(self, read: Reading, loop: asyncio.AbstractEventLoop) -> None:
        self._read = read
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        """All families; none when the loop does not answer in time, which leaves what the process counts itself."""
        asked = asyncio.run_coroutine_threadsafe(self._read(), self._loop)
        try:
            yield from asked.result(PATIENCE_SECONDS)
        except NoAnswer:
            asked.cancel()
            log.warning("the desk was not read for metrics", reason=f"nothing within {PATIENCE_SECONDS:g} s")


@contextmanager
def telling_of_desk(registry: CollectorRegistry, reader: DeskReader) -> Iterator[None]:
    """Let a registry tell of a desk for as long as the block lasts; it costs nothing while nobody scrapes."""
    collector = DeskCollector(reader.families, asyncio.get_running_loop())
    registry.register(collector)
    try:
        yield
    finally:
        registry.unregister(collector)
