"""A workflow that asks one activity once and answers as it does."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow


@workflow.defn
class Asking:
    @workflow.run
    async def run(self, name: str) -> str:
        return str(
            await workflow.execute_activity(
                name, "anything", start_to_close_timeout=timedelta(seconds=5), heartbeat_timeout=timedelta(seconds=2)
            )
        )
