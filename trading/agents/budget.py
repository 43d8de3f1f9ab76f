"""What may be spent on models, and what is left out when it is nearly gone, in a declared order.

| used of any cap | level | who answers |
|---|---|---|
| less than `fallback_at` | normal | the agent's model |
| from there | fallback | its fallback; without one, the rules |
| from `skip_at` | skipping | likewise, and nobody in place of an optional agent |
| all of it, or the next call may take more than is left | closed | the rules, and nothing new is opened |

What is under way counts with the most that it may take, so a cap is never passed: what a call takes is never more than
was reserved for it, unless its provider counts otherwise than its price list. Where it is only this that stands in the
way, it is waited for: most calls take far less. What is free is always asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field

from trading.agents.questions import Agent
from trading.money import Fraction, Record, Text

Count = Annotated[int, Field(ge=0)]
Cost = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
OPTIONAL = frozenset({Agent.VALIDATOR, Agent.BULL, Agent.BEAR, Agent.REFLECTOR})
"""Agents without whom a cycle goes on: their word is a second opinion, or a lesson for later."""


class Tally(Record):
    """What some calls took, those under way with the most they may take.

    `unpriced` counts those without a known price: in `usd` they stand at the configured worst case.
    """

    calls: Count = 0
    tokens: Count = 0
    usd: Cost = Decimal(0)
    unpriced: Count = 0


class Period(StrEnum):
    """What a cap is of; days and months are UTC's. A strategy's is of its own day."""

    CYCLE = "cycle"
    DAY = "day"
    MONTH = "month"
    STRATEGY = "strategy"


class Spent(Record):
    """What was spent in this cycle, by the desk today and this month, by the cycle's strategy today."""

    cycle: Tally = Tally()
    day: Tally = Tally()
    month: Tally = Tally()
    strategy: Tally = Tally()


class Caps(Record):
    """The most that may be spent; None is no cap."""

    calls: Count | None = None
    tokens: Count | None = None
    usd: Cost | None = None

    def part(self, part: Decimal) -> Caps:
        """So much of each."""
        counts = {n: None if (most := getattr(self, n)) is None else int(most * part) for n in ("calls", "tokens")}
        return Caps(**counts, usd=None if self.usd is None else self.usd * part)


class Budget(Record):
    """The caps of each period, and the parts of them, at most 1, from which on less is asked.

    `unknown_usd_per_million_tokens` is the worst case by which a model without a known price is counted.
    """

    cycle: Caps = Caps()
    day: Caps = Caps()
    month: Caps = Caps()
    strategy: Caps = Caps()
    fallback_at: Fraction = Decimal("0.8")
    skip_at: Fraction = Decimal("0.9")
    unknown_usd_per_million_tokens: Cost = Decimal(100)

    def beside(self, own: Caps) -> Budget:
        """For questions beside the desk's own work, with caps of their own in the place of a cycle's.

        Of its days and months they take no more than leaves it all of its models; no fallback answers in their place.
        """
        left = {period: getattr(self, period).part(self.fallback_at) for period in ("day", "month")}
        whole = {"fallback_at": Decimal(1), "skip_at": Decimal(1)}
        return self.model_copy(update={**left, **whole, "cycle": own, "strategy": Caps()})


class Level(StrEnum):
    """How much is left out, from nothing to everything that costs."""

    NORMAL = "normal"
    FALLBACK = "fallback"
    SKIPPING = "skipping"
    CLOSED = "closed"

    @property
    def rank(self) -> int:
        """Its place in the order."""
        return tuple(Level).index(self)


class Strain(Record):
    """The level, with the budget that is to blame for it, in words."""

    level: Level = Level.NORMAL
    period: Period | None = None
    reason: Text = ""

    @property
    def is_closed(self) -> bool:
        """Whether nothing new may be opened."""
        return self.level is Level.CLOSED


class Offer(Record):
    """A call that could be made: to which model, the most that it may take, and whether it stands in for another."""

    call_id: str
    model: str
    most: Tally
    instead: bool = False


class Choice(Record):
    """Which of the offers may be made, by its place; None for none of them, with the reason.

    `waits` when more may be allowed as soon as what is under way has been settled.
    """

    chosen: int | None = None
    strain: Strain = Strain()
    waits: bool = False


