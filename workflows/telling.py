"""A word to a desk from a workflow that is none of its own."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError


async def tell_desk(desk_id: str) -> None:
    """Tell the desk that its books say something new. A desk that is not there looks at them when it comes."""
    try:
        await workflow.get_external_workflow_handle(f"desk/{desk_id}").signal("books_changed")
    except ApplicationError:
        workflow.logger.warning("no desk %s to tell", desk_id)
