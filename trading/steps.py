"""The small records that pass between the cycle and its steps (`trading/cycle_ports.py`): asked, and answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, Field

from trading.agents.budget import Caps, Strain
from trading.agents.facts import Books
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.approvals import ApprovalTerms
from trading.breaker import CircuitBreaker, TradingState
from trading.events import Event
from trading.instruments import Symbol
from trading.limits import Budget, Limits
from trading.market import SnapshotSummary
from trading.memory import Precedents, Setup
from trading.money import DeskId, Identifier, Record, Text
from trading.moves import Move
from trading.orders import Style
from trading.portfolio import Portfolio
from trading.proposals import Candidate, Proposal
from trading.scores import AgentScore
from trading.shadow import ShadowTrade
from trading.signals import Abstention, Argument, Decision, RiskAssessment, Signal, Validation
from trading.spending import Payer
from trading.strategy import AGENTS, Strategy, first_strategy
from trading.wanted import OperatorTrade

Symbols = Annotated[tuple[Symbol, ...], Field(min_length=1, max_length=100)]


class Trigger(StrEnum):
    """Why a cycle runs."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    PRICE_MOVE = "price_move"


class CycleRequest(Record):
    """What is asked of a desk.

    `as_of` puts the whole cycle in the past, for markets that know it; `anytime` runs it although the exchange is
    closed. Asked again under the same `request_id` it is the same cycle, and the desk refuses it where the `digest` of
    what was asked is another. `move` is what moved, where that is why; `trade` what a person proposes, who decides then
    in the place of the strategy's agents or rule.
    """

    symbols: Symbols
    strategy_id: Identifier = AGENTS
    trigger: Trigger = Trigger.MANUAL
    trace_id: Identifier
    as_of: AwareDatetime | None = None
    anytime: bool = False
    request_id: Identifier | None = None
    # Left out while there is none, so that the events of other cycles say what they always said.
    digest: Identifier | None = Field(default=None, exclude_if=lambda digest: digest is None)
    move: Move | None = Field(default=None, exclude_if=lambda move: move is None)
    trade: OperatorTrade | None = Field(default=None, exclude_if=lambda trade: trade is None)


class Cycle(Record):
    """One run of the pipeline: the request with the name the desk gave it."""

    cycle_id: Identifier
    desk_id: DeskId
    request: CycleRequest
    started_at: AwareDatetime

    @property
    def workflow_id(self) -> str:
        """The name of its workflow."""
        return f"cycle/{self.cycle_id}"

    @property
    def trace_id(self) -> str:
        """The id that joins the cycle's log lines and events to whoever asked for it."""
        return self.request.trace_id

    @property
    def payer(self) -> Payer:
        """In whose name its calls to models are paid for."""
        return Payer(
            desk_id=self.desk_id,
            name=self.cycle_id,
            strategy_id=self.request.strategy_id,
            trace_id=self.trace_id,
        )


HALTED = "halted"


class Skip(Record):
    """Why a cycle does nothing: a code and a sentence."""

    code: str
    reason: Text


class Opening(Record):
    """What the gate found: the moment the cycle reasons about, the limits in force, and a reason to go no further.

    `closes_at` is the bell that ends the session's orders, None where no clock runs beside the prices. `held` is what
    the desk holds, `holds` what the strategy holds of it; `trading_state` the stricter of the desk's and its own.
    `shadow` says whether a halted desk goes on in shadow, `only_thinks` whether the strategy may not send anything yet,
    `reduces` whether it closes what it holds and no more, `shadowed` what its open shadow trades are of, `pending`
    whether the desk remembers decisions that have not come to an end; `remembers` whether this one is kept, `heeds`
    whether setups that have failed too often are denied. `real_money` is what the account is; `approval`
    says when a person is asked.
    """

    as_of: AwareDatetime
    market: str
    synthetic: bool
    in_session: bool
    limits: Limits
    trading_state: TradingState = TradingState.ACTIVE
    style: Style = Style()
    closes_at: AwareDatetime | None = None
    held: tuple[Symbol, ...] = ()
    holds: tuple[Symbol, ...] = ()
    shadow: bool = False
    only_thinks: bool = False
    reduces: bool = False
    real_money: bool = False
    shadowed: tuple[Symbol, ...] = ()
    pending: bool = False
    remembers: bool = False
    heeds: bool = False
    strategy: Strategy = Field(default_factory=first_strategy)
    approval: ApprovalTerms = ApprovalTerms()
    skip: Skip | None = None


class Stage(Record):
    """A cycle at the moment it reasons about."""

    cycle: Cycle
    as_of: AwareDatetime
    in_session: bool = True


class ScoringAsked(Record):
    """Score a desk's open shadow trades by the prices of a moment; `real_money` says whose strategies only think."""

    desk_id: DeskId
    as_of: AwareDatetime
    real_money: bool = False
    trace_id: Identifier = "none"


class SnapshotAsked(Record):
    """Which symbols to look at: those asked for and those held; with a year of bars for a rule."""

    stage: Stage
    symbols: tuple[Symbol, ...]
    history: bool = False


class Marked(Record):
    """The books as a mark left them: the desk's, and the strategy's own part of them; None when that is the whole."""

    desk: Portfolio
    own: Portfolio | None = None


class Recollection(Record):
    """What the desk remembers in one cycle: precedents a proposal, and the scores of its agents."""

    precedents: tuple[Precedents, ...] = ()
    scores: tuple[AgentScore, ...] = ()

    def of(self, symbol: str) -> Precedents | None:
        """The precedents of one symbol."""
        return next((one for one in self.precedents if one.symbol == symbol), None)


