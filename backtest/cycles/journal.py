"""The journal of one run: what was ever answered is not asked again, and what is spent never passes what may be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from backtest.cycles.meter import Meter
from backtest.results.result import StopCause
from trading.agents.budget import Choice, Level, Strain
from trading.agents.questions import ModelCall
from trading.errors import TradingError
from trading.spending import Attempt, Settlement, SpendAsked


class Replies(Protocol):
    """Where replies outlive a run, by the hash of their question; a `Journal` is one."""

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        ...

    async def keep(self, call: ModelCall) -> None:
        """Store a reply the moment it is here. Keeping it twice keeps the first."""
        ...


@dataclass(slots=True)
class RunJournal:
    """The port `Journal` over stores of replies, asked in their order; each new reply is kept in all of them.

    Before a call the most that it may take is reserved. Where that may pass the cap, what is under way is waited for:
    most calls take far less. If it still may, the meter stops the run. What is free is not kept: it costs no more to
    ask again. No budget of the desk is looked at, for the same replies must give the same run whoever paid for them.
    """

    meter: Meter = field(default_factory=Meter)
    stores: Sequence[Replies] = ()
    _reserved: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    _settled: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        try:
            for store in self.stores:
                found = await store.find(call_id)
                if found is not None:
                    self.meter.cached += 1
                    return found
        except TradingError as error:
            self.meter.stop(StopCause.JOURNAL, f"what was asked before cannot be read: {error}")
            raise
        return None

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Store a reply with the time on the wall, and what it took."""
        if settled is None:
            return
        dated = call.model_copy(update={"replied_at": datetime.now(UTC)})
        try:
            for store in self.stores:
                await store.keep(dated)
        except TradingError as error:
            self.meter.stop(StopCause.JOURNAL, f"a reply cannot be kept: {error}")
            raise
        finally:
            await self._end(settled.attempt, settled.took.usd)

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Reserve the most that the seat's own model may take; no other stands in for it."""
        most = asked.offers[0].most.usd
        async with self._settled:
            await self._settled.wait_for(lambda: self._fits(most) or not self._reserved)
            if self.meter.stopped is None and self._fits(most):
                self.meter.asked += 1
                self._reserved[asked.cycle_id, asked.offers[0].call_id] = most
                return Choice(chosen=0)
            self.meter.stop(StopCause.BUDGET, self._words(most))
            self._settled.notify_all()
        return Choice(strain=Strain(level=Level.CLOSED, reason=self._words(most)))

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer; it counts in full where it may have been charged."""
        most = self._reserved.get((attempt.cycle_id, attempt.call_id), Decimal(0))
        await self._end(attempt, most if charged else Decimal(0))

    async def idle(self) -> None:
        """Wait until nothing is under way: what is paid for is kept, whatever has ended the run."""
        async with self._settled:
            await self._settled.wait_for(lambda: not self._reserved)

    async def _end(self, attempt: Attempt, took: Decimal) -> None:
        async with self._settled:
            self._reserved.pop((attempt.cycle_id, attempt.call_id), None)
            self.meter.spent_usd += took
            self._settled.notify_all()

    def _fits(self, most: Decimal) -> bool:
        cap = self.meter.most_usd
        return cap is None or self.meter.spent_usd + sum(self._reserved.values()) + most <= cap

    def _words(self, most: Decimal) -> str:
        cap, spent = self.meter.most_usd or Decimal(0), self.meter.spent_usd
        return f"{spent:.4f} of {cap:f} dollars are spent, and the next question may take {most:.4f}"
