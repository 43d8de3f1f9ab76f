"""Workflows of a worker that is no build among others: they say nothing of builds, which the server would refuse.

A class says by its decorator what is to happen to it when builds change, and says so at each of its tasks, also on
a worker without a build; and then the server takes none of them, so that the workflow never begins.
Imported in the sandbox of each workflow: keep it small.
"""

from __future__ import annotations

from dataclasses import replace

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails


class Unversioned(UnsandboxedWorkflowRunner):
    """Runs a workflow as if its class said nothing of builds."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """As the SDK does."""
        return super().create_instance(replace(det, defn=replace(det.defn, versioning_behavior=None)))
