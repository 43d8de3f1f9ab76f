"""Holding each strategy to its own rule, once a day, by the newest close."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from temporalio import activity

from trading.alerts import Alert, Topic, alert_raised
from trading.breaker import StateChange, TradingState
from trading.closing import ReviewAsked, StrategyLine
from trading.ports import Closes, Ledger
from trading.strategy_rules import StrategyRules, review

log = structlog.get_logger()


class ReviewingActivities:
    """The reviews of a desk's strategies."""

    def __init__(self, closes: Closes, ledger: Ledger, rules: StrategyRules) -> None:
        self._closes = closes
        self._ledger = ledger
        self._rules = rules

    @activity.defn
    async def review_strategies(self, asked: ReviewAsked) -> tuple[str, ...]:
        """Put the desk of a strategy that fails its review to REDUCING, and call a person; why, for each that does.

        It comes back by hand, and then has as many trades again before the next review.

        Repeat: a review has its number, and its change of state and its alert are made once.
        """
        close = await self._closes.find(asked.desk_id, asked.session_on)
        reviews = [(line, *review(line, self._rules)) for line in (close.strategies if close else ())]
        failed = [(line, number, reason) for line, number, reason in reviews if reason]
        for line, number, reason in failed:
            await self._reduce(asked, line, number, reason)
        return tuple(reason for _, _, reason in failed)

    async def _reduce(self, asked: ReviewAsked, line: StrategyLine, number: int, reason: str) -> None:
        key, at = f"review-{line.strategy_id}-{number}", datetime.now(UTC)
        change = StateChange(
            desk_id=asked.desk_id,
            change_id=key,
            state=TradingState.REDUCING,
            changed_by=f"strategy {line.strategy_id}"[:80],
            reason=reason,
            trace_id=asked.trace_id,
            at=at,
        )
        await self._ledger.change_state(change)
        await self._ledger.record([alert_raised(asked.desk_id, Alert(topic=Topic.BREAKER, key=key, reason=reason), at)])
        log.error("strategy_fails", desk_id=asked.desk_id, reason=reason)
