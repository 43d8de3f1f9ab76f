"""The steps of a cycle in memory: real rules and real books, agents that say what a test tells them to, no Temporal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.agreeing import book_of
from tests.fakes.bookkeeping import divided
from tests.fakes.footings import scene_of, standing_of
from tests.making import AT, DESK, TRACE, after, deposit, fill, quote, signal, standing, summary
from trading import order_events
from trading.approval_breaches import unapproved, with_consent
from trading.approvals import Approval, ApprovalAsked, ApprovalTerms, silence
from trading.audit import Books, Finding, audit
from trading.breaches import breaches, evidence, runaway
from trading.breaker import CircuitBreaker, TradingState
from trading.costs import Costs
from trading.docket import Row
from trading.errors import Final
from trading.events import GENESIS, Event, EventType, StoredEvent, seal
from trading.footing import Footing
from trading.instruments import Side
from trading.limits import Limits, Scene
from trading.market import SnapshotSummary
from trading.money import ZERO, cents
from trading.orders import Fill, Order, OrderRequest, OrderState, advance, settle
from trading.portfolio import CapitalEvent, Portfolio, Position, cash_of, positions_of
from trading.protection import outgrown, unprotected
from trading.reconciling import Reconciled, ReconciliationAsked
from trading.rooms import price_of
from trading.sessions import Session
from trading.settlement import BrokerOrder, Denied, IntentAsked
from trading.shadow import ShadowDecision, ShadowTrade, drafted, follow, shadow_closed, shadow_opened
from trading.shadow_scoring import Seen, ShadowLook, Thinker, score
from trading.signals import Abstention, Decision, RiskAssessment, Signal, Validation, Verdict
from trading.sleeves import Told, owners_of
from trading.standing import Recent, Standing
from trading.steps import (
    AssessmentAsked,
    AssessmentsHeard,
    Cycle,
    DecisionAsked,
    DecisionsHeard,
    InquiryAsked,
    MarkAsked,
    Marked,
    Opening,
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

COSTS = Costs(slippage_bps=ZERO)
SESSION = Session(session_on=AT.date(), opens_at=after(-90), closes_at=after(300))
PRICES = {"AAPL": ("100", "Technology"), "MSFT": ("50", "Technology"), "XOM": ("40", "Energy"), "KO": ("20", "Staples")}


def sealed(events: Iterable[Event]) -> tuple[StoredEvent, ...]:
    """Events in their places, as a ledger would number and chain them."""
    chain: list[StoredEvent] = []
    for event in events:
        position = 1 + sum(1 for one in chain if one.event.aggregate_id == event.aggregate_id)
        previous = chain[-1].hash if chain else GENESIS
        chain.append(seal(event, position=position, sequence=len(chain) + 1, previous_hash=previous))
    return tuple(chain)


class FakeDesk:
    """One desk's books and its broker's; orders fill at once, in full and at their mark, unless their symbol rests.

    What an entry bought has the stop that it asked for.
    """

    def __init__(self, cash: str = "100000") -> None:
        self.paid_in: CapitalEvent = deposit(cash)
        self.events: dict[str, Event] = {}
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.prices: dict[str, tuple[Decimal, str]] = {}
        self.state = TradingState.ACTIVE
        self.commission = "0.00"
        self.resting: set[str] = set()
        self.received_at: dict[str, datetime] = {}
        self.shadows: dict[str, ShadowTrade] = {}
        self.only_thinks = False
        self.footing: Footing | None = None
        self.record([self._event(EventType.CAPITAL_CHANGED, self.paid_in.model_dump(mode="json"))])

    def record(self, events: Iterable[Event]) -> None:
        for event in events:
            self.events.setdefault(event.event_id, event)

    def change_state(self, state: TradingState) -> None:
        self.state = state
        self.record([self._event(EventType.TRADING_STATE_CHANGED, {"state": state, "number": len(self.events)})])

    def portfolio(self) -> Portfolio:
        return Portfolio(
            desk_id=DESK,
            trading_state=self.state,
            cash=cash_of([self.paid_in], self.fills),
            peak_equity=self.paid_in.amount,
            positions=tuple(self._marked(position) for position in positions_of(self.fills).values()),
            open_orders=tuple(order for order in self.orders.values() if order.is_open),
        )

    def intend(self, asked: IntentAsked) -> Order | Denied:
        request, scene = asked.request, self.scene(asked)
        found, seen = (*breaches(request, scene), *unapproved(asked)), evidence(request, scene)
        if found:
            denied = Denied(client_order_id=request.client_order_id, breaches=found)
            self.orders[request.client_order_id] = Order(request=request, state=OrderState.DENIED)
            event = order_events.order_denied(request, denied, seen, asked.intended_at)
            self.record([with_consent(event, asked.consent)])
            if runaway(found):
                self.change_state(TradingState.HALTED)
            return denied
        self.orders[request.client_order_id] = Order(request=request, state=OrderState.INTENDED)
        self.received_at[request.client_order_id] = asked.intended_at
        event = order_events.order_intended(request, seen, asked.intended_at)
        self.record([with_consent(event, asked.consent)])
        return self.orders[request.client_order_id]

    def scene(self, asked: IntentAsked) -> Scene:
        """What is known when an order is intended."""
        return scene_of(asked, self.portfolio(), self.footing, self._recent(asked))

    def _recent(self, asked: IntentAsked) -> Recent:
        """All that was ever intended is of today; a minute is one of the test's clock."""
        sent = [self.orders[name] for name in self.received_at]
        since = asked.intended_at - timedelta(minutes=1)
        late = [o for o in sent if self.received_at[o.request.client_order_id] > since]
        usd = sum((o.request.quantity * price_of(o.request) for o in sent), ZERO)
        same = [o.request for o in late if _terms(o.request) == _terms(asked.request)]
        name = same[-1].client_order_id if same else None
        return Recent(last_minute=len(late), today=len(sent), usd_today=cents(usd), same=name)

    def execute(self, request: OrderRequest) -> Order:
        order = advance(self.orders[request.client_order_id], OrderState.ACCEPTED, broker_order_id="b-1")
        self.record([order_events.order_moved(request, OrderState.ACCEPTED, None, request.as_of)])
        if request.symbol not in self.resting:
            filled = fill(request, f"{request.quantity:f}", f"{request.mark:f}", commission=self.commission)
            self.fills.append(filled)
            self.record([order_events.trade_executed(request, filled)])
            order = settle(order, [filled])
        self.orders[request.client_order_id] = order
        self._protect(request.as_of)
        return order

    def _protect(self, at: datetime) -> None:
        """Stops follow what is held, as the broker and the reconciliation see to it between them."""
        for stop in outgrown(self._held(), at):
            self._rest(advance(self.orders[stop.client_order_id], OrderState.CANCELLED), at)
        for bare in unprotected(self._held(), at):
            self.received_at[bare.order.client_order_id] = at
            self._rest(Order(request=bare.order, state=OrderState.ACCEPTED), at)

    def _rest(self, order: Order, at: datetime) -> None:
        self.orders[order.request.client_order_id] = order
        self.record([order_events.order_moved(order.request, order.state, None, at)])

    def _held(self) -> Books:
        """As much of the books as protection looks at."""
        return Books(
            desk_id=DESK, portfolio=self.portfolio(), orders=tuple(self.orders.values()), fills=tuple(self.fills)
        )

    def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        draft = drafted(decided, SESSION, COSTS)
        changed = follow(draft, self.thought(), self.portfolio().held(decided.symbol), COSTS)
        self.shadows |= {one.shadow_id: one for one in changed}
        self.record(shadow_opened(one, TRACE) if one.is_open else shadow_closed(one, TRACE) for one in changed)
        return changed

    def score(self, look: ShadowLook) -> tuple[ShadowTrade, ...]:
        thinker = Thinker(portfolio=self.portfolio(), only_thinks=self.only_thinks)
        changed = [score(one, look, thinker, COSTS) for one in self.thought()]
        self.shadows |= {one.shadow_id: one for one in changed}
        self.record(shadow_closed(one, TRACE) for one in changed if not one.is_open)
        return self.thought()

    def thought(self) -> tuple[ShadowTrade, ...]:
        """The open shadow trades."""
        return tuple(one for one in self.shadows.values() if one.is_open)

    def broker(self) -> tuple[BrokerOrder, ...]:
        """The broker's book, which agrees with ours."""
        return book_of(self.orders.values(), self.received_at)

    def books(self) -> Books:
        events = sealed(self.events.values())
        return Books(
            desk_id=DESK,
            portfolio=self.portfolio(),
            equity=self.portfolio().equity,
            capital=(self.paid_in,),
            orders=tuple(self.orders.values()),
            fills=tuple(self.fills),
            **divided(Told(self.fills, owners=owners_of(self.orders.values()))),
            shadows=tuple(self.shadows.values()),
            events=events,
            event_count=len(events),
            event_head=events[-1].hash,
        )

    def _marked(self, position: Position) -> Position:
        mark, sector = self.prices.get(position.symbol, (position.mark, position.sector))
        return position.model_copy(update={"mark": mark, "sector": sector})

    def _event(self, kind: EventType, data: dict[str, object]) -> Event:
        fields = {"event_id": f"{kind}/{len(self.events)}", "desk_id": DESK, "aggregate_id": DESK, "trace_id": TRACE}
        return Event.model_validate({**fields, "type": kind, "occurred_at": after(0), "data": data})


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


def _terms(request: OrderRequest) -> tuple[object, ...]:
    return request.strategy_id, request.symbol, request.side, request.quantity
