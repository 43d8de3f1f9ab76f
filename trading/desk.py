"""The desk itself: what can be asked of it, what it remembers, and how its trading state changes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

from trading.breaker import CircuitBreaker, StrategyBreaker, Who
from trading.docket import CycleOutcome
from trading.instruments import Symbol
from trading.money import DeskId, Identifier, Record, Text
from trading.moves import Move, Pace
from trading.steps import Cycle, CycleRequest, Trigger
from trading.strategy import AGENTS, MOST_STRATEGIES, StrategyId


class DeskOpening(Record):
    """The moment a desk first opens its books."""

    desk_id: DeskId
    trace_id: Identifier
    at: AwareDatetime


class HaltAsked(Record):
    """Someone wants the desk to stop trading: to cancel what rests at the broker too, or to sell what is held.

    With `strategy_id` that strategy alone stops; what rests and what is held stays then, whatever else is asked.
    """

    reason: Annotated[str, Field(min_length=1, max_length=400)]
    by: Who = "operator"
    trace_id: Identifier = "none"
    cancel_orders: bool = False
    flatten: bool = False
    strategy_id: Identifier | None = None


class StandDownAsked(Record):
    """Leave the market; `stand_down_id` names the occasion, and with it the exits: asked twice they are sold once."""

    desk_id: DeskId
    stand_down_id: Identifier
    flatten: bool
    reason: Annotated[str, Field(min_length=1, max_length=400)]
    by: Who
    trace_id: Identifier
    asked_at: AwareDatetime

    @property
    def workflow_id(self) -> str:
        """The name of its workflow."""
        return f"stand-down/{self.stand_down_id}"


class LookAsked(Record):
    """A look at the circuit breaker; that of a cycle names its strategy."""

    desk_id: DeskId
    at: AwareDatetime
    trace_id: Identifier = "none"
    strategy_id: Identifier | None = None


class Judged(Record):
    """A desk's circuit breaker after a look, and those of its strategies (`shown_of`)."""

    desk: CircuitBreaker
    strategies: tuple[StrategyBreaker, ...] = ()


class ResumptionAsked(LookAsked):
    """A person's word that the desk or a strategy may go on, as the desk hands it to its books.

    `change_id` names it there.
    """

    change_id: Identifier
    by: Who
    reason: Text
    force: bool = False


class ResumeAsked(Record):
    """Someone wants the desk, or one strategy, to trade again; `force` goes past a rule that still holds."""

    reason: Annotated[str, Field(min_length=1, max_length=400)]
    by: Who = "operator"
    trace_id: Identifier = "none"
    force: bool = False
    strategy_id: Identifier | None = None


class PriceMoved(Move):
    """Something moved in a symbol. `pace` is how often the sender's settings let a desk look for such a reason.

    `strategies` are those that look, each for itself; of none it is the desk's first.
    """

    symbol: Symbol
    trace_id: Identifier = "none"
    pace: Pace = Pace()
    strategies: Annotated[tuple[StrategyId, ...], Field(max_length=MOST_STRATEGIES)] = ()

    @property
    def move(self) -> Move:
        """What moved, without whose it is."""
        return Move.model_validate(self.model_dump(include=set(Move.model_fields)))


class CycleTicket(Record):
    """The desk's answer to a request: the cycle's name, its workflow, its trace, and how many wait before it.

    The trace is that of who asked first.
    """

    cycle_id: Identifier
    workflow_id: Identifier
    ahead: Annotated[int, Field(ge=0)] = 0
    trace_id: Identifier | None = None


class CycleAsked(Record):
    """A cycle that is asked of a desk from within a workflow."""

    desk_id: DeskId
    request: CycleRequest


class CycleLine(Record):
    """A cycle as the desk remembers it; no outcome while it waits or runs. `request_id` is what it was asked under.

    `digest` is of what was asked.
    """

    cycle_id: Identifier
    strategy_id: Identifier = AGENTS
    trigger: Trigger
    symbols: tuple[Symbol, ...]
    started_at: AwareDatetime | None = None
    outcome: CycleOutcome | None = None
    reason: Text = ""
    request_id: Identifier | None = None
    digest: Identifier | None = None
    trace_id: Identifier | None = None


class CyclesAwaited(Record):
    """Cycles whose ends somebody waits for, so many seconds at most; with None until one of them has ended.

    Those that have `begun` are gone when the server knows nothing of them.
    """

    desk_id: DeskId
    cycle_ids: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    begun: bool = False
    patience_seconds: Annotated[int, Field(ge=1)] | None = None


class CycleEnd(Record):
    """How a cycle ended; `said` by itself, or it broke off without a word."""

    cycle_id: Identifier
    outcome: CycleOutcome
    reason: Text = ""
    said: bool = True


class CyclesEnded(Record):
    """Some of the cycles that somebody waits for; none when none has ended within his patience."""

    ends: tuple[CycleEnd, ...]


class Waiting(Record):
    """A cycle that waits for its turn."""

    cycle_id: Identifier
    request: CycleRequest


class Look(Record):
    """A look of one strategy that a move asked for: the newest move that it covers, its cycle, and when it began.

    That is None while it waits.
    It is remembered for as long as it may keep the next one from beginning.
    """

    moved: PriceMoved
    cycle_id: Identifier
    began_at: AwareDatetime | None = None


def _several(running: Any) -> Any:
    """A desk that has run for long brings what it knew when it ran one cycle at a time."""
    return () if running is None else running if isinstance(running, list | tuple) else (running,)


def _by_strategy(looks: Any) -> Any:
    """Likewise, when it had one strategy."""
    return {AGENTS: looks} if isinstance(looks, int) else looks


class DeskState(Record):
    """All that a desk carries from one run of its workflow to the next.

    `looks` are those that moves asked for, `held` the moves whose look has yet to wait for its cool-down or for room,
    each of one strategy; `looks_on` is the day on which each had so many `looks_that_day`. `standing_down` is the latch
    of a flattening: until someone resumes, what is held is sold once and not again. `look_due` says that the breaker is
    to be looked at.
    """

    desk_id: DeskId
    opened: bool = False
    counted: Annotated[int, Field(ge=0)] = 0
    running: Annotated[tuple[Cycle, ...], BeforeValidator(_several)] = ()
    waiting: tuple[Waiting, ...] = ()
    cycles: tuple[CycleLine, ...] = ()
    looks: tuple[Look, ...] = ()
    held: tuple[PriceMoved, ...] = ()
    looks_on: date | None = None
    looks_that_day: Annotated[dict[str, Annotated[int, Field(ge=0)]], BeforeValidator(_by_strategy)] = Field(
        default_factory=dict
    )
    breaker: CircuitBreaker = CircuitBreaker()
    strategies: tuple[StrategyBreaker, ...] = ()
    standing_down: Identifier | None = None
    look_due: bool = False
