"""Which pending memories have come to an end: by the books, else by what would have come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from activities.closing import NO_BENCHMARK, Exchange
from activities.sights import Sights
from trading.bars import Bars
from trading.corporate_actions import CorporateAction
from trading.costs import Costs
from trading.fates import Fate
from trading.market import Adjustment
from trading.memory import Outcome, Remembered
from trading.memory_ports import Memory
from trading.orders import Leg
from trading.outcomes import MOST_HORIZON, Path, of_shadow, of_thought, of_trade
from trading.ports import Ledger
from trading.shadow_scoring import Seen, thought_on
from trading.snapshots import last_completed


class _Case(NamedTuple):
    """A memory that may have come to an end, with what the books know of it; `is_seen`: its symbol is priced."""

    memory: Remembered
    fate: Fate
    is_seen: bool = True


class Resolving:
    """Resolves memories by one market's prices. `costs` are what a thought would have paid."""

    def __init__(self, memory: Memory, ledger: Ledger, exchange: Exchange, costs: Costs) -> None:
        self._memory = memory
        self._ledger = ledger
        self._sights = Sights(exchange.market, exchange.calendar)
        self._benchmark = exchange.benchmark
        self._costs = costs

    async def resolve(self, desk_id: str, as_of: datetime) -> None:
        """Resolve what has ended by then, and keep how far the thoughts of the rest have come."""
        pending = [one for one in await self._memory.pending(desk_id) if one.setup.decided_at < as_of]
        if not pending:
            return
        fates = await self._ledger.fates(desk_id, [one.setup for one in pending])
        cases = [_Case(one, fates[one.setup.memory_id]) for one in pending]
        thought = await self._followed([one for one in cases if _lives_by_thought(one)], as_of)
        ended = [one for one in cases if _is_over(one)] + [one for one in thought if not one.memory.thought.is_open]
        await self._memory.follow([one.memory for one in thought if one.memory.thought.is_open])
        if ended:
            await self._memory.resolve(await self._outcomes(ended, as_of))

    async def _followed(self, cases: Sequence[_Case], as_of: datetime) -> list[_Case]:
        """The thoughts that have met a session since the last look; the others are where they were."""
        completed_on = last_completed(self._sights.calendar, as_of).session_on
        behind = [one for one in cases if one.memory.thought.seen_on < completed_on]
        if not behind:
            return []
        seen = await self._see(behind, as_of)
        followed: list[_Case] = []
        for one in behind:
            what = seen.get(one.memory.setup.symbol)
            most = min(one.memory.setup.horizon_days, MOST_HORIZON)
            thought = thought_on(one.memory.thought, what, as_of, self._costs, most)
            memory = one.memory.model_copy(update={"thought": thought})
            followed.append(one._replace(memory=memory, is_seen=what is not None))
        return followed

    async def _see(self, cases: Iterable[_Case], as_of: datetime) -> dict[str, Seen]:
        """Whole bars alone: what was decided lives by closes, so that every look finds the same."""
        oldest: dict[str, date] = {}
        for thought in (one.memory.thought for one in cases):
            oldest[thought.symbol] = min(thought.seen_on, oldest.get(thought.symbol, thought.seen_on))
        return {one.symbol: one.model_copy(update={"quote": None}) for one in await self._sights.see(oldest, as_of)}

    async def _outcomes(self, ended: Sequence[_Case], as_of: datetime) -> list[tuple[str, Outcome]]:
        symbols = {one.memory.setup.symbol for one in ended}
        bars = await self._sights.bars([*symbols, *self._beside()], as_of)
        splits = await self._splits(sorted(symbols & set(bars)), ended, as_of)
        outcomes: list[tuple[str, Outcome]] = []
        for one in ended:
            outcome = self._outcome(one, self._path(one, bars, splits), as_of)
            if outcome is not None:
                outcomes.append((one.memory.setup.memory_id, outcome))
        return outcomes

    def _outcome(self, case: _Case, path: Path, as_of: datetime) -> Outcome | None:
        memory, fate, is_seen = case
        if not _lives_by_thought(case):
            if fate.trade is not None:
                return of_trade(memory.setup, fate, path, as_of)
            return None if fate.shadow is None else of_shadow(fate.shadow, path, as_of)
        session = self._sights.calendar.session(memory.thought.seen_on) if is_seen else None
        closed_at = session.closes_at if session else as_of
        return of_thought(memory, fate, (closed_at, is_seen), path, as_of)

    def _path(self, case: _Case, bars: Mapping[str, Bars], splits: Mapping[str, Sequence[CorporateAction]]) -> Path:
        setup = case.memory.setup
        return Path(
            bars=bars.get(setup.symbol),
            benchmark=bars.get(self._benchmark),
            decided_on=last_completed(self._sights.calendar, setup.decided_at).session_on,
            splits=splits.get(setup.symbol, ()),
        )

    def _beside(self) -> list[str]:
        return [] if self._benchmark == NO_BENCHMARK else [self._benchmark]

    async def _splits(
        self, symbols: Sequence[str], ended: Iterable[_Case], as_of: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """Listed splits since the oldest of these, where bars are in the shares of now."""
        market = self._sights.market
        if not symbols or market.adjustment is Adjustment.RAW:
            return {}
        return await market.actions(symbols, min(one.memory.setup.decided_at for one in ended), as_of)


def _lives_by_thought(case: _Case) -> bool:
    """Whether nothing of it is in the books, nor can come there; an exit ends what another setup began."""
    fate = case.fate
    if case.memory.setup.leg is Leg.EXIT:
        return True
    return not fate.is_under_way and fate.trade is None and fate.shadow is None


def _is_over(case: _Case) -> bool:
    fate = case.fate
    return not _lives_by_thought(case) and not fate.is_under_way
