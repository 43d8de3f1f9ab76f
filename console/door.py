"""How an activity that watches prices speaks to its desk: by the signals that a person sends."""

from __future__ import annotations

from contextlib import suppress

from temporalio import activity
from temporalio.service import RPCError

from console.asking import send
from console.desk import workflow_id
from trading.desk import PriceMoved


class SignalledDesk:
    """The port `DeskDoor`, from within an activity of a worker."""

    async def price_moved(self, desk_id: str, moved: PriceMoved) -> None:
        """Signal the desk; its workflow is started when it does not run yet."""
        await send(activity.client(), desk_id, moved)

    async def books_changed(self, desk_id: str) -> None:
        """Signal the desk. One that cannot be told looks after its next cycle."""
        with suppress(RPCError):
            await activity.client().get_workflow_handle(workflow_id(desk_id)).signal("books_changed")
