"""The circuit breaker: looked at with the rules in force, and resumed on a person's word."""

from __future__ import annotations

from temporalio import activity

from trading.breaker import CircuitBreaker, shown_of
from trading.breaker_rules import BreakerLook, BreakerRules, Refused, Resumption
from trading.desk import Judged, LookAsked, ResumptionAsked
from trading.ports import Ledger

Answered = CircuitBreaker | Refused


class BreakerActivities:
    """Each one transaction of the books: what it decides, every later intent sees."""

    def __init__(self, ledger: Ledger, rules: BreakerRules, zone: str = "America/New_York") -> None:
        self._ledger = ledger
        self._rules = rules
        self._zone = zone

    @activity.defn
    async def judge(self, asked: LookAsked) -> CircuitBreaker:
        """Stop the desk when a rule trips, let it go on when all that tripped is over; then its strategies.

        The answer is the desk's, or what holds for the strategy that is named.

        Repeat: the same books and the same moment change nothing a second time.
        """
        look = BreakerLook(rules=self._rules, zone=self._zone, **dict(asked))
        return await self._ledger.judge(look)

    @activity.defn
    async def judge_desk(self, asked: LookAsked) -> Judged:
        """The same look; the answer is all that there is to know of the desk and of every strategy.

        Repeat: as for the look.
        """
        await self.judge(asked)
        desk, strategies = (
            await self._ledger.breaker(asked.desk_id),
            await self._ledger.strategy_breakers(asked.desk_id),
        )
        return Judged(desk=desk, strategies=shown_of(strategies))

    @activity.defn
    async def resume_desk(self, asked: ResumptionAsked) -> Answered:
        """Let the desk, or the strategy that is named, go on, or say why it may not.

        Repeat: the resumption's event is written once, and a repeat finds it.
        """
        return await self._ledger.resume(Resumption(rules=self._rules, zone=self._zone, **dict(asked)))
