"""A past cycle decided once more: every question an activity, as in the cycle, and no other step that does anything."""

from __future__ import annotations

from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.replaying import ReplayActivities
    from trading.errors import Final, TradingError
    from trading.money import MOST_TEXT
    from trading.spoken import Line
    from trading.whatif import Past, ReplayAsked, Replayed, decide_again
    from workflows import policies
    from workflows.cycle_steps import ActivitySteps
    from workflows.starting import given
    from workflows.trading_cycle import BUGS


@workflow.defn(failure_exception_types=BUGS)
class Replay:
    """One cycle, decided again. Its id is the replay's, under which its questions are paid for."""

    @workflow.run
    async def run(self, asked: ReplayAsked | None = None) -> Replayed:
        """Read what it decided from, ask, and lay both side by side."""
        wish = given(asked)
        past = await workflow.execute_activity_method(
            ReplayActivities.load_past, wish, summary="as it was", **policies.LEDGER
        )
        now, because = await _again(past, wish)
        paid = await workflow.execute_activity_method(
            ReplayActivities.sum_up_replay, wish, summary="what it took", **policies.LEDGER
        )
        opening = past.grounds.opening
        return Replayed(
            cycle_id=wish.cycle_id,
            strategy_id=opening.strategy.strategy_id,
            as_of=opening.as_of,
            then=past.lines,
            now=now,
            paid=paid,
            because=because[:MOST_TEXT],
        )


async def _again(past: Past, asked: ReplayAsked) -> tuple[tuple[Line, ...], str]:
    """What is said this time, or why nothing is."""
    try:
        return await decide_again(past.grounds, asked, ActivitySteps(lambda *_: None, _nobody)), ""
    except TradingError as error:
        return (), str(error)


async def _nobody(*_: object) -> NoReturn:
    raise Final("a replay calls nobody")
