"""The ledger of spend: what is reserved before a call to a model, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.agents.budget import (
    Budget,
    Caps,
    Choice,
    Cost,
    Count,
    Level,
    Offer,
    Period,
    Spent,
    Strain,
    Tally,
    choose,
    choose_or_wait,
)
from trading.agents.questions import Agent
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.events import Event, EventType, Occasion, desk_event
from trading.money import MOST_TEXT, DeskId, Identifier, Record

LOST_AFTER = timedelta(minutes=5)
"""No step that asks a model lives longer: whoever reserved is dead."""


class SpendState(StrEnum):
    """What became of a reservation.

    `lost` is an attempt that ended without an answer, whatever its provider charges for it: it counts in full.
    """

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"
    LOST = "lost"


class Payer(Record):
    """In whose name a call is made and paid for: a cycle's, or that of what is asked beside the cycles.

    `name` stands where a cycle's id does. `caps` are its own, in the place of those of a cycle; None for these.
    """

    desk_id: DeskId
    name: Identifier
    strategy_id: Identifier
    trace_id: Identifier
    caps: Caps | None = None


class Attempt(Record):
    """One try of one call in one cycle: it is reserved once, however often that is said."""

    cycle_id: Identifier
    call_id: str
    number: Annotated[int, Field(ge=1)] = 1


class SpendAsked(Record):
    """May one of these calls be made? The first that may is reserved, unless it `may_wait` for a better choice.

    `apart` is what is asked beside the desk's own work: that it is short of budget concerns nobody but who asked.
    """

    desk_id: DeskId
    cycle_id: Identifier
    strategy_id: Identifier
    trace_id: Identifier
    agent: Agent
    attempt: Annotated[int, Field(ge=1)] = 1
    offers: tuple[Offer, ...]
    optional: bool = False
    may_wait: bool = False
    apart: bool = False
    budget: Budget
    at: AwareDatetime

    def choose(self, spent: Spent, sure: Spent) -> Choice:
        """What may be done by what is spent, and by what of it is sure."""
        if self.may_wait:
            return choose_or_wait(spent, sure, self.budget, self.offers, optional=self.optional)
        return choose(spent, self.budget, self.offers, optional=self.optional)

    def is_told(self, strain: Strain) -> bool:
        """Whether the desk must hear of this strain."""
        return strain.level is not Level.NORMAL and not self.apart

    def tried(self, choice: Choice) -> Attempt | None:
        """The attempt that was chosen."""
        if choice.chosen is None:
            return None
        return Attempt(cycle_id=self.cycle_id, call_id=self.offers[choice.chosen].call_id, number=self.attempt)


class Settlement(Record):
    """An attempt that was answered, and what it took."""

    attempt: Attempt
    took: Tally


class SpendKey(StrEnum):
    """By what spend is summed up."""

    AGENT = "agent"
    MODEL = "model"
    STRATEGY = "strategy"
    DAY = "day"


class SpendLine(Record):
    """What one agent, model, strategy or day has spent.

    `usd` is all that counts: what is settled, reserved and lost. `unpriced_usd` of it stands at the worst case.
    """

    key: str
    calls: Count = 0
    tokens: Count = 0
    usd: Cost
    settled_usd: Cost
    reserved_usd: Cost
    lost_usd: Cost
    unpriced: Count = 0
    unpriced_usd: Cost


def total_of(lines: Sequence[SpendLine]) -> SpendLine:
    """All of these in one line."""
    names = [name for name in SpendLine.model_fields if name != "key"]
    return SpendLine.model_validate({"key": "total", **{n: sum(getattr(line, n) for line in lines) for n in names}})


def degraded(asked: SpendAsked, strain: Strain) -> Event:
    """Less is asked than before, for want of budget; told once a level in each period."""
    period = strain.period or Period.DAY
    key = f"{period}-{_when(asked, period)}-{strain.level}"
    data = {
        "level": strain.level,
        "period": period,
        "reason": strain.reason,
        "agent": asked.agent,
        "strategy_id": asked.strategy_id,
        "cycle_id": asked.cycle_id,
    }
    return desk_event(EventType.BUDGET_DEGRADED, Occasion(asked.desk_id, key, asked.at, asked.trace_id), data)


def degradation_told(asked: SpendAsked, strain: Strain) -> Event:
    """The alert of it: once a level in a day or a month; of cycles, once a day for all of them.

    Each budget is a reason of its own: that the desk's runs low must not hold back that a strategy's is spent.
    """
    period = strain.period or Period.DAY
    whose = f"strategy {asked.strategy_id}: " if period is Period.STRATEGY else ""
    when = f"{asked.at:%Y-%m-%d}" if period is Period.CYCLE else _when(asked, period)
    alert = Alert(
        topic=Topic.SPEND,
        key=f"budget-{period}-{when}-{strain.level}",
        reason=f"{whose}{_LEFT_OUT[strain.level]}: {strain.reason}"[:MOST_TEXT],
        severity=Severity.WARNING,
        kind=f"budget of models: {whose}{period} {strain.level}",
    )
    return alert_raised(asked.desk_id, alert, asked.at)


_LEFT_OUT = {
    Level.NORMAL: "models are asked as ever",
    Level.FALLBACK: "the budget for models runs low, cheaper ones are asked",
    Level.SKIPPING: "the budget for models is nearly spent, optional agents are not asked",
    Level.CLOSED: "the budget for models is spent: nothing new is opened, rules judge what is held",
}


def _when(asked: SpendAsked, period: Period) -> str:
    match period:
        case Period.CYCLE:
            return asked.cycle_id
        case Period.MONTH:
            return f"{asked.at:%Y-%m}"
        case Period.STRATEGY:
            return f"{asked.strategy_id}-{asked.at:%Y-%m-%d}"
    return f"{asked.at:%Y-%m-%d}"
