"""The cycles of a desk that run: begun together, each stayed with to its end, and rejoined by the desk's next run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ChildWorkflowError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.cycles import CycleActivities
    from trading.desk import CycleEnd, CyclesAwaited, CyclesEnded
    from trading.docket import CycleOutcome
    from trading.money import MOST_TEXT
    from trading.steps import Cycle
    from trading.waiting import Turns
    from workflows import policies, search_attributes
    from workflows.trading_cycle import TradingCycle

Ended = Callable[[Sequence[CycleEnd]], Awaitable[None]]


class UnderWay:
    """The cycles that the turns of a desk have let begin.

    `ended` is told how some of them have ended, and what it does then is never cut off by a continue-as-new; nor is the
    start of a cycle, which the server forgets when its parent ends before it has begun.
    """

    def __init__(self, desk_id: str, turns: Turns, ended: Ended) -> None:
        self._desk_id = desk_id
        self._turns = turns
        self._ended = ended
        self._from_before = {cycle.cycle_id: cycle for cycle in turns.running}
        self._tasks: set[asyncio.Task[None]] = set()
        self._uncut = 0

    @property
    def may_be_left(self) -> bool:
        """Whether the next run of the desk finds all that there is in what this one carries over."""
        return self._uncut == 0

    @property
    def has_broken(self) -> bool:
        """Whether one of the tasks has a bug, which nobody else would hear of."""
        return any(task.done() for task in self._tasks)

    def proceed(self) -> None:
        """Begin all cycles that may, and stay with those that run; what a bug has stopped raises here."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()
        if self._from_before:
            rejoined, self._from_before = self._from_before, {}
            self._start(self._rejoin(rejoined))
        while (cycle := self._turns.next(workflow.now())) is not None:
            self._uncut += 1
            self._start(self._run(cycle))

    def _start(self, stay: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(stay)
        self._tasks.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        """Keep only what has broken, for `proceed`."""
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self._uncut += 1
        try:
            yield
        finally:
            self._uncut -= 1

    async def _run(self, cycle: Cycle) -> None:
        end = CycleEnd(cycle_id=cycle.cycle_id, outcome=CycleOutcome.FAILED, said=False)
        try:
            try:
                child = await workflow.start_child_workflow(
                    TradingCycle.run,
                    cycle,
                    id=cycle.workflow_id,
                    task_timeout=policies.TASK,
                    task_queue=policies.DESK_QUEUE,
                    parent_close_policy=ParentClosePolicy.ABANDON,
                    execution_timeout=policies.CYCLE_LIFE,
                    search_attributes=search_attributes.of_cycle(cycle),
                    static_summary=f"{cycle.request.trigger}: {', '.join(cycle.request.symbols)}"[:200],
                )
            finally:
                self._uncut -= 1
            report = await child
            end = CycleEnd(cycle_id=cycle.cycle_id, outcome=report.outcome, reason=report.reason)
        except (ChildWorkflowError, WorkflowAlreadyStartedError) as error:
            end = end.model_copy(update={"reason": str(error.cause or error)[:MOST_TEXT]})
        with self._whole():
            await self._ended((end,))

    async def _rejoin(self, left: dict[str, Cycle]) -> None:
        """Wait for cycles that an earlier run of this desk started: for all at once, in a few lines of history."""
        while left:
            awaited = CyclesAwaited(desk_id=self._desk_id, cycle_ids=tuple(left), begun=True)
            try:
                answer: CyclesEnded = await workflow.execute_activity_method(
                    CycleActivities.await_cycles,
                    awaited,
                    summary=f"until one of {len(left)} ends" if len(left) > 1 else f"until {next(iter(left))} ends",
                    **policies.JOIN,
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # Each has an end of its own, which the server keeps: nothing is lost by asking for it again.
                workflow.logger.error("the ends of %d cycles are not known: %s", len(left), error.cause or error)
                await workflow.sleep(policies.DESK_PAUSE, summary="the ends of cycles are not known")
                continue
            with self._whole():
                await self._ended(answer.ends)
            for end in answer.ends:
                del left[end.cycle_id]
