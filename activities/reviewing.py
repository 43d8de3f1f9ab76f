"""Holding each strategy to its own rule, once a day, by the newest close."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import structlog
from temporalio import activity

from activities import clock
from trading.alerts import Alert, Topic, alert_raised
from trading.breaker import StateChange, TradingState
from trading.breaker_events import REVIEW
from trading.closing import DailyClose, ReviewAsked
from trading.closing_ports import Closes
from trading.limits import Limits
from trading.ports import Ledger
from trading.strategy import ChangeRefused, Strategy, StrategyChange
from trading.strategy_rules import Failing, StrategyRules, as_the_desk, review

log = structlog.get_logger()

# To be disabled a strategy need not be one that could be added now.
_ANY = Limits(
    max_position=Decimal(1),
    max_sector=Decimal(1),
    max_positions=1_000_000,
    max_order_usd=Decimal("1e15"),
    min_price=Decimal(0),
)


class _Failed(NamedTuple):
    """A strategy that fails a review: which one, why, and what becomes of it."""

    strategy: Strategy
    key: str
    reason: str
    what: Failing


class ReviewingActivities:
    """The reviews of a desk's strategies."""

    def __init__(self, closes: Closes, ledger: Ledger, rules: StrategyRules) -> None:
        self._closes = closes
        self._ledger = ledger
        self._rules = rules

    @activity.defn
    async def review_strategies(self, asked: ReviewAsked) -> tuple[str, ...]:
        """Put a strategy that fails its review to REDUCING or disable it, and call a person; why, for each that does.

        The others trade on. It comes back by hand, and then has as many trades again before the next review.

        Repeat: a review has its number, and its change and its alert are made once.
        """
        close = await self._closes.find(asked.desk_id, asked.session_on)
        strategies = await self._ledger.strategies(asked.desk_id)
        failed = [one for one in self._failed(close, strategies) if one.strategy.enabled] if close else []
        for one in failed:
            await self._stop(asked, one)
            log.error("strategy_fails", desk_id=asked.desk_id, reason=one.reason)
        return tuple(one.reason for one in failed)

    def _failed(self, close: DailyClose, strategies: tuple[Strategy, ...]) -> list[_Failed]:
        """By each one's own rule, else by that of the settings."""
        lines = {line.strategy_id: line for line in close.strategies}
        failed: list[_Failed] = []
        for strategy in strategies:
            line, rules = lines.get(strategy.strategy_id), strategy.rules or self._rules
            if line is None:
                continue
            whole = as_the_desk(line, close.performance) if len(strategies) == 1 else line
            number, reason = review(whole, rules)
            if reason:
                key = f"review-{strategy.strategy_id}-{number}"
                failed.append(_Failed(strategy, key, reason, rules.on_failure))
        return failed

    async def _stop(self, asked: ReviewAsked, failed: _Failed) -> None:
        if failed.what is Failing.DISABLED and await self._disable(asked, failed):
            return
        change = StateChange(
            desk_id=asked.desk_id,
            change_id=failed.key,
            state=TradingState.REDUCING,
            changed_by=REVIEW,
            reason=failed.reason,
            trace_id=asked.trace_id,
            at=clock.now(),
            strategy_id=failed.strategy.strategy_id,
        )
        await self._ledger.restrain(change)

    async def _disable(self, asked: ReviewAsked, failed: _Failed) -> bool:
        """Whether it is disabled now; where that is refused it only reduces."""
        at = clock.now()
        # The alert first: once it is disabled, nobody looks at it a second time.
        alert = Alert(topic=Topic.BREAKER, key=f"{failed.key}-stops", reason=f"to be disabled: {failed.reason}"[:4000])
        await self._ledger.record([alert_raised(asked.desk_id, alert, at)])
        change = StrategyChange(
            desk_id=asked.desk_id,
            change_id=failed.key,
            strategy=failed.strategy.model_copy(update={"enabled": False}),
            seen=failed.strategy,
            by=REVIEW,
            reason=failed.reason,
            trace_id=asked.trace_id,
            at=at,
        )
        return not isinstance(await self._ledger.change_strategy(change, _ANY), ChangeRefused)
