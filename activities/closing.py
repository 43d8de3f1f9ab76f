"""Closing a session: what was held at the bell, at the prices of that bell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import structlog
from temporalio import activity

from activities import clock
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.bars import Bars
from trading.closing import (
    Benchmark,
    CloseAsked,
    Closed,
    ClosePlan,
    DailyClose,
    DayAsked,
    Due,
    Missing,
    day_closed,
)
from trading.closing_books import History, Past, Seen, close_of, held_at
from trading.closing_plan import (
    benchmark_return,
    closing_price,
    in_shares_then,
    no_session,
    plan,
    unbooked_split,
)
from trading.closing_ports import Closes
from trading.corporate_actions import SAME_ACTION, ActionKind, CorporateAction, effective_at
from trading.digest import day_digest
from trading.events import Event
from trading.market import Adjustment, Dropped
from trading.ports import Calendar, Market
from trading.sessions import Session

NO_BENCHMARK = "none"
# Bars before the base of a benchmark's return, for the session before it.
_SPARE_BARS = 2

log = structlog.get_logger()


class Exchange(NamedTuple):
    """Where the prices of a close come from, when it is, and what the desk is held against."""

    market: Market
    calendar: Calendar
    benchmark: str = NO_BENCHMARK
    zone: str = "America/New_York"


class ClosingActivities:
    """The closes of one market's sessions."""

    def __init__(self, exchange: Exchange, closes: Closes) -> None:
        self._market, self._calendar, self._benchmark, self._zone = exchange
        self._closes = closes

    @activity.defn
    async def plan_closes(self, asked: DayAsked) -> ClosePlan:
        """Say which sessions are to be closed: the newest that has ended, and those before it that were missed.

        Repeat: reads only; a session that was closed meanwhile is found so when its turn comes.
        """
        known = await self._closes.known(asked.desk_id)
        if known is None:
            return ClosePlan(reason=f"the books know no desk {asked.desk_id}")
        now = clock.now()
        present = await self._market.latest(now)
        # Prices of the past alone: whatever has happened here by now belongs to the newest of their sessions.
        planned = plan(self._calendar, known, present, now if self._market.historical else None)
        words = [planned.reason, no_session(self._calendar, present, self._zone), self._staleness(present, now)]
        changes = {"reason": "; ".join(word for word in words if word), "may_come": not self._market.historical}
        return planned.model_copy(update=changes)

    @activity.defn
    async def close_session(self, asked: CloseAsked) -> Closed:
        """Value the books of the bell; keep the close, its equity mark, `DayClosed` and, of the newest, a digest.

        Where a price is missing that may still come, it says so and keeps nothing, unless told to close anyhow.

        Repeat: a session that is closed stays as it was closed.
        """
        session = asked.due.session
        known = await self._closes.find(asked.desk_id, session.session_on)
        if known is not None:
            return known.outcome
        history = await self._closes.history(asked.desk_id, asked.due.until_at)
        past = await self._closes.past(asked.desk_id)
        close = close_of(history, asked.due, await self._look(history, asked.due, past), past)
        if close.missing and not asked.anyhow:
            return close.outcome.model_copy(update={"done": False})
        close = close.model_copy(update={"made_up": asked.made_up is None})
        kept = await self._closes.keep(close, _told(close, asked, clock.now()))
        log.info("closed", session=str(kept.session_on), equity=str(kept.equity), missing=len(kept.missing))
        return kept.outcome

    async def _look(self, history: History, due: Due, past: Past) -> Seen:
        """Prices of what was held at the bell, and the benchmark's return since the close before."""
        session, held = due.session, sorted(held_at(history, due))
        wanted = [*held, *([] if self._benchmark in {NO_BENCHMARK, *held} else [self._benchmark])]
        base_on = past.base.session_on if past.base else None
        between = (session.session_on - base_on).days if base_on else 0
        found = await self._market.bars(wanted, session.closes_at, between + _SPARE_BARS) if wanted else {}
        return Seen(
            market=self._market.name,
            prices=await self._prices(history, due, held, found),
            benchmark=self._compare(found, due, past),
            note=self._staleness(session.closes_at, clock.now()) if self._market.historical else "",
        )

    async def _prices(
        self, history: History, due: Due, held: Sequence[str], found: Mapping[str, Bars | Dropped]
    ) -> dict[str, Decimal | Missing]:
        """Of each symbol the close of its bar, in the shares of that day, else the last trade quoted in the session."""
        session, listed = due.session, await self._actions(due.session, held)
        prices: dict[str, Decimal | Missing] = {}
        for symbol in held:
            price = closing_price(symbol, session, found.get(symbol), None)
            if isinstance(price, Decimal) and self._market.adjustment is not Adjustment.RAW:
                price = in_shares_then(price, symbol, session, (history.adjustments, listed.get(symbol, ())))
            prices[symbol] = price
        bare = [symbol for symbol, price in prices.items() if isinstance(price, Missing)]
        quotes = await self._market.quotes(bare, session.closes_at) if bare else {}
        for symbol in bare:
            prices[symbol] = closing_price(symbol, session, found.get(symbol), quotes.get(symbol))
        for symbol, actions in listed.items():
            prices[symbol] = unbooked_split(symbol, session, history, actions) or prices[symbol]
        return prices

    async def _actions(self, session: Session, held: Sequence[str]) -> Mapping[str, Sequence[CorporateAction]]:
        """The listed actions that are in force; one that the broker books late may be a week old."""
        now = clock.now()
        if not held or self._market.adjustment is Adjustment.RAW:
            return {}
        listed = await self._market.actions(held, session.opens_at - SAME_ACTION[ActionKind.SPLIT], now)
        return {symbol: [one for one in listed[symbol] if effective_at(one.ex_on) <= now] for symbol in listed}

    def _compare(self, found: Mapping[str, Bars | Dropped], due: Due, past: Past) -> Benchmark:
        if self._benchmark == NO_BENCHMARK:
            return Benchmark()
        bars = found.get(self._benchmark)
        base_on = past.base.session_on if past.base else None
        moved = benchmark_return(bars, due.session, base_on) if isinstance(bars, Bars) else None
        if moved is not None:
            return Benchmark(symbol=self._benchmark, day_return=moved)
        why = "has no bars of" if not isinstance(bars, Bars) or not len(bars) else "has not both closes of"
        return Benchmark(reason=f"{self._market.name} {why} {self._benchmark}")

    def _staleness(self, present: datetime, now: datetime) -> str:
        """Why the newest session is not today's."""
        if not self._market.historical or present.date() == now.date():
            return ""
        return f"{self._market.name} has prices of the past alone, the newest of {present.date()}"


def _told(close: DailyClose, asked: CloseAsked, at: datetime) -> list[Event]:
    """The close itself, and for the newest session a digest: nobody reads thirty of them at once."""
    events = [day_closed(close, asked.trace_id, at)]
    if asked.made_up is None:
        return events
    words = day_digest(close, asked.made_up, asked.left_out)
    alert = Alert(topic=Topic.DAILY_SUMMARY, key=f"day-{close.session_on}", reason=words, severity=Severity.INFO)
    return [*events, alert_raised(close.desk_id, alert, at)]
