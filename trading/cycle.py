"""The pipeline, written once: data → limits and risk → validator → meta → orders.

A workflow drives it with activities, a backtest with direct calls. It is workflow code: deterministic, and a change
to it is a change under running cycles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trading import cycle_events as say
from trading.agents.facts import Books
from trading.audit import Finding
from trading.breaker import CircuitBreaker, TradingState
from trading.breaker_facts import NO_MODEL
from trading.constraints import Case, request_of, rule_on
from trading.docket import CycleOutcome, CycleReport, Docket
from trading.errors import Final, ModelRefused, TradingError
from trading.events import Event, EventType
from trading.instruments import Side
from trading.limits import Scene
from trading.market import SnapshotSummary
from trading.money import MOST_TEXT
from trading.orders import Leg
from trading.portfolio import Portfolio
from trading.proposals import Candidate, Proposal
from trading.reconciling import Reconciled, ReconciliationAsked
from trading.rooms import sized
from trading.settlement import Denied, IntentAsked
from trading.shadow import ShadowDecision, ShadowTrade, shadow_portfolio
from trading.signals import NO_ANSWER, Abstention, Decision, RiskAssessment, Signal, Verdict
from trading.steps import (
    HALTED,
    AssessmentAsked,
    Cycle,
    DecisionAsked,
    InquiryAsked,
    MarkAsked,
    Opening,
    ScoringAsked,
    SignalAsked,
    SnapshotAsked,
    Source,
    Stage,
    Steps,
    ValidationAsked,
)

Assessed = tuple[Proposal, RiskAssessment]
# A desk whose models never speak, for want of a server or of a key that is taken, has no quiet day: it is broken.
UNHEARD = frozenset({NO_ANSWER, ModelRefused.__name__})
_ENDS = {CycleOutcome.SKIPPED: EventType.CYCLE_SKIPPED, CycleOutcome.FAILED: EventType.CYCLE_FAILED}


async def run_cycle(steps: Steps, cycle: Cycle) -> CycleReport:
    """Run the pipeline to its end. A step that cannot be done ends the cycle as failed; nothing is traded on a guess.

    Raises TradingError when not even the end can be written; whoever drives the cycle must say it then.
    """
    run = _Run(steps, cycle)
    try:
        outcome, reason = await run.through()
    except TradingError as error:
        outcome, reason = CycleOutcome.FAILED, str(error)
    # Outside of the `try`: a cycle ends once, whatever becomes of the audit that follows.
    return await run.end(outcome, reason)


class _Run:
    """One pass through the pipeline, with what it has learned so far."""

    opening: Opening
    snapshot: SnapshotSummary
    portfolio: Portfolio
    breaker: CircuitBreaker

    def __init__(self, steps: Steps, cycle: Cycle) -> None:
        self.steps = steps
        self.cycle = cycle
        self.docket = Docket(cycle.request.symbols)
        self.known: dict[str, object] = {}
        self.code = ""
        self.shadow = False
        self.shadows: tuple[ShadowTrade, ...] = ()

    async def through(self) -> tuple[CycleOutcome, str]:  # noqa: PLR0911  one exit a step is the pipeline
        """Go on until there is nothing more to do; how it ended, and why."""
        await self._record([say.started(self.cycle, self.steps.now())])
        self.opening = await self.steps.open(self.cycle)
        self.known = self.opening.model_dump(include={"as_of", "market", "synthetic", "in_session"})
        stopped = await self._catch_up()
        if stopped:
            return CycleOutcome.SKIPPED, stopped
        await self._look()
        signals = await self._signals()
        if not signals:
            return CycleOutcome.NO_SIGNALS, ""
        proposals = await self._constrain(signals)
        if not proposals:
            return CycleOutcome.NONE_ALLOWED, ""
        approved = await self._assess(proposals)
        if not approved:
            return CycleOutcome.NONE_APPROVED, ""
        candidates = await self._validate(approved)
        if not candidates:
            return CycleOutcome.NONE_VALIDATED, ""
        decided = await self._decide(candidates)
        if not decided:
            return CycleOutcome.NONE_DECIDED, ""
        for candidate, decision in decided:
            await (self._think if self.shadow else self._trade)(candidate, decision)
        if self.shadow:
            return CycleOutcome.SHADOWED, ""
        await self._mark()
        return CycleOutcome.TRADED, ""

    async def end(self, outcome: CycleOutcome, reason: str) -> CycleReport:
        """Close the cycle in the log, then let the audit look at the books."""
        kind = _ENDS.get(outcome, EventType.CYCLE_COMPLETED)
        data = {"outcome": outcome, "reason": reason, **({"code": self.code} if self.code else {})}
        await self._record([say.cycle_event(self.cycle, kind, self.steps.now(), data)])
        findings = await self._audit()
        self._tell(f"{outcome.replace('_', ' ')}{': ' if reason else ''}{reason}")
        return CycleReport.model_validate(
            {
                **self.known,
                "cycle_id": self.cycle.cycle_id,
                "outcome": outcome,
                "reason": reason[:MOST_TEXT],
                "shadow": self.shadow,
                "rows": self.docket.rows,
                "findings": findings,
            }
        )

    async def _catch_up(self) -> str:
        """Level the books with the broker's; why the cycle goes no further, empty when it does."""
        skip = self.opening.skip
        self.code = skip.code if skip else ""
        if skip is not None and skip.code != HALTED:
            return skip.reason
        # Exits never sleep: stops and targets meet the prices although nothing new may be bought.
        reconciled = await self._reconcile("before")
        return skip.reason if skip is not None else reconciled.obstacle

    async def _reconcile(self, when: str) -> Reconciled:
        asked = ReconciliationAsked(
            desk_id=self.cycle.desk_id,
            reconciliation_id=f"{self.cycle.cycle_id}-{when}",
            trace_id=self.cycle.trace_id,
            as_of=self.opening.as_of,
            cycle_id=self.cycle.cycle_id,
        )
        return await self.steps.reconcile(asked)

    async def _audit(self) -> tuple[Finding, ...]:
        """The audit's findings; that it could not be done is one, for silence is no pass."""
        try:
            if self.known:
                await self._reconcile("after")
            return await self.steps.audit(self.cycle)
        except TradingError as error:
            return (Finding(invariant="audit", about=self.cycle.cycle_id, found=f"not done: {error}"),)

    async def _look(self) -> None:
        """Look at the market once, for all, and value the books at what was seen.

        By then the breaker has the last word on whether the cycle trades: shadow trades are scored first, so that a
        desk which these let go on does so now.
        """
        opening = self.opening
        if opening.shadowed:
            known = {"desk_id": self.cycle.desk_id, "trace_id": self.cycle.trace_id}
            self.shadows = await self.steps.score(ScoringAsked(as_of=opening.as_of, **known))
        halted = opening.shadow and opening.trading_state is TradingState.HALTED
        thought = {one.symbol for one in self.shadows} if halted else set()
        symbols = tuple(sorted({*self.cycle.request.symbols, *opening.held, *thought}))
        self.snapshot = await self.steps.snapshot(SnapshotAsked(stage=self._stage, symbols=symbols))
        self.portfolio = await self._mark()
        self.shadow = opening.shadow and self.breaker.state is TradingState.HALTED
        self.docket.priced(self.snapshot)
        await self._record(say.snapshot_taken(self.cycle, self.opening, self.snapshot, self.steps.now()))

    async def _signals(self) -> list[Signal]:
        """Ask the DataAgent about every symbol at once; one that abstains costs that symbol only."""
        symbols = [priced.instrument.symbol for priced in self.snapshot.symbols]
        snapshot_id = self.snapshot.snapshot_id
        asked = [
            SignalAsked(
                cycle=self.cycle, snapshot_id=snapshot_id, symbol=symbol, books=Books.of(self.portfolio, symbol)
            )
            for symbol in symbols
        ]
        answers = await asyncio.gather(*(self.steps.ask_data(one) for one in asked))
        events: list[Event] = []
        for symbol, heard in zip(symbols, answers, strict=True):
            self.docket.signalled(symbol, heard.answer)
            if isinstance(heard.answer, Abstention):
                events.append(
                    say.agent_abstained(self.cycle, "DataAgent", heard.answer, heard.source, self.steps.now())
                )
            else:
                events.append(say.signal_generated(self.cycle, heard.answer, heard.source, self.steps.now()))
        await self._record(events)
        silent = [heard.answer for heard in answers if isinstance(heard.answer, Abstention)]
        if silent and len(silent) == len(symbols) and all(one.cause in UNHEARD for one in silent):
            self.code = NO_MODEL
            raise Final(f"no model answered: {silent[0].reason}")
        signals = [heard.answer for heard in answers if isinstance(heard.answer, Signal) and heard.answer.side]
        self._tell(f"DataAgent: {len(signals)} signals for {len(symbols)} symbols")
        return signals

    async def _constrain(self, signals: Sequence[Signal]) -> list[Proposal]:
        """Hold every signal against the hard limits, in code."""
        rulings = rule_on(signals, self._case)
        events: list[Event] = []
        for ruling in rulings:
            symbol = ruling.signal.symbol
            allowed = ruling.proposal.quantity if ruling.proposal else ruling.asked * 0
            self.docket.capped(symbol, ruling.asked, allowed, ruling.reason)
            if ruling.constraint is not None:
                event = say.constraint_applied(self.cycle, symbol, ruling.constraint, ruling.reason, self.steps.now())
                events.append(event)
        await self._record(events)
        proposals = [ruling.proposal for ruling in rulings if ruling.proposal is not None]
        self._tell(f"Limits: {len(proposals)} of {len(rulings)} allowed")
        return proposals

    async def _assess(self, proposals: Sequence[Proposal]) -> list[Assessed]:
        """Ask the RiskManager about the batch; it may only make less of it."""
        asked = AssessmentAsked(
            cycle=self.cycle,
            snapshot_id=self.snapshot.snapshot_id,
            books=Books.of(self.portfolio),
            proposals=tuple(proposals),
        )
        heard = await self.steps.ask_risk(asked)
        if isinstance(heard.answer, Abstention):
            await self._abstained("RiskManager", heard.answer, heard.source)
            return []
        at = self.steps.now()
        await self._record([say.risk_assessed(self.cycle, one, heard.source, at) for one in heard.answer])
        for one in heard.answer:
            self.docket.assessed(one)
        approved = [
            (proposal.model_copy(update={"quantity": min(one.adjusted_quantity, proposal.quantity)}), one)
            for proposal, one in zip(proposals, heard.answer, strict=True)
            if one.approved and one.adjusted_quantity > 0
        ]
        self._tell(f"RiskManager: {len(approved)} of {len(proposals)} approved")
        return approved

    async def _validate(self, assessed: Sequence[Assessed]) -> list[Candidate]:
        """Ask the Validator for a second opinion on each."""
        asked = [
            ValidationAsked(cycle=self.cycle, snapshot_id=self.snapshot.snapshot_id, proposal=proposal, assessment=one)
            for proposal, one in assessed
        ]
        answers = await asyncio.gather(*(self.steps.ask_validator(one) for one in asked))
        at = self.steps.now()
        events: list[Event] = []
        candidates: list[Candidate] = []
        for one, heard in zip(asked, answers, strict=True):
            if isinstance(heard.answer, Abstention):
                self.docket.note(one.proposal.symbol, validated=False, note=f"Validator: {heard.answer.reason}")
                events.append(say.agent_abstained(self.cycle, "Validator", heard.answer, heard.source, at))
                continue
            self.docket.validated(heard.answer)
            events.append(say.validation_complete(self.cycle, heard.answer, heard.source, at))
            if heard.answer.approved:
                candidate = Candidate(proposal=one.proposal, assessment=one.assessment, validation=heard.answer)
                candidates.append(candidate)
        await self._record(events)
        self._tell(f"Validator: {len(candidates)} of {len(asked)} validated")
        return candidates

    async def _decide(self, candidates: Sequence[Candidate]) -> list[tuple[Candidate, Decision]]:
        """Ask the MetaAgent for the last word; sales come first, so that buys see their cash."""
        asked = DecisionAsked(
            cycle=self.cycle,
            snapshot_id=self.snapshot.snapshot_id,
            books=Books.of(self.portfolio),
            candidates=tuple(candidates),
        )
        heard = await self.steps.ask_meta(asked)
        if isinstance(heard.answer, Abstention):
            await self._abstained("MetaAgent", heard.answer, heard.source)
            return []
        at = self.steps.now()
        await self._record([say.meta_agent_decision(self.cycle, one, heard.source, at) for one in heard.answer])
        for one in heard.answer:
            self.docket.decided(one)
        decided = [
            (candidate, one)
            for candidate, one in zip(candidates, heard.answer, strict=True)
            if one.verdict is Verdict.EXECUTE and one.quantity > 0
        ]
        self._tell(f"MetaAgent: {len(decided)} of {len(candidates)} to execute")
        return sorted(decided, key=lambda pair: (pair[0].proposal.side is Side.BUY, pair[0].proposal.symbol))

    async def _trade(self, candidate: Candidate, decision: Decision) -> None:
        """Intend one order and, unless it is denied, send it."""
        symbol, limits = candidate.proposal.symbol, self.opening.limits
        standing = await self.steps.inquire(InquiryAsked(stage=self._stage, symbol=symbol))
        quantity = min(decision.quantity, candidate.proposal.quantity)
        # The broker may trade it in whole shares only. What is less than one is intended all the same, and denied.
        scene = Scene(portfolio=self.portfolio, limits=limits, standing=standing)
        request = request_of(self._case, candidate.proposal, sized(quantity, scene) or quantity)
        scores = {
            **request.scores,
            "risk_score": candidate.assessment.risk_score,
            "validation_confidence": candidate.validation.confidence,
        }
        request = request.model_copy(update={"scores": scores})
        asked = IntentAsked(request=request, limits=limits, standing=standing, intended_at=self.steps.now())
        intended = await self.steps.intend(asked)
        outcome = intended if isinstance(intended, Denied) else await self.steps.execute(intended.request)
        self.docket.ordered(outcome, symbol)
        word = "denied" if isinstance(outcome, Denied) else outcome.state
        self._tell(f"{request.side} {request.quantity:f} {request.symbol}: {word}")

    async def _think(self, candidate: Candidate, decision: Decision) -> None:
        """Keep what would have been ordered; nobody outside hears of it."""
        proposal, signal = candidate.proposal, candidate.proposal.signal
        entry = proposal.leg is Leg.ENTRY
        quantity = min(decision.quantity, proposal.quantity)
        decided = ShadowDecision(
            cycle_id=self.cycle.cycle_id,
            desk_id=self.cycle.desk_id,
            strategy_id=self.cycle.request.strategy_id,
            trace_id=self.cycle.trace_id,
            symbol=proposal.symbol,
            sector=proposal.sector,
            side=proposal.side,
            leg=proposal.leg,
            quantity=sized(quantity, self._case.scene) or quantity,
            stop=signal.stop if entry else None,
            target=signal.target if entry else None,
            quote=next(p.quote for p in self.snapshot.symbols if p.instrument.symbol == proposal.symbol),
            as_of=self.opening.as_of,
        )
        self.docket.shadowed(proposal.symbol, await self.steps.think(decided))
        self._tell(f"{proposal.side} {decided.quantity:f} {proposal.symbol}: in shadow")

    async def _abstained(self, agent: str, abstention: Abstention, source: Source | None) -> None:
        await self._record([say.agent_abstained(self.cycle, agent, abstention, source, self.steps.now())])

    async def _mark(self) -> Portfolio:
        """Value the books at the snapshot and judge by that; after the orders once more, for their slippage."""
        portfolio = await self.steps.mark(MarkAsked(stage=self._stage, snapshot_id=self.snapshot.snapshot_id))
        self.breaker = await self.steps.judge(self._stage)
        return portfolio.model_copy(update={"trading_state": self.breaker.state})

    @property
    def _case(self) -> Case:
        portfolio = shadow_portfolio(self.portfolio, self.shadows) if self.shadow else self.portfolio
        return Case(
            cycle=self.cycle,
            snapshot=self.snapshot,
            portfolio=portfolio,
            size=self.breaker.size,
            thought=tuple(one.symbol for one in self.shadows if self.shadow and one.leg is Leg.ENTRY),
            **{name: getattr(self.opening, name) for name in ("limits", "style", "closes_at")},
        )

    @property
    def _stage(self) -> Stage:
        return Stage(cycle=self.cycle, as_of=self.opening.as_of, in_session=self.opening.in_session)

    def _tell(self, words: str) -> None:
        self.steps.tell(words, self.docket.rows)

    async def _record(self, events: Sequence[Event]) -> None:
        if events:
            await self.steps.record([say.in_shadow(event) for event in events] if self.shadow else events)
