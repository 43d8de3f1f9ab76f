"""Running workflows on a worker that is of no build, as a desk on one machine has it."""

from __future__ import annotations

from dataclasses import replace

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails


class OfNoBuild(UnsandboxedWorkflowRunner):
    """Runs workflows without a word of builds: of a worker that is of none Temporal refuses it, for ever."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """The workflow, which does not say where it goes on."""
        return super().create_instance(replace(det, defn=replace(det.defn, versioning_behavior=None)))
