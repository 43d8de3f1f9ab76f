"""How a replay asks the agents: patiently, a few at a time, and no longer than the run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from backtest.cycles.meter import Meter
from backtest.results.result import StopCause
from trading.breaker_facts import NO_MODEL
from trading.errors import ModelUnavailable, TradingError
from trading.events import Event, EventType
from trading.signals import NO_ANSWER, Abstention
from trading.steps import Heard

H = TypeVar("H", bound=Heard[Any])
AT_ONCE = 8
"""Questions under way together: a provider's limit of calls a minute is soon reached by a hundred symbols."""
MOST_PAUSE = 60.0
"""Seconds that a provider may ask to be left alone for."""


class Asking:
    """One run's way to its models."""

    def __init__(self, meter: Meter, pauses: Sequence[float]) -> None:
        self._meter = meter
        self._pauses = tuple(pauses)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def hear(
        self, step: str, ask: Callable[[], Awaitable[H]], kind: Callable[..., H], symbol: str | None = None
    ) -> H:
        """An agent's answer; one that never came is an abstention. Raises Final once the run is to end."""
        async with self._places:
            self._meter.check()
            try:
                heard = await self._patiently(ask)
            except TradingError as error:
                reason = f"{step}: {type(error).__name__}: {error}"
                heard = kind(answer=Abstention(symbol=symbol, cause=NO_ANSWER, reason=reason[:4000]))
            self._meter.check()
            return heard

    def notice(self, events: Sequence[Event]) -> None:
        """A day on which no model answered is the run's last: the next would be no better, and each takes its time."""
        for event in events:
            if event.type is EventType.CYCLE_FAILED and event.data.get("code") == NO_MODEL:
                self._meter.stop(StopCause.NO_MODEL, str(event.data["reason"]))

    async def _patiently(self, ask: Callable[[], Awaitable[H]]) -> H:
        for pause in self._pauses:
            try:
                return await ask()
            except ModelUnavailable as ill:
                self._meter.check()
                await asyncio.sleep(min(ill.retry_after_seconds or pause, MOST_PAUSE))
        return await ask()
