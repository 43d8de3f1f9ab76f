"""How a desk's workflow is started, for whoever asks it something while it does not run yet. No workflow's code."""

from __future__ import annotations

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from trading.desk import DeskState
from workflows import policies, search_attributes
from workflows.trading_desk import TradingDesk


def started(desk_id: str) -> WithStartWorkflowOperation[TradingDesk, None]:
    """The desk that runs, else a new one; good for one update."""
    return WithStartWorkflowOperation(
        TradingDesk.run,
        DeskState(desk_id=desk_id),
        id=f"desk/{desk_id}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=search_attributes.of_desk(desk_id),
        static_summary=f"desk {desk_id}",
    )
