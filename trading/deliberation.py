"""Who decides: four agents one after the other, a rule, or a person. Code's limits come right after the signals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from trading import cycle_events as say
from trading.agents.facts import Books
from trading.agents.questions import Agent
from trading.breaker_facts import BY_OPERATOR, NO_MODEL
from trading.constraints import rule_on
from trading.debating import Arguments, debate
from trading.docket import CycleOutcome
from trading.errors import Final, ModelRefused
from trading.events import Event
from trading.instruments import Side
from trading.limits import Limit
from trading.money import ZERO
from trading.orders import Leg
from trading.proposals import Candidate, Decided, Proposal
from trading.remembering import heed, remember
from trading.run import Run
from trading.signals import NO_ANSWER, NOT_ASKED, Abstention, Decision, RiskAssessment, Signal, Verdict
from trading.spoken import OPERATOR, RULE
from trading.steps import AssessmentAsked, DecisionAsked, RuleAsked, SignalAsked, Source, ValidationAsked
from trading.voices import voice

Assessed = tuple[Proposal, RiskAssessment]
# A desk whose models never speak, for want of a server or of a key that is taken, has no quiet day: it is broken.
UNHEARD = frozenset({NO_ANSWER, ModelRefused.__name__})


async def deliberate(run: Run) -> list[Decided] | CycleOutcome:
    """What is to be done, sales first, so that buys see their cash; or how the cycle ends without."""
    decided = await _decider(run)(run)
    # Before any order: what is decided is remembered whatever becomes of it.
    await remember(run, () if isinstance(decided, CycleOutcome) else decided)
    if isinstance(decided, CycleOutcome):
        return decided
    return sorted(decided, key=lambda one: (one.proposal.side is Side.BUY, one.proposal.symbol))


def _decider(run: Run) -> Callable[[Run], Awaitable[list[Decided] | CycleOutcome]]:
    if run.cycle.request.trade is not None:
        return _by_operator
    return _by_agents if run.opening.strategy.asks_agents else _by_rule


async def _by_agents(run: Run) -> list[Decided] | CycleOutcome:
    """DataAgent, limits, memory, RiskManager, Validator, Bull and Bear where they debate, MetaAgent."""
    signals = await _signals(run)
    if not signals:
        return CycleOutcome.NO_SIGNALS
    proposals = await heed(run, await _constrain(run, signals))
    if not proposals:
        return CycleOutcome.NONE_ALLOWED
    approved = await _assess(run, proposals)
    if not approved:
        return CycleOutcome.NONE_APPROVED
    candidates = await _validate(run, approved)
    if not candidates:
        return CycleOutcome.NONE_VALIDATED
    arguments = await debate(run, candidates)
    return await _decide(run, candidates, arguments) or CycleOutcome.NONE_DECIDED


async def _by_rule(run: Run) -> list[Decided] | CycleOutcome:
    """The rule's signals, held to the limits; nobody is asked."""
    strategy = run.opening.strategy
    asked = RuleAsked(
        cycle=run.cycle,
        snapshot_id=run.snapshot.snapshot_id,
        strategy=strategy,
        books=run.books,
    )
    heard = await run.steps.apply_rule(asked)
    at = run.steps.now()
    for signal in heard.signals:
        run.docket.signalled(signal.symbol, signal, RULE)
    await run.record([say.signal_by_rule(run.cycle, one, heard.rule, at) for one in heard.signals])
    signals = [one for one in heard.signals if one.side]
    run.tell(f"{heard.rule}: {len(signals)} signals for {len(run.priced)} symbols")
    if not signals:
        return CycleOutcome.NO_SIGNALS
    proposals = await heed(run, await _constrain(run, signals))
    if not proposals:
        return CycleOutcome.NONE_ALLOWED
    decisions = [_by_itself(proposal) for proposal in proposals]
    await run.record([say.rule_decision(run.cycle, one, heard.rule, run.steps.now()) for one in decisions])
    return _decided(run, proposals)


async def _by_operator(run: Run) -> list[Decided] | CycleOutcome:
    """What a person proposes, held to the limits.

    Nobody is asked, no precedent speaks against it, and it is no setup to learn from: how good the desk's agents and
    rules are is not shown by what somebody else does.
    """
    run.code, trade = BY_OPERATOR, run.cycle.request.trade
    if trade is None or trade.symbol not in run.priced:
        return CycleOutcome.NO_SIGNALS
    run.docket.signalled(trade.symbol, trade.signal, OPERATOR)
    await run.record([say.signal_by_operator(run.cycle, trade, run.steps.now())])
    proposals = await _sendable(run, await _constrain(run, [trade.signal]))
    if not proposals:
        return CycleOutcome.NONE_ALLOWED
    at = run.steps.now()
    await run.record([say.operator_decision(run.cycle, _by_itself(one), trade.by, at) for one in proposals])
    return _decided(run, proposals)


