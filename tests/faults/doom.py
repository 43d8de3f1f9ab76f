"""Deaths at the edges of activities and at workflow tasks, wherever a test armed one.

A death is a line in the file `armed` of the lane's folder: whoever comes to that point the first time takes the line
away and ends as SIGKILL would. So one living worker can be told of its next death, and no second life repeats it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from temporalio import activity, workflow
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from tests.fakes.faulty import KILLED

Moment = Literal["before", "after", "returned", "task", "held"]
# How long a `held` activity stands between its effect's beginning and its end: long enough to be met there.
HELD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Death:
    """Where a worker dies: at the n-th call (the first is 1) of an activity, or at the first task of a workflow.

    before    the effect                       after   the effect, before its result is returned
    returned  in the workflow task that takes the result up; it is in history, what follows from it is not
    task      in the first task of a workflow  held    does not die: waits before the effect, for a test to come by
    """

    step: str
    moment: Moment
    call: int = 1

    def __str__(self) -> str:
        return f"{self.step} {self.moment} {self.call}"


class Trace:
    """What the lives of one lane have to say: lines of monotonic seconds, process and words, in one file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "trace"

    def note(self, *words: object) -> None:
        line = f"{time.monotonic():.4f} {os.getpid()} {' '.join(map(str, words))}\n"
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)

    def of(self, word: str, pid: int | None = None) -> list[tuple[float, str]]:
        """When, and what more was said, of every line that begins with a word; of one process or of all."""
        if not self._file.exists():
            return []
        lines = [line.split(maxsplit=3) for line in self._file.read_text().splitlines()]
        said = [line for line in lines if line[2] == word and pid in {None, int(line[1])}]
        return [(float(line[0]), line[3] if len(line) > 3 else "") for line in said]


class Doom(Interceptor):
    """Brings the armed death to a worker."""

    def __init__(self, folder: Path) -> None:
        self._armed = folder / "armed"
        self._trace = Trace(folder)
        self._calls: Counter[tuple[str, str]] = Counter()

    def reached(self, step: str, moment: Moment) -> bool:
        """Die if this is the armed place. True when it is armed to be held instead."""
        try:
            armed = self._armed.read_text()
        except FileNotFoundError:
            return False
        if not armed.startswith(f"{step} {moment} "):
            return False
        self._calls[armed, moment] += 1
        if not armed.startswith(f"{step} {moment} {self._calls[armed, moment]}\n"):
            return False
        self._armed.unlink()
        self._trace.note("reached", step, moment)
        if moment != "held":
            os._exit(KILLED)
        return True

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  the SDK's name
        return _Activities(next, self)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002  the SDK's name
        doom = self

        class Here(_Workflows):
            reached = staticmethod(doom.reached)

        return Here


class _Activities(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, doom: Doom) -> None:  # noqa: A002  the SDK's name
        super().__init__(next)
        self._doom = doom

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's name
        step = activity.info().activity_type
        if self._doom.reached(step, "held"):
            await asyncio.sleep(HELD_SECONDS)
        self._doom.reached(step, "before")
        result = await super().execute_activity(input)
        self._doom.reached(step, "after")
        return result


class _Workflows(WorkflowInboundInterceptor):
    """Dies inside workflow tasks. The sandbox forbids files and exits, so its rules are lifted for that look."""

    reached: Any

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self._look))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002  the SDK's name
        self._look(workflow.info().workflow_type, "task")
        return await super().execute_workflow(input)

    def _look(self, step: str, moment: Moment) -> None:
        if not workflow.unsafe.is_replaying():
            with workflow.unsafe.sandbox_unrestricted():
                self.reached(step, moment)


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, look: Any) -> None:  # noqa: A002  the SDK's name
        super().__init__(next)
        self._look = look

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002  the SDK's name
        handle = super().start_activity(input)
        handle.add_done_callback(lambda _: self._look(input.activity, "returned"))
        return handle
