"""What the cycle asks of the world around it, step by step.

In a workflow each step is an activity; in a backtest each is a direct call on simulated adapters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trading.approvals import Approval, ApprovalAsked
from trading.audit import Finding
from trading.breaker import CircuitBreaker
from trading.docket import Row
from trading.events import Event
from trading.market import SnapshotSummary
from trading.orders import Order, OrderRequest
from trading.reconciling import Reconciled, ReconciliationAsked
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


class Steps(Protocol):
    """The world as the pipeline sees it.

    Every step may raise a TradingError; those that ask an agent answer with an abstention instead.
    """

    def now(self) -> datetime:
        """The time by the driver's clock."""
        ...

    def tell(self, words: str, rows: tuple[Row, ...]) -> None:
        """Say in a few words where the cycle stands, with every symbol's row so far."""
        ...

    async def record(self, events: Sequence[Event]) -> None:
        """Write the events of one step."""
        ...

    async def open(self, cycle: Cycle) -> Opening:
        """Ask the calendar, the market and the books whether to go on."""
        ...

    async def reconcile(self, asked: ReconciliationAsked) -> Reconciled:
        """Let resting orders meet the prices of the moment, and the books catch up with the broker's account."""
        ...

    async def score(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:
        """Score the open shadow trades by the prices since the last look; those that are still open then."""
        ...

    async def snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        """Look at the market once, for all."""
        ...

    async def mark(self, asked: MarkAsked) -> Marked:
        """Value the books at the snapshot; what a strategy was allocated since takes effect with it."""
        ...

    async def judge(self, stage: Stage) -> CircuitBreaker:
        """Hold the circuit breaker's rules against the marked books: what trips stops every later intent."""
        ...

    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Let a rule say what it would do. Raises TradingError for one that fails: that costs its own cycle."""
        ...

    async def resolve(self, asked: ResolveAsked) -> Resolved:
        """Resolve the memories whose trades have ended."""
        ...

    async def recall(self, asked: RecallAsked) -> Recollection:
        """Look up what came of setups like these."""
        ...

    async def remember(self, asked: RememberAsked) -> None:
        """Keep what was decided."""
        ...

    async def reflect(self, asked: ReflectAsked) -> LessonHeard:
        """Ask the Reflector what a resolved memory teaches, and keep it."""
        ...

    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        """Ask Bull or Bear for the next word on a candidate."""
        ...

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent about one symbol."""
        ...

    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager about the batch."""
        ...

    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator about one proposal."""
        ...

    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent about all that is left."""
        ...

    async def approve(self, asked: ApprovalAsked) -> Approval:
        """Tell a person of these orders, and wait for the answer; silence until its time is over is no."""
        ...

    async def inquire(self, asked: InquiryAsked) -> Standing:
        """Ask the broker for the account and the symbol, the market for the newest price."""
        ...

    async def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        """Keep what a decision would have done: shadow trades that it ended, and the one that it opened."""
        ...

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Write the intent, or its denial, under the limits."""
        ...

    async def execute(self, request: OrderRequest) -> Order:
        """Send the order and follow it until it is done or rests."""
        ...

    async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:
        """Check the invariants over the desk's books."""
        ...