async def _sendable(run: Run, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Those that are sent as they were meant: what would not be is not done in another way."""
    passed: list[Proposal] = []
    for one in proposals:
        limit, why = _unsendable(run, one)
        if limit is None:
            passed.append(one)
        else:
            run.docket.note(one.symbol, why, allowed=ZERO)
            await run.record([say.left_out(run.cycle, one, limit, why, run.steps.now())])
    return passed


def _unsendable(run: Run, proposal: Proposal) -> tuple[Limit | None, str]:
    signal = proposal.signal
    if run.shadow:
        return Limit.STATE, "nothing is sent now, and a person has nothing to prove in shadow"
    if proposal.leg is Leg.EXIT and (signal.stop is not None or signal.target is not None):
        return Limit.PROTECTION, "what closes is done at once: it has no stop and no target"
    return None, ""


def _decided(run: Run, proposals: Sequence[Proposal]) -> list[Decided]:
    for one in proposals:
        run.docket.note(one.symbol, decided=one.quantity)
    return [
        Decided(proposal=one, quantity=one.quantity, scores={"signal_confidence": one.signal.confidence})
        for one in proposals
    ]


def _by_itself(proposal: Proposal) -> Decision:
    """A rule's or a person's signal within the limits is the decision: nobody else is asked."""
    return Decision(
        symbol=proposal.symbol,
        verdict=Verdict.EXECUTE,
        quantity=proposal.quantity,
        rationale=proposal.signal.reasoning,
    )


async def _signals(run: Run) -> list[Signal]:
    """Ask the DataAgent about every symbol at once; one that abstains costs that symbol only."""
    symbols = run.priced
    snapshot_id = run.snapshot.snapshot_id
    asked = [
        SignalAsked(
            cycle=run.cycle,
            snapshot_id=snapshot_id,
            symbol=symbol,
            books=Books.of(run.mine, symbol),
            terms=run.terms(Agent.DATA),
        )
        for symbol in symbols
    ]
    answers = await asyncio.gather(*(run.steps.ask_data(one) for one in asked))
    run.hear(*answers)
    events: list[Event] = []
    for symbol, heard in zip(symbols, answers, strict=True):
        run.docket.signalled(symbol, heard.answer)
        if isinstance(heard.answer, Abstention):
            events.append(say.agent_abstained(run.cycle, "DataAgent", heard.answer, heard.source, run.steps.now()))
        else:
            run.spoke(symbol, voice(Agent.DATA, heard.source, ZERO, heard.answer.confidence))
            events.append(say.signal_generated(run.cycle, heard.answer, heard.source, run.steps.now()))
    await run.record(events)
    silent = [heard.answer for heard in answers if isinstance(heard.answer, Abstention)]
    if silent and len(silent) == len(symbols) and all(one.cause in UNHEARD for one in silent):
        run.code = NO_MODEL
        raise Final(f"no model answered: {silent[0].reason}")
    signals = [heard.answer for heard in answers if isinstance(heard.answer, Signal) and heard.answer.side]
    run.tell(f"DataAgent: {len(signals)} signals for {len(symbols)} symbols")
    return signals


async def _constrain(run: Run, signals: Sequence[Signal]) -> list[Proposal]:
    """Hold every signal against the hard limits, in code."""
    rulings = rule_on(signals, run.case)
    events: list[Event] = []
    for ruling in rulings:
        symbol = ruling.signal.symbol
        allowed = ruling.proposal.quantity if ruling.proposal else ruling.asked * 0
        run.docket.capped(symbol, ruling.asked, allowed, ruling.reason)
        if ruling.constraint is not None:
            event = say.constraint_applied(run.cycle, symbol, ruling.constraint, ruling.reason, run.steps.now())
            events.append(event)
    await run.record(events)
    proposals = await _closing(run, [ruling.proposal for ruling in rulings if ruling.proposal is not None])
    run.tell(f"Limits: {len(proposals)} of {len(rulings)} allowed")
    return proposals


async def _assess(run: Run, proposals: Sequence[Proposal]) -> list[Assessed]:
    """Ask the RiskManager about the batch; it may only make less of it."""
    asked = AssessmentAsked(
        cycle=run.cycle,
        snapshot_id=run.snapshot.snapshot_id,
        books=run.books,
        proposals=tuple(proposals),
        terms=run.terms(Agent.RISK),
    )
    heard = await run.steps.ask_risk(asked)
    run.hear(heard)
    if isinstance(heard.answer, Abstention):
        await _abstained(run, "RiskManager", heard.answer, heard.source)
        return []
    at = run.steps.now()
    await run.record([say.risk_assessed(run.cycle, one, heard.source, at) for one in heard.answer])
    for one in heard.answer:
        run.docket.assessed(one)
        passed = one.adjusted_quantity if one.approved else ZERO
        run.spoke(one.symbol, voice(Agent.RISK, heard.source, passed, 1 - one.risk_score))
    approved = [
        (proposal.model_copy(update={"quantity": min(one.adjusted_quantity, proposal.quantity)}), one)
        for proposal, one in zip(proposals, heard.answer, strict=True)
        if one.approved and one.adjusted_quantity > 0
    ]
    run.tell(f"RiskManager: {len(approved)} of {len(proposals)} approved")
    return approved


async def _validate(run: Run, assessed: Sequence[Assessed]) -> list[Candidate]:
    """Ask the Validator for a second opinion on each."""
    cycle, snapshot_id, terms = run.cycle, run.snapshot.snapshot_id, run.terms(Agent.VALIDATOR)
    asked = [
        ValidationAsked(
            cycle=cycle,
            snapshot_id=snapshot_id,
            proposal=proposal,
            assessment=one,
            precedents=run.recollection.of(proposal.symbol),
            terms=terms,
        )
        for proposal, one in assessed
    ]
    answers = await asyncio.gather(*(run.steps.ask_validator(one) for one in asked))
    run.hear(*answers)
    at = run.steps.now()
    events: list[Event] = []
    candidates: list[Candidate] = []
    for one, heard in zip(asked, answers, strict=True):
        if isinstance(heard.answer, Abstention):
            run.docket.unvalidated(one.proposal.symbol, heard.answer)
            events.append(say.agent_abstained(run.cycle, "Validator", heard.answer, heard.source, at))
            if heard.answer.cause == NOT_ASKED:
                candidates.append(Candidate(proposal=one.proposal, assessment=one.assessment))
            continue
        run.docket.validated(heard.answer)
        passed = one.proposal.quantity if heard.answer.approved else ZERO
        run.spoke(one.proposal.symbol, voice(Agent.VALIDATOR, heard.source, passed, heard.answer.confidence))
        events.append(say.validation_complete(run.cycle, heard.answer, heard.source, at))
        if heard.answer.approved:
            candidate = Candidate(proposal=one.proposal, assessment=one.assessment, validation=heard.answer)
            candidates.append(candidate)
    await run.record(events)
    run.tell(f"Validator: {len(candidates)} of {len(asked)} validated")
    return candidates


async def _decide(run: Run, candidates: Sequence[Candidate], arguments: Arguments) -> list[Decided]:
    """Ask the MetaAgent for the last word."""
    asked = DecisionAsked(
        cycle=run.cycle,
        snapshot_id=run.snapshot.snapshot_id,
        books=run.books,
        candidates=tuple(candidates),
        scores=run.recollection.scores,
        arguments=arguments,
        terms=run.terms(Agent.META),
    )
    heard = await run.steps.ask_meta(asked)
    run.hear(heard)
    if isinstance(heard.answer, Abstention):
        await _abstained(run, "MetaAgent", heard.answer, heard.source)
        return []
    at = run.steps.now()
    decisions = [_affordable(run, candidate, one) for candidate, one in zip(candidates, heard.answer, strict=True)]
    await run.record([say.meta_agent_decision(run.cycle, one, heard.source, at) for one in decisions])
    for one in decisions:
        run.docket.decided(one)
        passed = one.quantity if one.verdict is Verdict.EXECUTE else ZERO
        run.spoke(one.symbol, voice(Agent.META, heard.source, passed))
    decided = [
        Decided(
            proposal=candidate.proposal,
            quantity=min(one.quantity, candidate.proposal.quantity),
            scores=_scores(candidate),
        )
        for candidate, one in zip(candidates, decisions, strict=True)
        if one.verdict is Verdict.EXECUTE and one.quantity > 0
    ]
    run.tell(f"MetaAgent: {len(decided)} of {len(candidates)} to execute")
    return decided


def _scores(candidate: Candidate) -> dict[str, float]:
    scores = {"signal_confidence": candidate.proposal.signal.confidence, "risk_score": candidate.assessment.risk_score}
    if candidate.validation is None:
        return scores
    return {**scores, "validation_confidence": candidate.validation.confidence}


async def _closing(run: Run, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Leave out what opens when the budget for models is spent; what closes always goes on."""
    if not run.strain.is_closed:
        return list(proposals)
    opening = [one for one in proposals if one.leg is Leg.ENTRY]
    for one in opening:
        run.docket.note(one.symbol, f"not opened: {run.strain.reason}", allowed=ZERO)
    spent, at = Limit.MODEL_BUDGET, run.steps.now()
    await run.record([say.left_out(run.cycle, one, spent, run.strain.reason, at) for one in opening])
    return [one for one in proposals if one.leg is not Leg.ENTRY]


def _affordable(run: Run, candidate: Candidate, decision: Decision) -> Decision:
    """The decision, unless it opens something after the budget has run out on the way to it."""
    if not run.strain.is_closed or candidate.proposal.leg is not Leg.ENTRY:
        return decision
    no = {"verdict": Verdict.DO_NOT_EXECUTE, "quantity": ZERO, "rationale": f"not opened: {run.strain.reason}"}
    return decision.model_copy(update=no)


async def _abstained(run: Run, agent: str, abstention: Abstention, source: Source | None) -> None:
    await run.record([say.agent_abstained(run.cycle, agent, abstention, source, run.steps.now())])
