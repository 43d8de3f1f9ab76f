"""A past cycle decided once more, by others or by other words: from its own snapshot, books and memory, and no way out.

| step                        | is                                                                                  |
|-----------------------------|-------------------------------------------------------------------------------------|
| gate, marks, breaker, shadow trades, snapshot | what they were                                                    |
| limits, models              | what they were, and where they are named other ones                                 |
| memory                      | what was recalled then; what is proposed only now is looked up as of then           |
| questions                   | put anew; one that was put before, word for word, has its answer in the journal     |
| events                      | kept here, and written nowhere                                                      |
| approval, intent, order, shadow trade, memory | there are none: whoever asks for one is refused                   |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, Protocol, TypeVar

from pydantic import AwareDatetime, Field

from trading.agents.budget import Cost
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.approvals import Approval, ApprovalAsked
from trading.audit import Finding
from trading.breaker import CircuitBreaker
from trading.deliberation import deliberate
from trading.docket import Row
from trading.errors import Final
from trading.events import Event
from trading.limits import Budget, Limits, OwnLimits
from trading.market import SnapshotSummary
from trading.money import DeskId, Identifier, Record, Text
from trading.orders import Leg, Order, OrderRequest
from trading.reconciling import Reconciled, ReconciliationAsked
from trading.run import Run
from trading.settlement import Denied, IntentAsked
from trading.shadow import ShadowDecision, ShadowTrade
from trading.spoken import Line, lines
from trading.standing import Standing
from trading.steps import (
    ArgumentAsked,
    ArgumentHeard,
    AssessmentAsked,
    AssessmentsHeard,
    Cycle,
    DecisionAsked,
    DecisionsHeard,
    Grounds,
    Heard,
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
    Terms,
    ValidationAsked,
    ValidationHeard,
)

PAYER = "starter/replay"
"""Under which strategy's name replays stand in the ledger of spend; no strategy can be called that."""

H = TypeVar("H", bound=Heard[Any])


class Otherwise(Record):
    """What is otherwise this time: models and prompts by agent, and limits of the desk that are tighter."""

    models: dict[Agent, Text] = Field(default_factory=dict)
    prompts: dict[Agent, Prompt] = Field(default_factory=dict)
    limits: OwnLimits = OwnLimits()


class ReplayAsked(Record):
    """Decide a past cycle once more. `replay_id` pays, up to `most_usd`."""

    replay_id: Identifier
    desk_id: DeskId
    cycle_id: Identifier
    otherwise: Otherwise = Otherwise()
    most_usd: Budget


class Past(Record):
    """A cycle as it was: what it decided from, and what was said in it."""

    grounds: Grounds
    lines: tuple[Line, ...]


class Paid(Record):
    """What a replay asked that nobody had asked before, and what that took."""

    call_ids: tuple[str, ...] = ()
    usd: Cost = Decimal(0)


class Replayed(Record):
    """A cycle then and now, by symbol; `because` is why the replay ended before its time."""

    cycle_id: Identifier
    strategy_id: Identifier
    as_of: AwareDatetime
    then: tuple[Line, ...]
    now: tuple[Line, ...]
    paid: Paid = Paid()
    because: Text = ""

    @property
    def pairs(self) -> tuple[tuple[Line, Line], ...]:
        """Then and now side by side, by symbol."""
        then, now = ({line.symbol: line for line in each} for each in (self.then, self.now))
        symbols = sorted({*then, *now})
        return tuple((then.get(s, Line(symbol=s)), now.get(s, Line(symbol=s))) for s in symbols)

    @property
    def changed(self) -> tuple[str, ...]:
        """The symbols of which another thing is done."""
        return tuple(then.symbol for then, now in self.pairs if then.decision != now.decision)


class Asker(Protocol):
    """Those steps of a cycle that only ask: the agents, a rule, the memory as of a moment."""

    def now(self) -> datetime: ...  # noqa: D102  as `Steps`
    async def apply_rule(self, asked: RuleAsked) -> RuleHeard: ...  # noqa: D102
    async def recall(self, asked: RecallAsked) -> Recollection: ...  # noqa: D102
    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard: ...  # noqa: D102
    async def ask_data(self, asked: SignalAsked) -> SignalHeard: ...  # noqa: D102
    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard: ...  # noqa: D102
    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard: ...  # noqa: D102
    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard: ...  # noqa: D102


async def decide_again(grounds: Grounds, asked: ReplayAsked, asker: Asker) -> tuple[Line, ...]:
    """What is said of each symbol this time. Raises Final when it cannot be decided, as for want of dollars."""
    steps = WhatIf(grounds, asked, asker)
    run = Run(steps, grounds.cycle)
    run.opening = await steps.open(grounds.cycle)
    await run.look()
    await deliberate(run)
    return lines(steps.events)


