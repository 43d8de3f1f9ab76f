"""A desk: one account's long-lived workflow. It runs one cycle at a time and owns the trading state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.breaker import BreakerActivities
    from activities.cycles import CycleActivities
    from activities.ledger import LedgerActivities
    from activities.opening import OpeningActivities
    from trading.breaker import CircuitBreaker, StateChange, TradingState
    from trading.breaker_rules import Refused
    from trading.cycle_events import cycle_event
    from trading.desk import (
        CycleLine,
        CycleTicket,
        DeskOpening,
        DeskState,
        HaltAsked,
        LookAsked,
        PriceMoved,
        ResumeAsked,
        ResumptionAsked,
        StandDownAsked,
    )
    from trading.docket import CycleOutcome, CycleReport
    from trading.events import EventType
    from trading.judging import refusal
    from trading.steps import Cycle, CycleRequest
    from trading.waiting import Turns
    from workflows import policies, search_attributes
    from workflows.stand_down import StandDown
    from workflows.starting import given
    from workflows.trading_cycle import TradingCycle

Answer = TypeVar("Answer")


@workflow.defn
class TradingDesk:
    """One cycle at a time; halt and resume at any time."""

    @workflow.init
    def __init__(self, state: DeskState | None = None) -> None:
        state = state or DeskState(desk_id="nobody")
        self._desk_id = state.desk_id
        self._opened = state.opened
        self._turns = Turns(state, most_waiting=policies.MOST_WAITING, most_remembered=policies.MOST_REMEMBERED)
        self._running = state.running
        self._breaker = state.breaker
        self._standing_down = state.standing_down
        self._trouble = ""
        self._refused = ""
        self._look_waits = False
        self._look_due = state.look_due
        self._one_change_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, state: DeskState | None = None) -> None:
        """Open the books, then run what is asked, in its order, for ever."""
        state = given(state)
        if not self._opened:
            await self._open()
        if self._look_due:
            await self._judge()
        if self._running is not None:
            await self._rejoin(self._running)
        while not self._should_renew():
            self._turns.release(workflow.now())
            self._describe()
            await self._wait()
            if self._turns and not self._should_renew():
                await self._run_next()
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._carried(state))

    @workflow.update
    async def run_cycle(self, request: CycleRequest) -> CycleTicket:
        """Ask for a cycle; the answer names it at once, and under the same `request_id` again."""
        return self._turns.ask(request, workflow.now())

    @run_cycle.validator
    def _has_room(self, request: CycleRequest) -> None:
        if self._turns.is_full and self._turns.known(request) is None:
            message = f"{len(self._turns)} cycles are waiting already: {', '.join(request.symbols)} would be too many"
            raise ApplicationError(message, type="DeskFull", non_retryable=True)

    @workflow.signal
    async def price_moved(self, moved: PriceMoved) -> None:
        """Something moved: look at that symbol, not more often than its pace allows (`trading/waiting.py`)."""
        self._turns.tell(moved, workflow.now())

    @workflow.signal
    async def halt(self, asked: HaltAsked = HaltAsked(reason="no reason given")) -> None:  # noqa: B008  frozen
        """Stop trading now; whoever stops a desk in a hurry need not say why.

        While what is held is being sold the desk is REDUCING; the halt follows when that is on its way. Asked to sell
        a second time meanwhile, it goes on with the first: a halt would hold those sales back.
        """
        flatten = asked.flatten and self._standing_down is None
        await self._restrict(asked, flatten=flatten)
        if flatten or asked.cancel_orders:
            await self._stand_down(asked, flatten=flatten)

    @workflow.update
    async def resume_now(self, asked: ResumeAsked) -> CircuitBreaker:
        """Trade again. Refused while what stopped the desk still holds, unless by force."""
        answer = await self._resume(asked)
        if isinstance(answer, Refused):
            raise ApplicationError(answer.because, type="ResumeRefused", non_retryable=True)
        return answer

    @resume_now.validator
    def _may_resume(self, asked: ResumeAsked) -> None:
        # What has not tripped here may be held in the books by somebody who has not told: those have the last word.
        refused = refusal(self._breaker, force=asked.force) if self._breaker.trips else None
        if refused is not None:
            raise ApplicationError(refused.because, type="ResumeRefused", non_retryable=True)

    @workflow.signal
    async def resume(self, asked: ResumeAsked) -> None:
        """The same as a signal, for the Web UI; a refusal shows in the desk's details."""
        answer = await self._resume(asked)
        self._refused = answer.because if isinstance(answer, Refused) else ""
        self._describe()

    @workflow.signal
    async def books_changed(self) -> None:
        """The books say something new of the desk: marks, or somebody else has changed its trading state.

        One look that has not begun is enough for all who ask for it; a run that is to end leaves it to the next.
        """
        if self._should_renew():
            self._look_due = True
        elif not self._look_waits:
            self._look_waits = True
            await self._judge()

    @workflow.query
    def trading_state(self) -> TradingState:
        """ACTIVE, REDUCING or HALTED."""
        return self._breaker.state

    @workflow.query
    def circuit_breaker(self) -> CircuitBreaker:
        """The trading state, and every rule: threshold, value, distance, since when, evidence, who may resume when."""
        return self._breaker

    @workflow.query
    def cycles(self) -> list[CycleLine]:
        """Cycles that ran, run or wait, newest last."""
        return self._turns.lines

    async def _open(self) -> None:
        opening = DeskOpening(desk_id=self._desk_id, trace_id=workflow.info().run_id, at=workflow.now())
        self._breaker = await self._surely(
            lambda: workflow.execute_activity_method(
                OpeningActivities.open_desk, opening, summary="open the books", **policies.ORDERS
            )
        )
        self._opened = True

    async def _run_next(self) -> None:
        """Start the cycle that has waited longest."""
        self._running = cycle = self._turns.next(workflow.now())
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
        await self._see_through(cycle, child)

    async def _rejoin(self, cycle: Cycle) -> None:
        """Wait for a cycle that an earlier run of this desk started."""
        ending = workflow.start_activity_method(
            CycleActivities.await_cycle, cycle, summary=f"until {cycle.cycle_id} ends", **policies.JOIN
        )
        await self._see_through(cycle, ending)

    async def _see_through(self, cycle: Cycle, ending: asyncio.Task[CycleReport]) -> None:
        """Stay with a cycle until it ends, unless signals make the history too long: then the next run does."""
        self._describe()
        await workflow.wait_condition(lambda: ending.done() or self._should_renew())
        if not ending.done():
            return
        try:
            report = await ending
            self._turns.note(cycle.cycle_id, outcome=report.outcome, reason=report.reason)
        except (ChildWorkflowError, ActivityError) as error:
            await self._failed(cycle, str(error.cause or error))
        self._running = None
        await self._judge()

    async def _wait(self) -> None:
        """Until there is something to do; a desk that has stopped by itself looks now and then whether that is over."""
        known, due_at = self._breaker, self._turns.due_at()
        try:
            await workflow.wait_condition(
                lambda: (
                    bool(self._turns)
                    or self._should_renew()
                    or self._breaker is not known
                    or self._turns.due_at() != due_at
                ),
                timeout=self._pause(due_at),
                timeout_summary="is a cool-down, or what stopped the desk, over?",
            )
        except TimeoutError:
            if not self._turns.release(workflow.now()):
                await self._judge()

    def _pause(self, due_at: datetime | None) -> timedelta | None:
        now, ends = workflow.now(), [due_at] if due_at is not None else []
        if self._breaker.trips:
            ends.append(min(self._breaker.next_look_at or now + policies.BREAKER_LOOK, now + policies.BREAKER_LOOK))
        return max(policies.LEAST_BREAKER_LOOK, min(ends) - now) if ends else None

    async def _judge(self) -> None:
        async with self._one_change_at_a_time:  # or an older answer could overwrite a halt that came meanwhile
            self._look_waits = self._look_due = False
            asked = LookAsked(desk_id=self._desk_id, at=workflow.now(), trace_id=workflow.info().run_id)
            self._breaker = await self._surely(
                lambda: workflow.execute_activity_method(
                    BreakerActivities.judge, asked, summary="circuit breaker", **policies.LEDGER
                )
            )
            self._describe()

    async def _failed(self, cycle: Cycle, reason: str) -> None:
        """A cycle that could not say its own end: say it for it."""
        self._turns.note(cycle.cycle_id, outcome=CycleOutcome.FAILED, reason=reason[:4000])
        workflow.logger.error("cycle %s failed and could not say so itself: %s", cycle.cycle_id, reason)
        data = {"outcome": CycleOutcome.FAILED, "reason": reason[:4000]}
        event = cycle_event(cycle, EventType.CYCLE_FAILED, workflow.now(), data, "desk")
        await self._surely(
            lambda: workflow.execute_activity_method(
                LedgerActivities.end_cycle, event, summary="CycleFailed", **policies.LEDGER
            )
        )

    async def _restrict(self, asked: HaltAsked, *, flatten: bool) -> None:
        async with self._one_change_at_a_time:
            await workflow.wait_condition(lambda: self._opened)
            change = StateChange(
                desk_id=self._desk_id,
                change_id=str(workflow.uuid4()),
                state=TradingState.REDUCING if asked.flatten else TradingState.HALTED,
                changed_by=asked.by,
                reason=asked.reason,
                trace_id=asked.trace_id,
                at=workflow.now(),
                flatten=flatten,
            )
            self._breaker = await self._surely(
                lambda: workflow.execute_activity_method(
                    LedgerActivities.change_state, change, summary=f"{change.state} by {asked.by}", **policies.LEDGER
                )
            )
            self._describe()

    async def _resume(self, asked: ResumeAsked) -> CircuitBreaker | Refused:
        async with self._one_change_at_a_time:
            await workflow.wait_condition(lambda: self._opened)
            word = ResumptionAsked(
                desk_id=self._desk_id,
                change_id=str(workflow.uuid4()),
                at=workflow.now(),
                **asked.model_dump(),
            )
            answer: CircuitBreaker | Refused = await self._surely(
                lambda: workflow.execute_activity_method(
                    BreakerActivities.resume_desk, word, summary=f"resume by {asked.by}", **policies.LEDGER
                )
            )
            if isinstance(answer, CircuitBreaker):
                self._breaker, self._standing_down = answer, None
            self._describe()
            return answer

    async def _stand_down(self, asked: HaltAsked, *, flatten: bool) -> None:
        """Start leaving the market. It goes on whatever becomes of this run of the desk."""
        name = f"{self._desk_id}-{workflow.now():%Y%m%dT%H%M%S}"
        down = StandDownAsked(
            desk_id=self._desk_id,
            stand_down_id=name,
            flatten=flatten,
            reason=asked.reason,
            by=asked.by,
            trace_id=asked.trace_id,
            asked_at=workflow.now(),
        )
        if flatten:
            self._standing_down = name
        with suppress(WorkflowAlreadyStartedError):  # asked twice in a second: it is under way
            await workflow.start_child_workflow(
                StandDown.run,
                down,
                id=down.workflow_id,
                task_timeout=policies.TASK,
                task_queue=policies.DESK_QUEUE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"{'flatten' if flatten else 'cancel what rests'}: {asked.reason}"[:200],
            )

    async def _surely(self, step: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do a step of the desk's own, however often that takes: no failure may lose a halt or waiting cycles."""
        while True:
            try:
                answer = await step()
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                self._trouble = str(error.cause or error)[:400]
                workflow.logger.error("%s: the books are in trouble: %s", error.activity_type, self._trouble)
                self._describe()
                await workflow.sleep(policies.DESK_PAUSE, summary="the books are in trouble")
            else:
                self._trouble = ""
                return answer

    def _describe(self) -> None:
        """What the Web UI shows of the desk."""
        now = f"running {self._running.cycle_id}" if self._running else "idle"
        why = f" ({self._breaker.reason})" if self._breaker.reason else ""
        lines = self._turns.lines[-10:]
        past = "\n".join(f"- {line.cycle_id}: {line.outcome or 'waiting'} {line.reason}" for line in lines)
        refused = f"\n\n**Not resumed:** {self._refused}" if self._refused else ""
        trouble = f"\n\n**Trouble with the books:** {self._trouble}" if self._trouble else ""
        words = f"**{self._breaker.state}**{why} — {now}, {len(self._turns)} waiting, {self._turns.held} held"
        workflow.set_current_details(f"{words}{refused}{trouble}\n\n{past}")

    def _should_renew(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() >= policies.MOST_HISTORY or info.is_continue_as_new_suggested()

    def _carried(self, state: DeskState) -> DeskState:
        return state.model_copy(
            update={
                "opened": self._opened,
                **self._turns.carried(workflow.now()),
                "running": self._running,
                "breaker": self._breaker,
                "standing_down": self._standing_down,
                "look_due": self._look_due,
            }
        )
