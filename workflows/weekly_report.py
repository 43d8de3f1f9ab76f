"""The report of the week, once its last session has ended."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.reporting import ReportingActivities
    from trading.closing import DayAsked
    from trading.weeks import ReportAsked, WeekAsked, WeekEnded, WeekPlan
    from workflows import policies
    from workflows.daily_close import close_sessions
    from workflows.starting import given


@workflow.defn
class WeeklyReport:
    """Close what is still to be closed, then report."""

    @workflow.run
    async def run(self, asked: WeekAsked | None = None) -> WeekEnded:
        """Report the newest week that is over, once."""
        asked = given(asked)
        plan: WeekPlan = await workflow.execute_activity_method(
            ReportingActivities.plan_week, asked, summary="which week", **policies.CLOSE
        )
        if plan.monday is None:
            ended = WeekEnded(reason=plan.reason)
        else:
            await self._close(asked)
            ended = await workflow.execute_activity_method(
                ReportingActivities.report_week,
                ReportAsked(**dict(asked), monday=plan.monday),
                summary=f"report the week from {plan.monday}",
                **policies.LEDGER,
            )
        workflow.set_current_details(ended.reason or f"the week from {ended.monday} is reported: {ended.pnl} USD")
        return ended

    async def _close(self, asked: WeekAsked) -> None:
        """The week's last close may be late; a report without it says so."""
        try:
            await close_sessions(DayAsked(**dict(asked)))
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the week is reported without a close: %s", error.cause or error)