class WhatIf:
    """The Protocol `Steps`, over what a past cycle decided from."""

    def __init__(self, grounds: Grounds, asked: ReplayAsked, asker: Asker) -> None:
        self._grounds = grounds
        self._asked = asked
        self._asker = asker
        self.events: list[Event] = []
        request = grounds.cycle.request.model_copy(update={"strategy_id": PAYER, "trace_id": asked.replay_id})
        self._payer = grounds.cycle.model_copy(update={"cycle_id": asked.replay_id, "request": request})

    def now(self) -> datetime:
        """The time by the driver's clock."""
        return self._asker.now()

    def tell(self, words: str, rows: tuple[Row, ...]) -> None:
        """Nobody watches."""

    async def record(self, events: Sequence[Event]) -> None:
        """Keep them here."""
        self.events.extend(events)

    async def open(self, cycle: Cycle) -> Opening:  # noqa: ARG002  the Protocol's
        """The gate as it stood, with other limits and models where they are named."""
        opening, otherwise = self._grounds.opening, self._asked.otherwise
        models = {**opening.strategy.models, **otherwise.models}
        strategy = opening.strategy.model_copy(update={"models": models})
        limits = tightened(opening, otherwise.limits)
        return opening.model_copy(update={"strategy": strategy, "limits": limits})

    async def reconcile(self, asked: ReconciliationAsked) -> Reconciled:  # noqa: ARG002  the Protocol's
        """The books were level."""
        return Reconciled()

    async def score(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:  # noqa: ARG002  the Protocol's
        """The shadow trades that were open."""
        return self._grounds.shadows

    async def snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:  # noqa: ARG002  the Protocol's
        """What was seen."""
        return self._grounds.snapshot

    async def mark(self, asked: MarkAsked) -> Marked:  # noqa: ARG002  the Protocol's
        """The books as they were."""
        return self._grounds.marked

    async def judge(self, stage: Stage) -> CircuitBreaker:  # noqa: ARG002  the Protocol's
        """The breaker as it was."""
        return self._grounds.breaker

    async def resolve(self, asked: ResolveAsked) -> Resolved:  # noqa: ARG002  the Protocol's
        """What had come to an end is known."""
        return Resolved()

    async def remember(self, asked: RememberAsked) -> None:
        """Nothing is remembered of what was not decided."""

    async def recall(self, asked: RecallAsked) -> Recollection:
        """What was recalled then, and as of then what is proposed only now."""
        then = self._grounds.recollection
        known = {(one.symbol, one.side): one for one in then.precedents}
        new = tuple(one for one in asked.proposals if one.leg is Leg.ENTRY and (one.symbol, one.side) not in known)
        if not new:
            return then
        more = await self._asker.recall(asked.model_copy(update={"proposals": new}))
        return then.model_copy(update={"precedents": (*then.precedents, *more.precedents)})

    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Ask the rule."""
        return await self._asker.apply_rule(asked)

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent."""
        return _within(await self._asker.ask_data(asked.model_copy(update=self._paid_by(Agent.DATA, asked.terms))))

    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager."""
        return _within(await self._asker.ask_risk(asked.model_copy(update=self._paid_by(Agent.RISK, asked.terms))))

    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator."""
        paid_by = self._paid_by(Agent.VALIDATOR, asked.terms)
        return _within(await self._asker.ask_validator(asked.model_copy(update=paid_by)))

    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        """Ask Bull or Bear."""
        return _within(await self._asker.argue(asked.model_copy(update=self._paid_by(asked.agent, asked.terms))))

    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent."""
        return _within(await self._asker.ask_meta(asked.model_copy(update=self._paid_by(Agent.META, asked.terms))))

    async def reflect(self, asked: ReflectAsked) -> LessonHeard:  # noqa: ARG002  the Protocol's
        """Nobody learns from it."""
        _no("lesson")

    async def approve(self, asked: ApprovalAsked) -> Approval:  # noqa: ARG002  the Protocol's
        """Nobody is called."""
        _no("approval")

    async def inquire(self, asked: InquiryAsked) -> Standing:  # noqa: ARG002  the Protocol's
        """The broker is not asked."""
        _no("question to the broker")

    async def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:  # noqa: ARG002  the Protocol's
        """Nothing is opened, not even in shadow."""
        _no("shadow trade")

    async def intend(self, asked: IntentAsked) -> Order | Denied:  # noqa: ARG002  the Protocol's
        """Nothing is intended."""
        _no("intent")

    async def execute(self, request: OrderRequest) -> Order:  # noqa: ARG002  the Protocol's
        """Nothing is sent."""
        _no("order")

    async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:  # noqa: ARG002  the Protocol's
        """The books are not touched."""
        return ()

    def _paid_by(self, agent: Agent, terms: Terms) -> dict[str, object]:
        """Who pays for a question, and with which words it is put."""
        words, most = self._asked.otherwise.prompts.get(agent), self._asked.most_usd
        return {"cycle": self._payer, "terms": terms.model_copy(update={"words": words, "most_usd": most})}


def tightened(opening: Opening, limits: OwnLimits) -> Limits:
    """The limits that were in force with these in their place."""
    named = {n: value for n in OwnLimits.model_fields if (value := getattr(limits, n)) not in (None, ())}
    if "restricted_symbols" in named:
        every = {*opening.limits.restricted_symbols, *limits.restricted_symbols}
        named["restricted_symbols"] = tuple(sorted(every))
    return opening.limits.model_copy(update=named)


def _within(heard: H) -> H:
    """An answer that somebody else gave for want of dollars would be no answer to what was asked."""
    if heard.strain is not None:
        raise Final(
            f"the dollars of this replay are used up (--max-usd, or the desk's own budgets): {heard.strain.reason}"
        )
    return heard


def _no(what: str) -> NoReturn:
    raise Final(f"a replay has no {what}")
