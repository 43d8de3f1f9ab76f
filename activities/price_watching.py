"""Watching the prices of one desk for as long as the exchange is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity

from activities import clock
from activities.price_looks import Eyes, Hands, Looking, WatchPlan
from trading.errors import MarketRefused, MarketUnavailable
from trading.market import Quote
from trading.sessions import Session
from trading.watch_ports import QuoteStream
from trading.watching import WatchEnd, next_opening, open_session

# Between two looks at what a stream has told: quotes come by the thousand a second, and of a moment one is enough.
TICK = timedelta(seconds=1)
# A stream that was cut is heard again after a second, one that is not to be had after ever more, up to a minute.
FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
NO_BOOKS = timedelta(minutes=1)

log = structlog.get_logger()


class PriceWatchingActivities:
    """The one watch over a desk's prices."""

    def __init__(self, eyes: Eyes, hands: Hands, plan: WatchPlan) -> None:
        self._eyes = eyes
        self._hands = hands
        self._plan = plan

    @activity.defn
    async def watch_prices(self, desk_id: str) -> WatchEnd:
        """Watch until the closing bell, and tell the desk what moved; by a stream where there is one, and by the clock.

        What has fired is written before the desk is told, and told again by whoever begins anew: nothing else is kept.
        A market that does not answer is asked at the next look.

        Repeat: references, cool-downs and the count of the day follow from the log, and a desk that is told of a move
        twice looks once.
        """
        now = clock.now()
        if not self._plan.enabled or self._eyes.market.historical:
            return WatchEnd(reason="nothing is watched: switched off, or prices of the past", is_over=True)
        session = open_session(self._eyes.calendar, now)
        if session is None:
            return WatchEnd(reason="the exchange is closed", again_at=next_opening(self._eyes.calendar, now))
        if not await self._hands.ledger.knows(desk_id):
            return WatchEnd(reason=f"desk {desk_id} has no books yet", again_at=now + NO_BOOKS)
        looking = Looking(self._eyes, self._hands, self._plan, desk_id, session)
        await looking.catch_up()
        return await self._session(looking, session)

    async def _session(self, looking: Looking, session: Session) -> WatchEnd:
        looks, polled_at, line = 0, datetime.min.replace(tzinfo=UTC), _Line(self._eyes.stream)
        async with line.open(), _stopping() as stopping:
            while not stopping.done():
                now = clock.now()
                if now > session.closes_at:
                    return WatchEnd(reason="the session is over", again_at=now, looks=looks, fired=looking.fired)
                polls = now - polled_at >= self._plan.poll_every
                if polls:
                    polled_at = now
                if polls or line.newest:
                    looks += 1
                    await looking.look(line.taken(), now, polls=polls)
                    line.hear(looking.symbols)
                await asyncio.wait({stopping}, timeout=self._pause(now, polled_at).total_seconds())
        return WatchEnd(reason="the worker ends", again_at=clock.now(), looks=looks, fired=looking.fired)

    def _pause(self, now: datetime, polled_at: datetime) -> timedelta:
        poll = polled_at + self._plan.poll_every - now
        return max(min(poll, TICK) if self._eyes.stream else poll, timedelta(milliseconds=10))


@asynccontextmanager
async def _stopping() -> AsyncIterator[asyncio.Future[None]]:
    """Done when the worker ends: a watch that stays would hold up its end for the whole of the grace."""
    stopping = asyncio.ensure_future(activity.wait_for_worker_shutdown())
    try:
        yield stopping
    finally:
        stopping.cancel()


@dataclass
class _Line:
    """A stream of prices, heard beside the looks; of each symbol the newest is kept."""

    stream: QuoteStream | None

    def __post_init__(self) -> None:
        self.newest: dict[str, Quote] = {}
        self._symbols: tuple[str, ...] = ()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Heard within the block."""
        try:
            yield
        finally:
            await self._end()

    def taken(self) -> dict[str, Quote]:
        """What was told since it was last taken."""
        taken, self.newest = self.newest, {}
        return taken

    def hear(self, symbols: Sequence[str]) -> None:
        """Hear these symbols from now on."""
        if self.stream is None or tuple(symbols) == self._symbols or not symbols:
            return
        if self._task is not None:
            self._task.cancel()
        self._symbols = tuple(symbols)
        self._task = asyncio.create_task(self._heard(self.stream, self._symbols, self._task))

    async def _heard(self, stream: QuoteStream, symbols: tuple[str, ...], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            # A key has one line: the old one must be closed before the new one is opened.
            await asyncio.wait({before})
        pause = FIRST_PAUSE
        while True:
            try:
                async for quote in stream.stream(symbols):
                    self.newest[quote.symbol] = quote
                    pause = FIRST_PAUSE
            except MarketRefused as refusal:
                log.error("prices are not streamed, only looked at by the clock", reason=str(refusal))  # noqa: TRY400  words
                return
            except MarketUnavailable as silence:
                log.warning("prices are not streamed for a while", reason=str(silence))
                pause = min(2 * pause, LAST_PAUSE)
            except Exception:
                # Nobody waits for this task: unsaid, a fault would leave the session without its stream.
                log.exception("prices are not streamed for a while")
                pause = min(2 * pause, LAST_PAUSE)
            await asyncio.sleep(pause)

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
