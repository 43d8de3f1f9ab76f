"""What the desk remembers of its decisions: the setup as it was, who said what of it, and what became of it.

A memory is pending until its trade closes, then resolved; only what is resolved teaches. A decision that was not traded
(vetoed, denied, thought of in shadow) resolves by what it would have made, so that a veto has its worth too.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.agents.questions import Agent
from trading.instruments import UNKNOWN_SECTOR, Side, Symbol
from trading.money import DeskId, Dollars, Identifier, Price, Quantity, Ratio, Record, Text
from trading.orders import Leg
from trading.shadow import ShadowTrade, unseen
from trading.signals import Score


class Course(StrEnum):
    """What became of a decision: an order that was filled, a shadow trade, or nothing, by whose veto ever."""

    TRADED = "traded"
    SHADOW = "shadow"
    FORGONE = "forgone"


class Voice(Record):
    """What one agent said of one setup: for it or against, how sure (its risk score turned round), and by which words.

    `quantity` in shares is what it let pass; `call_id` is None for code, and for who was not asked.
    """

    agent: Agent
    approves: bool
    confidence: Score | None = None
    quantity: Quantity
    model: Text = ""
    prompt_version: Text = ""
    prompt_hash: Text = ""
    call_id: str | None = None
    earlier_call_ids: Annotated[tuple[str, ...], Field(exclude_if=lambda ids: not ids)] = ()
    """The calls of what it said before in the same debate: its last word is its opinion, and all of them were paid."""

    @property
    def call_ids(self) -> tuple[str, ...]:
        """Every call that its opinion took."""
        return self.earlier_call_ids if self.call_id is None else (*self.earlier_call_ids, self.call_id)


class Setup(Record):
    """One proposal of one cycle as it stood when it was decided: shares, dollars a share.

    `allowed` is what the hard limits let pass, `decided` what was to be traded in the end, nought for a veto;
    `order_id` names the order it became. `reasoning` is the DataAgent's, or the rule's.
    """

    memory_id: Identifier
    desk_id: DeskId
    strategy_id: Identifier
    cycle_id: Identifier
    trace_id: Identifier
    symbol: Symbol
    sector: str = UNKNOWN_SECTOR
    side: Side
    leg: Leg
    trigger: str
    price: Price
    allowed: Quantity
    decided: Quantity
    stop: Price | None = None
    target: Price | None = None
    horizon_days: Annotated[int, Field(ge=1, le=750)] = 20
    decided_at: AwareDatetime
    course: Course
    order_id: Identifier | None = None
    reasoning: Text = ""
    voices: tuple[Voice, ...] = ()


def memory_id(cycle_id: str, symbol: str, leg: Leg) -> str:
    """The name of a memory: a cycle decides once about each symbol and leg."""
    return f"{cycle_id}-{symbol}-{leg}"


class Outcome(Record):
    """What a setup came to. Returns and excursions are fractions of the entry, signed so that a gain is positive.

    `benchmark_return` is the benchmark's over the same time; `best` and `worst` the furthest that the price went for
    and against it; `pnl` in dollars after costs, of what was traded or would have been; `exit_reason` says how it
    ended. `resolved_at` is when the desk learned of it: nobody may be told before.
    """

    course: Course
    return_fraction: Ratio
    benchmark_return: Ratio | None = None
    sessions: Annotated[int, Field(ge=0)]
    best: Ratio
    worst: Ratio
    pnl: Dollars
    exit_reason: Text
    closed_at: AwareDatetime
    resolved_at: AwareDatetime

    @property
    def won(self) -> bool:
        """Whether it made money, costs included."""
        return self.pnl > 0


class Remembered(Record):
    """A memory as it is kept.

    `features` is the setup in numbers (`trading/features.py` names each); `thought` is its trade as if it had been
    made, by which a decision that was not traded is scored; `lesson` was written once it had resolved.
    """

    setup: Setup
    features: tuple[float, ...]
    thought: ShadowTrade
    outcome: Outcome | None = None
    lesson: Text = ""


class Recalled(Record):
    """A resolved memory as it is told to an agent: how far from the case at hand, and what it came to."""

    memory_id: Identifier
    symbol: Symbol
    side: Side
    distance: Ratio
    decided_at: AwareDatetime
    resolved_at: AwareDatetime
    course: Course
    return_fraction: Ratio
    benchmark_return: Ratio | None = None
    sessions: int
    exit_reason: Text
    lesson: Text = ""


class Precedents(Record):
    """The nearest resolved setups of one proposal, wins and losses in quota, nearest first, each a bet of its own."""

    symbol: Symbol
    side: Side
    wins: tuple[Recalled, ...] = ()
    losses: tuple[Recalled, ...] = ()
    failed: tuple[Identifier, ...] = ()
    """The memories by which it is denied: so many setups as near as this one have failed. Empty when it is not."""
    because: Text = ""


def recalled(memory: Remembered, distance: float) -> Recalled:
    """A resolved memory as it is told. Raises ValueError for one that is pending."""
    outcome = memory.outcome
    if outcome is None:
        message = f"memory {memory.setup.memory_id} has not resolved"
        raise ValueError(message)
    both = set(Recalled.model_fields)
    return Recalled(
        distance=distance,
        lesson=memory.lesson,
        **{name: getattr(memory.setup, name) for name in both & set(Setup.model_fields) - {"course"}},
        **{name: getattr(outcome, name) for name in both & set(Outcome.model_fields)},
    )


def as_known(memory: Remembered, as_of: datetime) -> Remembered:
    """A memory as it stood at a moment: what was learned of it later is left out."""
    known = memory
    if memory.outcome is not None and memory.outcome.resolved_at > as_of:
        known = known.model_copy(update={"outcome": None, "lesson": ""})
    if memory.thought.looked_at > as_of:
        known = known.model_copy(update={"thought": unseen(memory.thought)})
    return known