class Grounds(Record):
    """All that a cycle decided from besides its snapshot, so that it can be decided again with nothing at stake."""

    cycle: Cycle
    opening: Opening
    snapshot: SnapshotSummary
    marked: Marked
    breaker: CircuitBreaker
    shadow: bool
    shadows: tuple[ShadowTrade, ...] = ()
    recollection: Recollection = Recollection()


class MarkAsked(Record):
    """Value the books at a snapshot's prices."""

    stage: Stage
    snapshot_id: str


class RuleAsked(Record):
    """What a rule says of what it watches and holds in a snapshot, and its own books as the mark left them."""

    cycle: Cycle
    snapshot_id: str
    strategy: Strategy
    books: Books


class Terms(Record):
    """On what terms a strategy has an agent asked.

    Its own model and version of the prompt, empty for the desk's, and what it may spend on models in a day. A question
    beside the desk's own work, as a replay's, brings the dollars that all of its like may take, and words of its own.
    """

    model: Text = ""
    prompt: Text = ""
    budget_usd_per_day: Budget | None = None
    most_usd: Budget | None = Field(default=None, exclude_if=lambda most: most is None)
    words: Prompt | None = Field(default=None, exclude_if=lambda words: words is None)

    @classmethod
    def of(cls, strategy: Strategy, agent: Agent) -> Terms:
        """What a strategy says of one agent."""
        return cls(
            model=strategy.models.get(agent, ""),
            prompt=strategy.prompts.get(agent, ""),
            budget_usd_per_day=strategy.budget_usd_per_day,
        )

    def payer(self, cycle: Cycle) -> Payer:
        """Who pays for a question on these terms: the cycle, or what is asked beside it with dollars of its own."""
        own = None if self.most_usd is None else Caps(usd=self.most_usd)
        return cycle.payer.model_copy(update={"caps": own})


class ResolveAsked(Record):
    """See which pending memories of the desk have come to an end by a moment; the market's newest, if none is named."""

    desk_id: DeskId
    as_of: AwareDatetime | None = None


class Resolved(Record):
    """Those that have lately and of which nobody has said yet what they teach, the newest last."""

    memory_ids: tuple[Identifier, ...] = ()


class RecallAsked(Record):
    """What came of setups like these, and how good the agents' words were, as far as it was known by then."""

    stage: Stage
    snapshot_id: str
    proposals: tuple[Proposal, ...]


class RememberAsked(Record):
    """Keep what was decided, and from what: `setups` to be scored, `grounds` to be decided from once more."""

    stage: Stage
    snapshot_id: str
    setups: tuple[Setup, ...]
    grounds: Grounds


class SignalAsked(Record):
    """The DataAgent's question: one symbol of a snapshot, and the books as the mark left them, as far as it goes."""

    cycle: Cycle
    snapshot_id: str
    symbol: Symbol
    books: Books
    terms: Terms = Terms()


class AssessmentAsked(Record):
    """The RiskManager's question: the whole batch, and the books as the mark left them."""

    cycle: Cycle
    snapshot_id: str
    books: Books
    proposals: tuple[Proposal, ...]
    terms: Terms = Terms()


class ValidationAsked(Record):
    """The Validator's question: one proposal and what the RiskManager said of it."""

    cycle: Cycle
    snapshot_id: str
    proposal: Proposal
    assessment: RiskAssessment
    precedents: Precedents | None = None
    terms: Terms = Terms()


class ReflectAsked(Record):
    """The Reflector's question: what a resolved memory teaches."""

    cycle: Cycle
    memory_id: Identifier
    terms: Terms = Terms()


class ArgumentAsked(Record):
    """The next word for (`Bull`) or against (`Bear`) a candidate, after what was said of it so far, oldest first."""

    cycle: Cycle
    snapshot_id: str
    agent: Agent
    candidate: Candidate
    said: tuple[Argument, ...] = ()
    precedents: Precedents | None = None
    terms: Terms = Terms()


class DecisionAsked(Record):
    """The MetaAgent's question: every candidate at once, and the books as the mark left them.

    `scores` say how good the agents' words were so far, `arguments` what bull and bear said, by symbol.
    """

    cycle: Cycle
    snapshot_id: str
    books: Books
    candidates: tuple[Candidate, ...]
    scores: tuple[AgentScore, ...] = ()
    arguments: dict[Symbol, tuple[Argument, ...]] = Field(default_factory=dict)
    terms: Terms = Terms()


class InquiryAsked(Record):
    """What the broker and the market say of one symbol, just before an order of it is intended."""

    stage: Stage
    symbol: Symbol


class Recorded(Record):
    """Events of one step, written in one insert."""

    events: tuple[Event, ...]


class Source(Record):
    """Whose words these are: the model that answered, the prompt's version and hash, and the call in the journal.

    Of a model that gave no answer, what was asked of it.
    """

    model: str
    prompt_version: str
    prompt_hash: str = ""
    call_id: str


T = TypeVar("T")


class Heard(Record, Generic[T]):
    """An agent's answer with its source, or its abstention; `strain` where it is the budget that chose who answers."""

    answer: T | Abstention
    source: Source | None = None
    strain: Strain | None = None


class SignalHeard(Heard[Signal]):
    """The DataAgent's answer."""


class RuleHeard(Record):
    """A rule's signals, one a symbol that it says something of; `rule` names the class and its version."""

    signals: tuple[Signal, ...]
    rule: Text


class AssessmentsHeard(Heard[tuple[RiskAssessment, ...]]):
    """The RiskManager's answer, one assessment a proposal."""


class ValidationHeard(Heard[Validation]):
    """The Validator's answer."""


class DecisionsHeard(Heard[tuple[Decision, ...]]):
    """The MetaAgent's answer, one decision a candidate."""


class ArgumentHeard(Heard[Argument]):
    """Bull's or Bear's answer."""


class LessonHeard(Heard[str]):
    """The Reflector's answer."""
