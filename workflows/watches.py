"""What the watches of a desk share: one long activity after the other, for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows import policies


async def for_ever(desk_id: str, watch: Callable[[], Awaitable[timedelta | None]], after_failure: timedelta) -> None:
    """Watch; when that ends, watch again after its pause, and after a failure, which the details tell, after another.

    A watch that answers None is over for good.
    """
    while not workflow.info().is_continue_as_new_suggested():
        try:
            pause = await watch()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"failed: {error.cause or error}")
            pause = after_failure
        if pause is None:
            return
        await workflow.sleep(max(pause, policies.WATCH_PAUSE), summary="until it is watched again")
    workflow.continue_as_new(desk_id)
