"""The pipeline's steps as direct calls: the same methods that a worker runs as activities, in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from activities import clock
from activities.agents import AgentActivities
from activities.breaker import BreakerActivities
from activities.gate import Gate
from activities.ledger import LedgerActivities
from activities.market import MarketActivities
from activities.memory import MemoryActivities
from activities.reconciling import ReconcilingActivities
from activities.shadow import ShadowActivities
from activities.standing import StandingActivities
from backtest.cycles.asking import Asking
from backtest.cycles.ruling import DirectRules
from backtest.cycles.sending import DirectSending
from trading.approvals import Approval, ApprovalAsked
from trading.audit import Finding
from trading.breaker import CircuitBreaker
from trading.desk import LookAsked
from trading.docket import Row
from trading.errors import Final, TradingError
from trading.events import Event
from trading.market import SnapshotSummary
from trading.orders import Order, OrderRequest
from trading.ports import Ledger
from trading.reconciling import Reconciled, ReconciliationAsked, standing_in_both
from trading.settlement import Denied, IntentAsked
from trading.shadow import ShadowDecision, ShadowTrade
from trading.standing import Standing
from trading.steps import (
    ArgumentAsked,
    ArgumentHeard,
    AssessmentAsked,
    AssessmentsHeard,
    Cycle,
    DecisionAsked,
    DecisionsHeard,
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

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Hands:
    """The activities of one desk, over ports of this process. `breaker` None: nothing stops this desk by itself."""

    gate: Gate
    market: MarketActivities
    books: LedgerActivities
    breaker: BreakerActivities | None
    rules: DirectRules
    agents: AgentActivities
    asking: Asking
    standing: StandingActivities
    shadow: ShadowActivities
    reconciling: ReconcilingActivities
    sending: DirectSending
    ledger: Ledger
    memory: MemoryActivities | None = None


class DirectSteps:
    """The Protocol `Steps`, as `workflows/cycle_steps.py` has it with activities.

    What a step could not do is a Final that names it, as there, so that a cycle ends in the same words; an error that
    is none of the desk's is a bug, and ends the run. The audit is made once, at the run's end.
    """

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def now(self) -> datetime:
        """The time of the bar."""
        return clock.now()

    def tell(self, words: str, rows: tuple[Row, ...]) -> None:
        """Nobody watches a single cycle of a replay."""

    async def record(self, events: Sequence[Event]) -> None:
        """Write the events of one step."""
        await _done("record", self._hands.books.record(Recorded(events=tuple(events))))
        self._hands.asking.notice(events)

    async def open(self, cycle: Cycle) -> Opening:
        """Pass the gate."""
        return await _done("open_cycle", self._hands.gate.open_cycle(cycle))

    async def reconcile(self, asked: ReconciliationAsked) -> Reconciled:
        """Compare the books with the broker's account, correct, look again, act; then send the stops that lack."""
        try:
            return await self._reconciled(asked)
        except TradingError as error:
            raise Final(f"reconciliation: {_named(error)}") from error

    async def _reconciled(self, asked: ReconciliationAsked) -> Reconciled:
        asked = asked.model_copy(update={"reconciliation_id": asked.workflow_id.removeprefix("reconciliation/")})
        found = await self._hands.reconciling.compare(asked)
        if found.open_questions:
            # Nothing moves between two looks here: a second one shows what the first has only half corrected.
            found = standing_in_both(found, await self._hands.reconciling.compare(asked))
        reconciled = await self._hands.reconciling.conclude(found)
        for stop in reconciled.protection:
            await self._hands.sending.send(stop)
        return reconciled

    async def score(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:
        """Score the shadow trades."""
        return await _done("score_shadow", self._hands.shadow.score_shadow(asked))

    async def snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        """Look at the market; the bars that a rule computes on are left where they are until it is asked."""
        plain = asked.model_copy(update={"history": False})
        return await _done("take_snapshot", self._hands.market.take_snapshot(plain))

    async def mark(self, asked: MarkAsked) -> Marked:
        """Mark to market."""
        return await _done("mark", self._hands.books.mark(asked))

    async def judge(self, stage: Stage) -> CircuitBreaker:
        """Look at the circuit breaker."""
        cycle, request = stage.cycle, stage.cycle.request
        if self._hands.breaker is None:
            return await _done("judge", self._hands.ledger.breaker(cycle.desk_id))
        known = {"desk_id": cycle.desk_id, "trace_id": cycle.trace_id, "strategy_id": request.strategy_id}
        return await _done("judge", self._hands.breaker.judge(LookAsked(at=self.now(), **known)))

    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Let the strategy's rule say what it would do."""
        return await _done("apply_rule", self._hands.rules.apply_rule(asked))

    async def resolve(self, asked: ResolveAsked) -> Resolved:
        """Resolve memories."""
        if self._hands.memory is None:
            return Resolved()
        return await _done("resolve_memories", self._hands.memory.resolve_memories(asked))

    async def recall(self, asked: RecallAsked) -> Recollection:
        """Recall what was like it."""
        if self._hands.memory is None:
            return Recollection()
        return await _done("recall_precedents", self._hands.memory.recall_precedents(asked))

    async def remember(self, asked: RememberAsked) -> None:
        """Keep what was decided."""
        if self._hands.memory is not None:
            await _done("remember_decisions", self._hands.memory.remember_decisions(asked))

    async def reflect(self, asked: ReflectAsked) -> LessonHeard:
        """Ask the Reflector."""
        agents = self._hands.agents
        return await self._hands.asking.hear("reflect", lambda: agents.reflect(asked), LessonHeard)

    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        """Ask Bull or Bear."""
        agents, symbol = self._hands.agents, asked.candidate.proposal.symbol
        return await self._hands.asking.hear("argue", lambda: agents.argue(asked), ArgumentHeard, symbol)

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent."""
        agents = self._hands.agents
        return await self._hands.asking.hear("ask_data", lambda: agents.ask_data(asked), SignalHeard, asked.symbol)

    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager."""
        agents = self._hands.agents
        return await self._hands.asking.hear("ask_risk", lambda: agents.ask_risk(asked), AssessmentsHeard)

    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator."""
        agents, symbol = self._hands.agents, asked.proposal.symbol
        return await self._hands.asking.hear(
            "ask_validator", lambda: agents.ask_validator(asked), ValidationHeard, symbol
        )

    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent."""
        agents = self._hands.agents
        return await self._hands.asking.hear("ask_meta", lambda: agents.ask_meta(asked), DecisionsHeard)

    async def approve(self, asked: ApprovalAsked) -> Approval:
        """Nobody is there to be asked: a replay's gate asks for no approval."""
        raise Final(f"{len(asked.orders)} orders wait for a person, and a replay has none")

    async def inquire(self, asked: InquiryAsked) -> Standing:
        """Ask the broker and the market."""
        return await _done("inquire", self._hands.standing.inquire(asked))

    async def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        """Keep a decision as what it would have done."""
        return await _done("decide_in_shadow", self._hands.shadow.decide_in_shadow(decided))

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Write the intent."""
        return await _done("intend", self._hands.books.intend(asked))

    async def execute(self, request: OrderRequest) -> Order:
        """Send the order; what is not filled at once rests until the next bar."""
        return await _done("submit_order", self._hands.sending.send(request))

    async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:  # noqa: ARG002  the Protocol's
        """Left to the end of the run."""
        return ()


async def _done(step: str, call: Awaitable[Answer]) -> Answer:
    """A step's result; what it could not do is a TradingError that names the cause."""
    try:
        return await call
    except TradingError as error:
        raise Final(f"{step}: {_named(error)}") from error


def _named(error: TradingError) -> str:
    return f"{type(error).__name__}: {error}"
