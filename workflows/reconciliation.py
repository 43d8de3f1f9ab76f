"""The books against the broker's account: what is explained is corrected, what is not stops the desk."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.reconciling import ReconcilingActivities
    from trading.reconciling import Comparison, Reconciled, ReconciliationAsked, standing_in_both
    from workflows import policies
    from workflows.order_execution import send_and_wait
    from workflows.starting import given
    from workflows.tables import difference_table
    from workflows.telling import tell_desk


@workflow.defn
class Reconciliation:
    """Compare, correct, look again, act; then see that every position has its stop."""

    @workflow.run
    async def run(self, asked: ReconciliationAsked | None = None) -> Reconciled:
        """Correct what is explained; what stays unexplained in every look puts the desk in REDUCING or HALTED."""
        # Started by a schedule it has a name of its own each time: what follows from it must be told each time.
        name = workflow.info().workflow_id.removeprefix("reconciliation/")
        asked = given(asked).model_copy(update={"reconciliation_id": name})
        found = await self._compare(asked)
        for _ in range(policies.RECONCILING_LOOKS - 1):
            if not found.open_questions:
                break
            await workflow.sleep(policies.RECONCILING_PAUSE, summary="before looking again")
            found = standing_in_both(found, await self._compare(asked))
        workflow.set_current_details(difference_table(found.differences))
        reconciled: Reconciled = await workflow.execute_activity_method(
            ReconcilingActivities.conclude, found, summary=f"{len(found.differences)} differences", **policies.RECONCILE
        )
        for stop in reconciled.protection:
            await send_and_wait(stop)
        if reconciled.state is not None:
            await tell_desk(asked.desk_id)
        return reconciled

    async def _compare(self, asked: ReconciliationAsked) -> Comparison:
        return await workflow.execute_activity_method(
            ReconcilingActivities.compare, asked, summary="books and broker", **policies.RECONCILE
        )
