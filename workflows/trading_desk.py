"""A desk: one account's long-lived workflow. It runs each strategy's cycles and owns the trading state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.breaker import BreakerActivities
    from activities.ledger import LedgerActivities
    from activities.opening import OpeningActivities
    from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker, TradingState
    from trading.breaker_rules import Refused
    from trading.cycle_events import cycle_event
    from trading.desk import (
        CycleEnd,
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
    from trading.events import EventType
    from trading.judging import refusal
    from trading.steps import CycleRequest
    from trading.strategy_states import StrategyStates
    from trading.waiting import Room, Turns
    from workflows import policies
    from workflows.stand_down import StandDown
    from workflows.starting import given
    from workflows.under_way import UnderWay

Answer = TypeVar("Answer")
TO_THE_NEWEST = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
MOST_NAMED = 5
ROOM = Room(
    waiting=policies.MOST_WAITING,
    running=policies.MOST_RUNNING,
    remembered=policies.MOST_REMEMBERED,
    held=policies.MOST_HELD,
    looks=policies.MOST_LOOKS,
)


@workflow.defn
class TradingDesk:
    """Of each strategy one cycle at a time, of different ones together; halt and resume at any time."""

    @workflow.init
    def __init__(self, state: DeskState | None = None) -> None:
        state = state or DeskState(desk_id="nobody")
        self._desk_id = state.desk_id
        self._opened = state.opened
        self._turns = Turns(state, ROOM)
        self._under_way = UnderWay(state.desk_id, self._turns, self._ended)
        self._breaker = state.breaker
        self._strategies = StrategyStates(state.strategies)
        self._standing_down = state.standing_down
        self._trouble = ""
        self._refused = ""
        self._look_waits = False
        self._look: asyncio.Task[None] | None = None
        self._look_due = state.look_due
        self._one_change_at_a_time = asyncio.Lock()
        self._began_at = workflow.info().get_current_history_length()

    @workflow.run
    async def run(self, state: DeskState | None = None) -> None:
        """Open the books, then run what is asked, in its order, for ever."""
        state = given(state)
        if not self._opened:
            await self._open()
        if self._look_due:
            await self._judge()
        while not self._should_renew():
            self._turns.release(workflow.now())
            self._under_way.proceed()
            self._describe()
            await self._wait()
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and self._under_way.may_be_left)
        workflow.continue_as_new(
            self._carried(state), initial_versioning_behavior=TO_THE_NEWEST if self._is_outdated() else None
        )

    @workflow.update
    async def run_cycle(self, request: CycleRequest) -> CycleTicket:
        """Ask for a cycle; the answer names it at once, and under the same `request_id` again."""
        return self._turns.ask(request, workflow.now())

    @run_cycle.validator
    def _may_ask(self, request: CycleRequest) -> None:
        if self._turns.contradicts(request):
            message = "something else was asked for under this name before"
            raise ApplicationError(message, type="AskedOtherwise", non_retryable=True)
        if not self._turns.has_room(request.strategy_id) and self._turns.known(request) is None:
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
        whole = asked.strategy_id is None
        flatten = whole and asked.flatten and self._standing_down is None
        name = f"{self._desk_id}-{workflow.now():%Y%m%dT%H%M%S}"
        if flatten:
            # Before anything is waited for: a second ask that came meanwhile would cancel the first one's sales.
            self._standing_down = name
        await self._restrict(asked, flatten=flatten)
        if flatten or (whole and asked.cancel_orders):
            await self._stand_down(asked, name, flatten=flatten)

    @workflow.update
    async def resume_now(self, asked: ResumeAsked) -> CircuitBreaker:
        """Trade again. Refused while what stopped the desk, or the strategy, still holds, unless by force."""
        answer = await self._resume(asked)
        if isinstance(answer, Refused):
            raise ApplicationError(answer.because, type="ResumeRefused", non_retryable=True)
        return answer

    @resume_now.validator
    def _may_resume(self, asked: ResumeAsked) -> None:
        # What has not tripped here may be held in the books by somebody who has not told: those have the last word.
        name = asked.strategy_id
        known = self._breaker if name is None else self._strategies.of(name)
        refused = refusal(known, force=asked.force, strategy_id=name) if known.trips else None
        if refused is not None:
            raise ApplicationError(refused.because, type="ResumeRefused", non_retryable=True)

    @workflow.signal
    async def resume(self, asked: ResumeAsked) -> None:
        """The same as a signal, for the Web UI; a refusal shows in the desk's details."""
        await self._resume(asked)

    @workflow.signal
    async def books_changed(self) -> None:
        """The books say something new of the desk: marks, or somebody else has changed its trading state.

        One look that has not begun is enough for all who ask for it; a run that is to end leaves it to the next.
        """
        if self._should_renew():
            self._look_due = True
        else:
            await self._judged()

    @workflow.query
    def trading_state(self) -> TradingState:
        """ACTIVE, REDUCING or HALTED."""
        return self._breaker.state

    @workflow.query
    def circuit_breaker(self) -> CircuitBreaker:
        """The trading state, and every rule: threshold, value, distance, since when, evidence, who may resume when."""
        return self._breaker

    @workflow.query
    def strategy_breakers(self) -> list[StrategyBreaker]:
        """The same of each strategy; of more than forty, those that trade with their nearest rule alone."""
        return list(self._strategies.lines)

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

    async def _ended(self, ends: Sequence[CycleEnd]) -> None:
        """Say of cycles that could not how they ended, judge, and let the next of their strategies have their turn."""
        for end in ends:
            self._turns.note(end.cycle_id, outcome=end.outcome, reason=end.reason)
            if not end.said:
                await self._failed(end)
        await self._judged()
        for end in ends:
            self._turns.end(end.cycle_id)

    async def _wait(self) -> None:
        """Until there is something to do; a desk that has stopped by itself looks now and then whether that is over."""
        known, due_at = self._breaker, self._turns.due_at()
        try:
            await workflow.wait_condition(
                lambda: (
                    self._turns.may_begin
                    or self._under_way.has_broken
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
        look = self._strategies.next_look(self._breaker, now + policies.BREAKER_LOOK)
        ends += [look] if look is not None else []
        return max(policies.LEAST_BREAKER_LOOK, min(ends) - now) if ends else None

    async def _judged(self) -> None:
        """Judge, and see the end of it. One look that has not begun is enough for all who ask meanwhile."""
        if not self._look_waits or self._look is None:
            self._look_waits = True
            self._look = asyncio.create_task(self._judge())
        await self._look

    async def _judge(self) -> None:
        async with self._one_change_at_a_time:  # or an older answer could overwrite a halt that came meanwhile
            self._look_waits = self._look_due = False
            asked = LookAsked(desk_id=self._desk_id, at=workflow.now(), trace_id=workflow.info().run_id)
            judged = await self._surely(
                lambda: workflow.execute_activity_method(
                    BreakerActivities.judge_desk, asked, summary="circuit breaker", **policies.LEDGER
                )
            )
            self._breaker = judged.desk
            self._strategies.replace(judged.strategies)
            self._describe()

    async def _failed(self, end: CycleEnd) -> None:
        """A cycle that could not say its own end: say it for it."""
        workflow.logger.error("cycle %s failed and could not say so itself: %s", end.cycle_id, end.reason)
        (cycle,) = (one for one in self._turns.running if one.cycle_id == end.cycle_id)
        data = {"outcome": end.outcome, "reason": end.reason}
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
                state=TradingState.REDUCING if asked.flatten and asked.strategy_id is None else TradingState.HALTED,
                changed_by=asked.by,
                reason=asked.reason,
                trace_id=asked.trace_id,
                at=workflow.now(),
                flatten=flatten,
                strategy_id=asked.strategy_id,
            )
            answer: CircuitBreaker | Refused = await self._surely(
                lambda: workflow.execute_activity_method(
                    LedgerActivities.change_state, change, summary=f"{change.state} by {asked.by}", **policies.LEDGER
                )
            )
            self._heard(asked.strategy_id, answer)

    def _heard(self, name: str | None, answer: CircuitBreaker | Refused) -> None:
        """What became of the desk or of one strategy."""
        if isinstance(answer, Refused):
            self._refused = answer.because
        elif name is None:
            self._breaker = answer
        else:
            self._strategies.changed(name, answer)
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
            self._heard(asked.strategy_id, answer)
            if isinstance(answer, CircuitBreaker):
                self._refused = ""
                self._standing_down = self._standing_down if asked.strategy_id else None
            return answer

    async def _stand_down(self, asked: HaltAsked, name: str, *, flatten: bool) -> None:
        """Start leaving the market. It goes on whatever becomes of this run of the desk."""
        down = StandDownAsked(
            desk_id=self._desk_id,
            stand_down_id=name,
            flatten=flatten,
            reason=asked.reason,
            by=asked.by,
            trace_id=asked.trace_id,
            asked_at=workflow.now(),
        )
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
        running = self._turns.running
        now = f"running {', '.join(one.cycle_id for one in running[:MOST_NAMED])}" if running else "idle"
        now += f" and {len(running) - MOST_NAMED} more" if len(running) > MOST_NAMED else ""
        why = f" ({self._breaker.reason})" if self._breaker.reason else ""
        lines = self._turns.lines[-10:]
        past = "\n".join(f"- {line.cycle_id}: {line.outcome or 'waiting'} {line.reason}" for line in lines)
        refused = f"\n\n**Refused:** {self._refused}" if self._refused else ""
        trouble = f"\n\n**Trouble with the books:** {self._trouble}" if self._trouble else ""
        words = f"**{self._breaker.state}**{why} — {now}, {len(self._turns)} waiting, {self._turns.held} held"
        workflow.set_current_details(f"{words}{refused}{trouble}\n\n{past}")

    def _should_renew(self) -> bool:
        info = workflow.info()
        long = info.get_current_history_length() >= policies.MOST_HISTORY or info.is_continue_as_new_suggested()
        return long or self._is_outdated()

    def _is_outdated(self) -> bool:
        """Whether another build is to go on with this desk.

        Not in a run's first task: where somebody has nailed it to this one, it would begin anew for ever.
        """
        info = workflow.info()
        return info.is_target_worker_deployment_version_changed() and info.get_current_history_length() > self._began_at

    def _carried(self, state: DeskState) -> DeskState:
        return state.model_copy(
            update={
                "opened": self._opened,
                **self._turns.carried(workflow.now()),
                "breaker": self._breaker,
                "strategies": self._strategies.lines,
                "standing_down": self._standing_down,
                "look_due": self._look_due,
            }
        )