class Cap(NamedTuple):
    """One cap and what is used of it."""

    period: Period
    unit: str
    used: Decimal
    most: Decimal


def choose(spent: Spent, budget: Budget, offers: Sequence[Offer], *, optional: bool = False) -> Choice:
    """The first offer that may be made now. With none of them, the strain says what is left to do."""
    now = strain(spent, budget)
    if now.is_closed or (optional and now.level is Level.SKIPPING):
        return Choice(strain=now)
    tight: Strain | None = None
    for place, offer in enumerate(offers):
        if now.level is not Level.NORMAL and not offer.instead:
            continue
        wanting = _wanting(spent, budget, offer.most)
        if wanting is None:
            # The dearer one did not fit any more: it is the budget that has another asked.
            return Choice(chosen=place, strain=now if tight is None else _at_least(Level.FALLBACK, now, tight))
        tight = tight or wanting
    return Choice(strain=tight or now)


def choose_or_wait(
    spent: Spent, sure: Spent, budget: Budget, offers: Sequence[Offer], *, optional: bool = False
) -> Choice:
    """As `choose`; or to wait, if by what is `sure`, without the tokens and dollars under way, it would be better."""
    now = choose(spent, budget, offers, optional=optional)
    soon = choose(sure, budget, offers, optional=optional)
    return Choice(strain=now.strain, waits=True) if _worth(soon, offers) > _worth(now, offers) else now


def strain(spent: Spent, budget: Budget) -> Strain:
    """What the most used of all caps comes to."""
    found = [_strain_of(cap, budget) for cap in caps_of(spent, budget)]
    return most_strained(found)


def most_strained(strains: Iterable[Strain]) -> Strain:
    """The strain of the highest level, of several the first."""
    return max(strains, key=lambda one: one.level.rank, default=Strain())


def caps_of(spent: Spent, budget: Budget) -> Iterator[Cap]:
    """Every cap there is, with what is used of it."""
    for period in Period:
        caps, tally = getattr(budget, period), getattr(spent, period)
        for name, unit in (("calls", "calls"), ("tokens", "tokens"), ("usd", "dollars")):
            most = getattr(caps, name)
            if most is not None:
                yield Cap(period, unit, Decimal(getattr(tally, name)), Decimal(most))


def plus(spent: Spent, most: Tally) -> Spent:
    """What would be spent with one call more."""
    return Spent(**{period: _sum(getattr(spent, period), most) for period in Period})


def _worth(choice: Choice, offers: Sequence[Offer]) -> tuple[int, int]:
    place = len(offers) if choice.chosen is None else choice.chosen
    return -place, -choice.strain.level.rank


def _strain_of(cap: Cap, budget: Budget) -> Strain:
    steps = ((Level.CLOSED, Decimal(1)), (Level.SKIPPING, budget.skip_at), (Level.FALLBACK, budget.fallback_at))
    for level, part in steps:
        if cap.used >= part * cap.most:
            return Strain(level=level, period=cap.period, reason=_words(cap))
    return Strain()


def _wanting(spent: Spent, budget: Budget, most: Tally) -> Strain | None:
    """The first cap in which a call has no room left."""
    for before, after in zip(caps_of(spent, budget), caps_of(plus(spent, most), budget), strict=True):
        if after.used > after.most:
            reason = f"{_words(before)}, and the next call may take {_figure(after.used - before.used)}"
            return Strain(level=Level.CLOSED, period=before.period, reason=reason)
    return None


def _at_least(level: Level, now: Strain, tight: Strain) -> Strain:
    return now if now.level.rank >= level.rank else tight.model_copy(update={"level": level})


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(**{name: getattr(one, name) + getattr(other, name) for name in Tally.model_fields})


def _words(cap: Cap) -> str:
    whose = "of this strategy today" if cap.period is Period.STRATEGY else f"this {cap.period}"
    return f"{_figure(cap.used)} of {_figure(cap.most)} {cap.unit} {whose}"


def _figure(amount: Decimal) -> str:
    """A count as it is, dollars to four places."""
    return f"{amount:f}" if amount == amount.to_integral_value() else f"{amount:.4f}"
