"""The one watch over a desk's prices. Its workflow id is the desk's, so there is never a second."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.price_watching import PriceWatchingActivities
    from trading.watching import WatchEnd
    from workflows import policies
    from workflows.starting import given
    from workflows.watches import for_ever


@workflow.defn(versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class PriceWatch:
    """Watch prices while the exchange is open, for ever, or until the settings say no more."""

    @workflow.run
    async def run(self, desk_id: str | None = None) -> None:
        """One watch after the other, a session each; after a failure anew. It keeps nothing: the log has it."""
        self._desk_id = given(desk_id)
        await for_ever(self._desk_id, self._watch, policies.DESK_PAUSE)

    async def _watch(self) -> timedelta | None:
        end: WatchEnd = await workflow.execute_activity_method(
            PriceWatchingActivities.watch_prices, self._desk_id, summary="prices as they move", **policies.PRICE_WATCH
        )
        workflow.set_current_details(_words(end))
        if end.is_over:
            return None
        return min((end.again_at or workflow.now()) - workflow.now(), policies.WATCH_IDLE)


def _words(end: WatchEnd) -> str:
    then = f", again at {end.again_at:%Y-%m-%d %H:%M} UTC" if end.again_at else ""
    return f"{end.reason}{then}; {end.looks} looks, {end.fired} fired"
