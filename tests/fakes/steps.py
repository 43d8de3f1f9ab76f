"""The steps of a cycle in memory: real rules and real books, agents that say what a test tells them to, no Temporal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from tests.fakes.desk import FakeDesk
from tests.fakes.footings import standing_of
from tests.making import DESK, after, quote, signal, standing, summary
from trading.approvals import Approval, ApprovalAsked, ApprovalTerms, silence
from trading.audit import Finding, audit
from trading.breaker import CircuitBreaker
from trading.docket import Row
from trading.errors import Final
from trading.events import Event, EventType
from trading.instruments import Side
from trading.limits import Limits
from trading.market import SnapshotSummary
from trading.money import ZERO
from trading.orders import Order, OrderRequest
from trading.portfolio import Portfolio
from trading.reconciling import Reconciled, ReconciliationAsked
from trading.settlement import Denied, IntentAsked
from trading.shadow import ShadowDecision, ShadowTrade
from trading.shadow_scoring import Seen, ShadowLook
from trading.signals import Abstention, Argument, Decision, RiskAssessment, Signal, Validation, Verdict
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
    Skip,
    SnapshotAsked,
    Stage,
    ValidationAsked,
    ValidationHeard,
)
from trading.strategy import first_strategy

PRICES = {"AAPL": ("100", "Technology"), "MSFT": ("50", "Technology"), "XOM": ("40", "Energy"), "KO": ("20", "Staples")}


class FakeSteps:
    """Everything a cycle asks for, answered from what the test put here; `calls` is what was asked, in order.

    `signals` hold what the DataAgent says of each symbol, `standings` what the broker does. The other agents agree to
    everything unless `risk`, `validation` or `decision` has another word for a symbol, or `abstaining` names the agent.
    `failing` names steps that raise; `shadow` lets a halted desk go on in shadow, `size` cuts entries on probation.
    """

    def __init__(self, desk: FakeDesk | None = None, prices: dict[str, tuple[str, str]] | None = None) -> None:
        self.desk = desk or FakeDesk()
        self.prices = prices or dict(PRICES)
        self.desk.prices = {symbol: (Decimal(price), sector) for symbol, (price, sector) in self.prices.items()}
        # Whole limits give round numbers; the margin has tests of its own.
        self.limits = Limits(sizing_margin=ZERO)
        self.skip: Skip | None = None
        self.signals: dict[str, Signal | Abstention] = {}
        self.standings: dict[str, Standing] = {}
        self.risk: dict[str, RiskAssessment] = {}
        self.validation: dict[str, Validation | Abstention] = {}
        self.decision: dict[str, Decision] = {}
        self.abstaining: dict[str, Abstention] = {}
        self.failing: set[str] = set()
        self.findings: tuple[Finding, ...] = ()
        self.reconciled = Reconciled()
        self.dropped: tuple[dict[str, str], ...] = ()
        self.calls: list[tuple[str, object]] = []
        self.recorded: list[list[EventType]] = []
        self.told: list[tuple[str, tuple[Row, ...]]] = []
        self.minutes = 0
        self.shadow = False
        self.strategy = first_strategy()
        self.own: Portfolio | None = None
        self.real_money = False
        self.size = Decimal(1)
        self.as_of = after(0)
        self.recollection = Recollection()
        self.resolved = Resolved()
        self.pending = self.remembers = self.heeds = False
        self.lesson: str | Abstention = "small losses teach early"

    def asked(self, step: str) -> list[object]:
        """What one step was asked, in order."""
        return [argument for name, argument in self.calls if name == step]

    def now(self) -> datetime:
        self.minutes += 1
        return after(self.minutes)

    def tell(self, words: str, rows: tuple[Row, ...]) -> None:
        self.told.append((words, rows))

    async def record(self, events: Sequence[Event]) -> None:
        self._called("record", events)
        self.recorded.append([event.type for event in events])
        self.desk.record(events)

    async def open(self, cycle: Cycle) -> Opening:
        self._called("open", cycle)
        held = tuple(p.symbol for p in self.desk.portfolio().positions if p.quantity)
        return Opening(
            as_of=self.as_of,
            market="fake",
            synthetic=True,
            in_session=True,
            limits=self.limits,
            trading_state=self.desk.state,
            held=held,
            shadow=self.shadow,
            strategy=self.strategy,
            **standing_of(self, held),
            approval=self.strategy.approval or ApprovalTerms(),
            shadowed=tuple(sorted({one.symbol for one in self.desk.thought()})),
            pending=self.pending,
            remembers=self.remembers,
            heeds=self.heeds,
            skip=self.skip,
        )

    async def reconcile(self, asked: ReconciliationAsked) -> Reconciled:
        self._called("reconcile", asked)
        return self.reconciled

    async def score(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:
        self._called("score", asked)
        quotes = {symbol: quote(symbol, price, quoted_at=asked.as_of) for symbol, (price, _) in self.prices.items()}
        seen = tuple(Seen(symbol=symbol, quote=one) for symbol, one in quotes.items())
        return self.desk.score(ShadowLook(desk_id=DESK, as_of=asked.as_of, seen=seen))

    async def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        self._called("think", decided)
        return self.desk.think(decided)

    async def snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        self._called("snapshot", asked)
        gone = {one["symbol"] for one in self.dropped}
        return summary({s: self.prices[s] for s in asked.symbols if s not in gone}, dropped=self.dropped)

    async def mark(self, asked: MarkAsked) -> Marked:
        self._called("mark", asked)
        return Marked(desk=self.desk.portfolio(), own=self.own)

    async def judge(self, stage: Stage) -> CircuitBreaker:
        self._called("judge", stage)
        return CircuitBreaker(state=self.desk.portfolio().trading_state, size=self.size)

    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        self._called("apply_rule", asked)
        said = (one for one in self.signals.values() if isinstance(one, Signal))
        return RuleHeard(signals=tuple(said), rule="a-rule-1")

    async def resolve(self, asked: ResolveAsked) -> Resolved:
        self._called("resolve", asked)
        return self.resolved

    async def recall(self, asked: RecallAsked) -> Recollection:
        self._called("recall", asked)
        return self.recollection

    async def remember(self, asked: RememberAsked) -> None:
        self._called("remember", asked)

    async def reflect(self, asked: ReflectAsked) -> LessonHeard:
        self._called("reflect", asked)
        return LessonHeard(answer=self.lesson)

    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        self._called("argue", asked)
        said = Argument(symbol=asked.candidate.proposal.symbol, speaker=asked.agent, conviction=0.5)
        return ArgumentHeard(answer=said)

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        self._called("ask_data", asked)
        return SignalHeard(answer=self.signals.get(asked.symbol) or signal(asked.symbol, "hold"))

    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        self._called("ask_risk", asked)
        if "RiskManager" in self.abstaining:
            return AssessmentsHeard(answer=self.abstaining["RiskManager"])
        agreed = (
            RiskAssessment(symbol=p.symbol, approved=True, adjusted_quantity=p.quantity, risk_score=0.2)
            for p in asked.proposals
        )
        return AssessmentsHeard(answer=tuple(self.risk.get(one.symbol, one) for one in agreed))

    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        self._called("ask_validator", asked)
        agreed = Validation(symbol=asked.proposal.symbol, approved=True, confidence=0.8)
        return ValidationHeard(answer=self.validation.get(asked.proposal.symbol, agreed))

    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        self._called("ask_meta", asked)
        if "MetaAgent" in self.abstaining:
            return DecisionsHeard(answer=self.abstaining["MetaAgent"])
        agreed = (
            Decision(symbol=p.symbol, verdict=Verdict.EXECUTE, quantity=p.quantity, rationale="all agree")
            for p in (candidate.proposal for candidate in asked.candidates)
        )
        return DecisionsHeard(answer=tuple(self.decision.get(one.symbol, one) for one in agreed))

    async def approve(self, asked: ApprovalAsked) -> Approval:
        self._called("approve", asked)
        return silence(asked, self.now())

    async def inquire(self, asked: InquiryAsked) -> Standing:
        self._called("inquire", asked)
        return self.standings.get(asked.symbol) or standing(asked.symbol, self.prices[asked.symbol][0])

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        self._called("intend", asked)
        return self.desk.intend(asked)

    async def execute(self, request: OrderRequest) -> Order:
        self._called("execute", request)
        return self.desk.execute(request)

    async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:
        self._called("audit", cycle)
        return (*audit(self.desk.books(), self.desk.broker()), *self.findings)

    def _called(self, step: str, argument: object) -> None:
        self.calls.append((step, argument))
        if step in self.failing:
            raise Final(f"planned: {step}")


def ordered(steps: FakeSteps) -> list[tuple[Side, str, Decimal]]:
    """The orders that were sent, in order."""
    sent = [request for request in steps.asked("execute") if isinstance(request, OrderRequest)]
    return [(request.side, request.symbol, request.quantity) for request in sent]
