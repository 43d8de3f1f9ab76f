"""The one watch over a desk's prices. Its workflow id is the desk's, so there is never a second."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.price_watching import PriceWatchingActivities
    from trading.watching import WatchEnd
    from workflows import policies
    from workflows.starting import given


@workflow.defn
class PriceWatch:
    """Watch prices while the exchange is open, for ever, or until the settings say no more."""

    @workflow.run
    async def run(self, desk_id: str | None = None) -> None:
        """One watch after the other, a session each; after a failure anew. It keeps nothing: the log has it."""
        desk_id = given(desk_id)
        while not workflow.info().is_continue_as_new_suggested():
            pause = policies.WATCH_PAUSE
            try:
                end: WatchEnd = await workflow.execute_activity_method(
                    PriceWatchingActivities.watch_prices, desk_id, summary="prices as they move", **policies.PRICE_WATCH
                )
                workflow.set_current_details(_words(end))
                if end.is_over:
                    return
                pause = max(pause, min((end.again_at or workflow.now()) - workflow.now(), policies.WATCH_IDLE))
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.set_current_details(f"not watched: {error.cause or error}")
                pause = policies.DESK_PAUSE
            await workflow.sleep(pause, summary="until prices are watched again")
        workflow.continue_as_new(desk_id)


def _words(end: WatchEnd) -> str:
    then = f", again at {end.again_at:%Y-%m-%d %H:%M} UTC" if end.again_at else ""
    return f"{end.reason}{then}; {end.looks} looks, {end.fired} fired"
