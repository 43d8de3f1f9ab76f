"""What this run has spent on models: reserved before a call, settled after it, counted by cycle, day and strategy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from trading.agents.budget import Choice, Offer, Period, Spent, Tally, strain
from trading.money import ZERO
from trading.spending import LOST_AFTER, Attempt, Settlement, SpendAsked, SpendState


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt: whose it is, what became of it, and what counts of it."""

    desk_id: str
    strategy_id: str
    at: datetime
    state: SpendState
    took: Tally

    @property
    def is_sure(self) -> bool:
        """Whether nothing of it can come back."""
        return self.state is not SpendState.RESERVED


class Sums(NamedTuple):
    """What some attempts took, and what of it is sure."""

    calls: int = 0
    tokens: int = 0
    usd: Decimal = ZERO
    unpriced: int = 0
    sure_tokens: int = 0
    sure_usd: Decimal = ZERO

    def plus(self, other: Sums, sign: int = 1) -> Sums:
        """Together with others, or without them."""
        return Sums(
            self.calls + sign * other.calls,
            self.tokens + sign * other.tokens,
            self.usd + sign * other.usd,
            self.unpriced + sign * other.unpriced,
            self.sure_tokens + sign * other.sure_tokens,
            self.sure_usd + sign * other.sure_usd,
        )

    @property
    def counted(self) -> Tally:
        """All of it."""
        return Tally(calls=self.calls, tokens=self.tokens, usd=self.usd, unpriced=self.unpriced)

    @property
    def sure(self) -> Tally:
        """Without the most of what is under way. A call is one, sure or not: only what it takes is unknown."""
        return self.counted.model_copy(update={"tokens": self.sure_tokens, "usd": self.sure_usd})


NOTHING = Sums()
Key = tuple[str, ...]


@dataclass
class Spending:
    """Every attempt, and the sums of those that count: of cycles, and of days for a desk and for its strategies."""

    _lines: dict[Attempt, Line] = field(default_factory=dict)
    _reserved: dict[Attempt, Line] = field(default_factory=dict)
    _of_cycles: dict[Key, Sums] = field(default_factory=lambda: defaultdict(Sums))
    _of_days: dict[Key, dict[date, Sums]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Sums)))

    def reserve(self, asked: SpendAsked) -> tuple[Choice, bool]:
        """Choose among the offers by what is spent, and reserve; and whether that was asked for the first time."""
        self._lose(asked)
        spent, sure = self._spent(asked)
        names = [_attempt(asked, offer) for offer in asked.offers]
        again = next((place for place, name in enumerate(names) if name in self._reserved), None)
        if again is not None:
            return Choice(chosen=again, strain=strain(spent, asked.budget)), False
        choice = asked.choose(spent, sure)
        if choice.chosen is not None and not choice.waits:
            name, most = names[choice.chosen], asked.offers[choice.chosen].most
            known = self._lines.get(name)
            # One that cost nothing may be tried again under its number.
            if known is None or known.state is SpendState.RELEASED:
                self._write(name, Line(asked.desk_id, asked.strategy_id, asked.at, SpendState.RESERVED, _one(most)))
        return choice, True

    def settle(self, settled: Settlement) -> None:
        """Put what a call took in the place of what was reserved for it, also when it was thought lost."""
        line = self._open(settled.attempt)
        if line is not None:
            self._write(settled.attempt, replace(line, state=SpendState.SETTLED, took=_one(settled.took)))

    def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer: free, or lost where its provider may have charged for it."""
        line = self._open(attempt)
        if line is not None:
            self._write(attempt, replace(line, state=SpendState.LOST if charged else SpendState.RELEASED))

    def since(self, desk_id: str, at: datetime) -> Tally:
        """What a desk has spent since the day of a moment, that day included."""
        return self._days((desk_id,), at.date()).counted

    def _spent(self, asked: SpendAsked) -> tuple[Spent, Spent]:
        """What counts against each budget at this moment, and what of it is sure."""
        day = asked.at.date()
        sums = {
            Period.CYCLE: self._of_cycles.get((asked.desk_id, asked.cycle_id), NOTHING),
            Period.DAY: self._days((asked.desk_id,), day),
            Period.MONTH: self._days((asked.desk_id,), day.replace(day=1)),
            Period.STRATEGY: self._days((asked.desk_id, asked.strategy_id), day),
        }
        spent = Spent(**{period: one.counted for period, one in sums.items()})
        return spent, Spent(**{period: one.sure for period, one in sums.items()})

    def _days(self, key: Key, first: date) -> Sums:
        """What counts from a day on; days come in their order, and only those are looked at."""
        return _sum(sums for day, sums in self._of_days.get(key, {}).items() if day >= first)

    def _open(self, attempt: Attempt) -> Line | None:
        line = self._lines.get(attempt)
        return line if line is not None and line.state in {SpendState.RESERVED, SpendState.LOST} else None

    def _lose(self, asked: SpendAsked) -> None:
        """Attempts of the dead: a later one is here, or nobody can be waiting any more. They go on to count in full."""
        call_ids = {offer.call_id for offer in asked.offers}
        for name, line in list(self._reserved.items()):
            older = name.cycle_id == asked.cycle_id and name.call_id in call_ids and name.number < asked.attempt
            if line.desk_id == asked.desk_id and (older or line.at < asked.at - LOST_AFTER):
                self._write(name, replace(line, state=SpendState.LOST))

    def _write(self, name: Attempt, line: Line) -> None:
        before = self._lines.get(name)
        if before is not None:
            self._count(name, before, -1)
        self._lines[name] = line
        self._reserved.pop(name, None)
        if line.state is SpendState.RESERVED:
            self._reserved[name] = line
        self._count(name, line, 1)

    def _count(self, name: Attempt, line: Line, sign: int) -> None:
        if line.state is SpendState.RELEASED:
            return
        took = line.took
        sure = (took.tokens, took.usd) if line.is_sure else (0, ZERO)
        sums, day = Sums(1, took.tokens, took.usd, took.unpriced, *sure), line.at.date()
        cycle = line.desk_id, name.cycle_id
        self._of_cycles[cycle] = self._of_cycles[cycle].plus(sums, sign)
        for key in ((line.desk_id,), (line.desk_id, line.strategy_id)):
            self._of_days[key][day] = self._of_days[key][day].plus(sums, sign)


def _attempt(asked: SpendAsked, offer: Offer) -> Attempt:
    return Attempt(cycle_id=asked.cycle_id, call_id=offer.call_id, number=asked.attempt)


def _one(took: Tally) -> Tally:
    """As one call, priced or not."""
    return took.model_copy(update={"calls": 1, "unpriced": int(bool(took.unpriced))})


def _sum(sums: Iterable[Sums]) -> Sums:
    total = NOTHING
    for one in sums:
        total = total.plus(one)
    return total
