"""Reporting a week that is over."""

from __future__ import annotations

import structlog
from temporalio import activity

from activities import clock
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.closing_plan import sessions_of, week_over
from trading.closing_ports import Closes, Weeks
from trading.digest import week_digest
from trading.ports import Calendar, Market
from trading.weeks import ReportAsked, WeekAsked, WeekEnded, WeekPlan, report_of, week_reported

log = structlog.get_logger()


class ReportingActivities:
    """The weeks of one market."""

    def __init__(self, market: Market, calendar: Calendar, closes: Closes, weeks: Weeks) -> None:
        self._market = market
        self._calendar = calendar
        self._closes = closes
        self._weeks = weeks

    @activity.defn
    async def plan_week(self, asked: WeekAsked) -> WeekPlan:
        """Name the newest week that is over, unless it has been reported.

        Repeat: reads only; a week that was reported meanwhile is found so when it is kept.
        """
        if await self._closes.known(asked.desk_id) is None:
            return WeekPlan(reason=f"the books know no desk {asked.desk_id}")
        monday = week_over(self._calendar, await self._market.latest(clock.now()))
        if await self._weeks.find(asked.desk_id, monday) is not None:
            return WeekPlan(reason=f"the week from {monday}, the newest that is over, is reported already")
        return WeekPlan(monday=monday)

    @activity.defn
    async def report_week(self, asked: ReportAsked) -> WeekEnded:
        """Put the week's closes into one report, and keep it with `WeekReported` and a digest.

        Repeat: a week that is reported stays as it was reported.
        """
        facts = await self._weeks.facts(asked.desk_id, asked.monday)
        if not facts.closes:
            return WeekEnded(reason=f"no session of the week from {asked.monday} was closed")
        at = clock.now()
        report = report_of(asked.desk_id, asked.monday, facts, sessions_of(self._calendar, asked.monday))
        words = Alert(
            topic=Topic.WEEKLY_REPORT,
            key=f"week-{report.monday}",
            reason=week_digest(report),
            severity=Severity.INFO,
        )
        told = [week_reported(report, asked.trace_id, at), alert_raised(asked.desk_id, words, at)]
        kept = await self._weeks.keep(report, told)
        log.info("reported", week=str(kept.monday), pnl=str(kept.pnl))
        return WeekEnded(monday=kept.monday, pnl=kept.pnl)
