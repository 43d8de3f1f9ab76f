"""The close of the day: what is held is valued at the bell; sessions that were missed are made up, the oldest first."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.closing import ClosingActivities
    from activities.memory import MemoryActivities
    from activities.reviewing import ReviewingActivities
    from trading.closing import CloseAsked, Closed, ClosePlan, DayAsked, DayClosing, ReviewAsked
    from trading.steps import ResolveAsked
    from workflows import policies
    from workflows.starting import given
    from workflows.tables import close_table
    from workflows.telling import tell_desk


@workflow.defn
class DailyClose:
    """Close what has ended and is not closed, then tell the desk."""

    @workflow.run
    async def run(self, asked: DayAsked | None = None) -> DayClosing:
        """Close the newest session that has ended, and those before it that were missed; say what was done."""
        done = await close_sessions(given(asked))
        workflow.set_current_details(close_table(done))
        return done


async def close_sessions(asked: DayAsked) -> DayClosing:
    """Close every session that is due. Each is closed once, whoever else does the same."""
    plan: ClosePlan = await workflow.execute_activity_method(
        ClosingActivities.plan_closes, asked, summary="which sessions are due", **policies.CLOSE
    )
    older, newest = plan.due[:-1], plan.due[-1:]
    desk_id, trace_id = asked.desk_id, asked.trace_id
    closed = [await _close(CloseAsked(desk_id=desk_id, trace_id=trace_id, due=due)) for due in older]
    for due in newest:
        last = CloseAsked(
            desk_id=desk_id,
            trace_id=trace_id,
            due=due,
            made_up=tuple(one.session.session_on for one in older),
            left_out=plan.left_out,
        )
        closed.append(await _settled(last) if plan.may_come else await _close(last))
    if closed:
        await _resolve(asked)
        await _review(asked, closed[-1])
        await tell_desk(asked.desk_id)
    return DayClosing(closed=tuple(closed), reason=plan.reason)


async def _resolve(asked: DayAsked) -> None:
    """Let the desk learn what its decisions came to; a day is closed without it where memory is away."""
    try:
        await workflow.execute_activity_method(
            MemoryActivities.resolve_memories,
            ResolveAsked(desk_id=asked.desk_id),
            summary="what has come to an end",
            **policies.MEMORY,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("memories are not resolved: %s", error.cause)


async def _review(asked: DayAsked, newest: Closed) -> None:
    """Hold each strategy to its own rule by the newest close."""
    reviewed = ReviewAsked(desk_id=asked.desk_id, session_on=newest.session_on, trace_id=asked.trace_id)
    await workflow.execute_activity_method(
        ReviewingActivities.review_strategies, reviewed, summary="does each strategy earn its place?", **policies.CLOSE
    )


async def _settled(asked: CloseAsked) -> Closed:
    """Close the newest session, with some patience for prices that may still come."""
    for _ in range(policies.CLOSING_LOOKS - 1):
        closed = await _close(asked.model_copy(update={"anyhow": False}))
        if closed.done:
            return closed
        await workflow.sleep(policies.CLOSING_PAUSE, summary=f"no price of {len(closed.missing)} symbols yet")
    return await _close(asked)


async def _close(asked: CloseAsked) -> Closed:
    return await workflow.execute_activity_method(
        ClosingActivities.close_session, asked, summary=f"close {asked.due.session.session_on}", **policies.CLOSE
    )
