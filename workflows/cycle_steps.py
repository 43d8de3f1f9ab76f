"""The pipeline's steps as a workflow takes them: each an activity on the queue that may do it, each order a child."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.agents import AgentActivities
    from activities.auditing import AuditActivities
    from activities.breaker import BreakerActivities
    from activities.gate import Gate
    from activities.ledger import LedgerActivities
    from activities.market import MarketActivities
    from activities.memory import MemoryActivities
    from activities.orders import OrderActivities
    from activities.rules import RuleActivities
    from activities.shadow import ShadowActivities
    from activities.standing import StandingActivities
    from trading.approval_events import approval_asked
    from trading.approvals import Approval, ApprovalAsked
    from trading.audit import Finding
    from trading.breaker import CircuitBreaker
    from trading.desk import LookAsked
    from trading.docket import Row
    from trading.errors import Final, TradingError
    from trading.events import Event
    from trading.market import SnapshotSummary
    from trading.orders import Order, OrderRequest
    from trading.reconciling import Reconciled, ReconciliationAsked
    from trading.settlement import Denied, IntentAsked
    from trading.shadow import ShadowDecision, ShadowTrade
    from trading.signals import NO_ANSWER, Abstention
    from trading.standing import Standing
    from trading.steps import (
        ArgumentAsked,
        ArgumentHeard,
        AssessmentAsked,
        AssessmentsHeard,
        Cycle,
        DecisionAsked,
        DecisionsHeard,
        Heard,
        InquiryAsked,
        LessonHeard,
        MarkAsked,
        Marked,
        Opening,
        RecallAsked,
        Recollection,
        Recorded,
        ReflectAsked,
        RememberAsked,
        ResolveAsked,
        Resolved,
        RuleAsked,
        RuleHeard,
        ScoringAsked,
        SignalAsked,
        SignalHeard,
        SnapshotAsked,
        Stage,
        ValidationAsked,
        ValidationHeard,
    )
    from workflows import policies
    from workflows.order_execution import start_order
    from workflows.reconciliation import Reconciliation
    from workflows.tables import step_summary

Answer = TypeVar("Answer")
H = TypeVar("H", bound=Heard[Any])


class ActivitySteps:
    """The pipeline's steps, each an activity on the queue that may do it.

    A step for one symbol has the symbol in its id, so that a replay sees two that have changed places.
    """

    def __init__(
        self,
        tell: Callable[[str, tuple[Row, ...]], None],
        answer: Callable[[ApprovalAsked, Callable[[], Awaitable[None]]], Awaitable[Approval]],
    ) -> None:
        self.tell = tell
        self._answer = answer

    def now(self) -> datetime:
        """The workflow's time: the same on every replay."""
        return workflow.now()

    async def record(self, events: Sequence[Event]) -> None:
        """Write the events of one step in one insert; a hundred symbols' arguments are more than one payload holds."""
        summary = step_summary(events)
        for first in range(0, len(events), policies.MOST_EVENTS):
            recorded = Recorded(events=tuple(events[first : first + policies.MOST_EVENTS]))
            await _done(
                workflow.execute_activity_method(LedgerActivities.record, recorded, summary=summary, **policies.LEDGER)
            )

    async def open(self, cycle: Cycle) -> Opening:
        """Pass the gate."""
        return await _done(workflow.execute_activity_method(Gate.open_cycle, cycle, summary="gate", **policies.MARKET))

    async def reconcile(self, asked: ReconciliationAsked) -> Reconciled:
        """Compare the books with the broker's account, in a workflow of its own."""
        try:
            return await workflow.execute_child_workflow(
                Reconciliation.run,
                asked,
                id=asked.workflow_id,
                task_timeout=policies.TASK,
                task_queue=policies.DESK_QUEUE,
                execution_timeout=policies.RECONCILING_LIFE,
                static_summary="books and broker",
            )
        except ChildWorkflowError as error:
            if is_cancelled_exception(error):
                raise
            raise Final(f"reconciliation: {_root(error)}") from error

    async def score(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:
        """Score the shadow trades."""
        return await _done(
            workflow.execute_activity_method(
                ShadowActivities.score_shadow, asked, summary="score shadow trades", **policies.MARKET
            )
        )

    async def snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        """Look at the market."""
        summary = f"{len(asked.symbols)} symbols as of {asked.stage.as_of:%Y-%m-%d %H:%M}Z"
        return await _done(
            workflow.execute_activity_method(MarketActivities.take_snapshot, asked, summary=summary, **policies.MARKET)
        )

    async def mark(self, asked: MarkAsked) -> Marked:
        """Mark to market."""
        return await _done(
            workflow.execute_activity_method(LedgerActivities.mark, asked, summary="mark to market", **policies.LEDGER)
        )

    async def judge(self, stage: Stage) -> CircuitBreaker:
        """Look at the circuit breaker."""
        cycle = stage.cycle
        asked = LookAsked(
            desk_id=cycle.desk_id,
            at=workflow.now(),
            trace_id=cycle.trace_id,
            strategy_id=cycle.request.strategy_id,
        )
        return await _done(
            workflow.execute_activity_method(
                BreakerActivities.judge, asked, summary="circuit breaker", **policies.LEDGER
            )
        )

    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Let the strategy's rule say what it would do."""
        return await _done(
            workflow.execute_activity_method(
                RuleActivities.apply_rule, asked, summary=f"rule: {asked.strategy.source}", **policies.RULE
            )
        )

    async def resolve(self, asked: ResolveAsked) -> Resolved:
        """Resolve memories."""
        return await _done(
            workflow.execute_activity_method(
                MemoryActivities.resolve_memories, asked, summary="what has come to an end", **policies.MEMORY
            )
        )

    async def recall(self, asked: RecallAsked) -> Recollection:
        """Recall what was like it."""
        summary = f"precedents of {len(asked.proposals)} proposals"
        return await _done(
            workflow.execute_activity_method(
                MemoryActivities.recall_precedents, asked, summary=summary, **policies.MEMORY
            )
        )

    async def remember(self, asked: RememberAsked) -> None:
        """Keep what was decided, by as many setups as one payload holds."""
        summary = f"remember {len(asked.setups)} setups"
        for first in range(0, max(len(asked.setups), 1), policies.MOST_EVENTS):
            part = asked.model_copy(update={"setups": asked.setups[first : first + policies.MOST_EVENTS]})
            await _done(
                workflow.execute_activity_method(
                    MemoryActivities.remember_decisions, part, summary=summary, **policies.MEMORY
                )
            )

    async def reflect(self, asked: ReflectAsked) -> LessonHeard:
        """Ask the Reflector."""
        call = workflow.execute_activity_method(
            AgentActivities.reflect,
            asked,
            activity_id=f"reflect/{asked.memory_id}",
            summary=f"Reflector: {asked.memory_id}",
            **policies.AGENT,
        )
        return await _heard(call, LessonHeard)

    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        """Ask Bull or Bear."""
        symbol, round_ = asked.candidate.proposal.symbol, len(asked.said)
        call = workflow.execute_activity_method(
            AgentActivities.argue,
            asked,
            activity_id=f"argue/{symbol}/{round_}",
            summary=f"{asked.agent}: {symbol}",
            **policies.AGENT,
        )
        return await _heard(call, ArgumentHeard, symbol)

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent."""
        call = workflow.execute_activity_method(
            AgentActivities.ask_data,
            asked,
            activity_id=f"ask_data/{asked.symbol}",
            summary=f"DataAgent: {asked.symbol}",
            **policies.AGENT,
        )
        return await _heard(call, SignalHeard, asked.symbol)

    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager."""
        summary = f"RiskManager: {len(asked.proposals)} proposals"
        call = workflow.execute_activity_method(AgentActivities.ask_risk, asked, summary=summary, **policies.AGENT)
        return await _heard(call, AssessmentsHeard)

    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator."""
        symbol = asked.proposal.symbol
        summary = f"Validator: {asked.proposal.side} {symbol}"
        call = workflow.execute_activity_method(
            AgentActivities.ask_validator,
            asked,
            activity_id=f"ask_validator/{symbol}",
            summary=summary,
            **policies.AGENT,
        )
        return await _heard(call, ValidationHeard, symbol)

    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent."""
        summary = f"MetaAgent: {len(asked.candidates)} candidates"
        call = workflow.execute_activity_method(AgentActivities.ask_meta, asked, summary=summary, **policies.AGENT)
        return await _heard(call, DecisionsHeard)

    async def approve(self, asked: ApprovalAsked) -> Approval:
        """Call a person, and wait."""
        return await self._answer(asked, lambda: self.record(approval_asked(asked)))

    async def inquire(self, asked: InquiryAsked) -> Standing:
        """Ask the broker and the market."""
        return await _done(
            workflow.execute_activity_method(
                StandingActivities.inquire,
                asked,
                activity_id=f"inquire/{asked.symbol}",
                summary=f"account, {asked.symbol} at the broker, newest price",
                **policies.INQUIRY,
            )
        )

    async def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        """Keep a decision as what it would have done."""
        return await _done(
            workflow.execute_activity_method(
                ShadowActivities.decide_in_shadow,
                decided,
                activity_id=f"think/{decided.symbol}",
                summary=f"in shadow: {decided.side} {decided.quantity:f} {decided.symbol}",
                **policies.LEDGER,
            )
        )

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Write the intent."""
        summary = f"intend: {asked.request.side} {asked.request.quantity:f} {asked.request.symbol}"
        return await _done(
            workflow.execute_activity_method(
                LedgerActivities.intend,
                asked,
                activity_id=f"intend/{asked.request.symbol}",
                summary=summary,
                **policies.LEDGER,
            )
        )

    async def execute(self, request: OrderRequest) -> Order:
        """Start the order's own workflow, and wait a while for its end. It goes on whatever becomes of the cycle."""
        try:
            child = await start_order(request)
            await workflow.wait_condition(
                child.done, timeout=policies.ORDER_PATIENCE, timeout_summary="patience with the order"
            )
            return await child
        except (TimeoutError, WorkflowAlreadyStartedError):
            # It rests, or an earlier run of this cycle sent it: in both cases the broker knows.
            return await self._follow(request)
        except ChildWorkflowError as error:
            message = f"{request.client_order_id}: {error.cause or error}"
            raise Final(message) from error

    async def _follow(self, request: OrderRequest) -> Order:
        return await _done(
            workflow.execute_activity_method(
                OrderActivities.follow_order, request, summary="still open", **policies.ORDERS
            )
        )

    async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:
        """Check the invariants."""
        return await _done(
            workflow.execute_activity_method(
                AuditActivities.audit_desk, cycle, summary="audit of the books", **policies.AUDIT
            )
        )


async def _done(call: Coroutine[Any, Any, Answer]) -> Answer:
    """A step's result; what it could not do is a TradingError that names the cause."""
    try:
        return await call
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        raise _cause(error) from error


async def _heard(call: Coroutine[Any, Any, H], kind: type[H], symbol: str | None = None) -> H:
    """An agent's answer; one that never came is an abstention, and the cycle goes on."""
    try:
        return await _done(call)
    except TradingError as error:
        return kind(answer=Abstention(symbol=symbol, cause=NO_ANSWER, reason=str(error)[:4000]))


def _cause(error: ActivityError) -> TradingError:
    return Final(f"{error.activity_type}: {_root(error)}")


def _root(error: BaseException) -> str:
    """The step's own error: the edge of the activity has named it, whatever it was raised from."""
    cause: BaseException | None = error.__cause__
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    return f"{cause.type or 'ApplicationError'}: {cause.message}" if cause else str(error.__cause__ or error)
