"""Whose turn it is at a desk: of each strategy one cycle at a time, in the order asked; looks at moves, not too often.

A move is told to every strategy that it names, and each looks for itself:

| a move of a symbol is told to a strategy …          | then                                                       |
|-----------------------------------------------------|------------------------------------------------------------|
| that has not looked at it within the cool-down      | a look waits for its turn                                  |
| whose look waits for its turn                       | that look will see it                                      |
| whose look has begun, within the cool-down          | news of it is held, and looked at when that is over; a     |
|                                                     | repeat is not                                              |
| while there is no room                              | it is held until there is                                  |
| that had as many looks as a day may have            | it is dropped, at once or when it would have had its turn  |

News is a later move than the one looked at, by their moments; where one of them has none, a larger one or one the
other way. A move that is not later than the one looked at is a repeat for good, however long ago that was.

Room is for so many cycles that have to wait: for another of their strategy, or for one of the places at which cycles
run. One that may begin at once takes none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from trading.desk import CycleLine, CycleTicket, DeskState, Look, PriceMoved, Waiting
from trading.docket import MOST_NOTE
from trading.steps import Cycle, CycleRequest, Trigger
from trading.strategy import AGENTS

REMEMBERED = timedelta(days=1)
"""How long a look is remembered: the longest cool-down."""


class Told(StrEnum):
    """What becomes of a move that a strategy is told."""

    QUEUED = "queued"
    COVERED = "covered"
    HELD = "held"
    REPEATED = "repeated"
    CAPPED = "capped"
    CROWDED = "crowded"


class Room(NamedTuple):
    """At most so many cycles that wait, run and are remembered, moves that are held, and looks that have begun."""

    waiting: int
    running: int
    remembered: int
    held: int
    looks: int


class Whose(NamedTuple):
    """A strategy and the symbol that it looks at."""

    strategy_id: str
    symbol: str


class Turns:
    """The cycles of one desk that wait, run or are remembered, and the moves that are held."""

    def __init__(self, state: DeskState, room: Room) -> None:
        self._desk_id = state.desk_id
        self._counted = state.counted
        self._waiting = list(state.waiting)
        self._running = {cycle.cycle_id: cycle for cycle in state.running}
        self._lines = list(state.cycles)
        self._looks = {_whose(look.moved): look for look in state.looks}
        self._held = {_whose(moved): moved for moved in state.held}
        self._day = (state.looks_on, dict(state.looks_that_day))
        self._room = room

    def __len__(self) -> int:
        """How many cycles wait."""
        return len(self._waiting)

    @property
    def running(self) -> tuple[Cycle, ...]:
        """The cycles that have begun and not ended."""
        return tuple(self._running.values())

    @property
    def lines(self) -> list[CycleLine]:
        """Cycles that ran, run or wait, newest last."""
        return self._lines

    @property
    def held(self) -> int:
        """How many moves are held."""
        return len(self._held)

    @property
    def may_begin(self) -> bool:
        """Whether a cycle that waits may begin."""
        return next(self._ready(), None) is not None

    def has_room(self, strategy_id: str) -> bool:
        """Whether one more cycle of a strategy may be asked for."""
        ready = {self._waiting[index].request.strategy_id for index in self._ready()}
        if len(self._waiting) - len(ready) < self._room.waiting:
            return True
        has_place = len(self._running) + len(ready) < self._room.running
        return has_place and strategy_id not in ready | self._at_work()

    def known(self, request: CycleRequest) -> CycleTicket | None:
        """The cycle that was asked for under the same name before, None when there is none."""
        line = self._line(request)
        return None if line is None else _ticket(line)

    def contradicts(self, request: CycleRequest) -> bool:
        """Whether something else was asked for under the same name before."""
        line = self._line(request)
        return line is not None and line.digest != request.digest

    def ask(self, request: CycleRequest, at: datetime) -> CycleTicket:
        """Let a cycle wait for its turn; the answer names it, and the same one to the same `request_id`."""
        known = self.known(request)
        if known is not None:
            return known
        self._counted += 1
        cycle_id = f"{self._desk_id}-{at:%Y%m%dT%H%M%S}-{self._counted}"
        ahead = sum(line.outcome is None and line.strategy_id == request.strategy_id for line in self._lines)
        self._waiting.append(Waiting(cycle_id=cycle_id, request=request))
        named = request.model_dump(include={"strategy_id", "trigger", "symbols", "request_id", "digest", "trace_id"})
        line = CycleLine(cycle_id=cycle_id, **named)
        self._lines.append(line)
        self._forget()
        return _ticket(line, ahead)

    def tell(self, moved: PriceMoved, at: datetime) -> dict[str, Told]:
        """Take in that something moved, by the table above; what becomes of it, by strategy."""
        if moved.moved_at is not None and moved.moved_at > at:
            # A sender's clock may be ahead. A moment far in the future would make repeats of all that moves till then.
            moved = moved.model_copy(update={"moved_at": at})
        return {name: self._told(_of(moved, name), at) for name in moved.strategies or (AGENTS,)}

    def release(self, at: datetime) -> dict[Whose, Told]:
        """Let held moves whose cool-down is over wait for their turn, while there is room."""
        released: dict[Whose, Told] = {}
        for whose, moved in list(self._held.items()):
            if self._is_due(moved, at) and self.has_room(whose.strategy_id):
                del self._held[whose]
                released[whose] = self._queued(moved, at)
        return released

    def due_at(self) -> datetime | None:
        """When the next held move may wait for its turn; None when none is held, or there is no room for it anyway."""
        ends = ((self._ends_at(moved), whose) for whose, moved in self._held.items())
        due = sorted((end, whose) for end, whose in ends if end is not None)
        return next((end for end, whose in due if self.has_room(whose.strategy_id)), None)

    def next(self, at: datetime) -> Cycle | None:
        """The cycle that has waited longest of those whose strategy does not run begins; None while there is none."""
        index = next(self._ready(), None)
        if index is None:
            return None
        waiting = self._waiting.pop(index)
        for symbol in waiting.request.symbols:
            whose = Whose(waiting.request.strategy_id, symbol)
            look = self._looks.get(whose)
            if look is not None and look.cycle_id == waiting.cycle_id:
                self._looks[whose] = look.model_copy(update={"began_at": at})
        self.note(waiting.cycle_id, started_at=at)
        cycle = Cycle(cycle_id=waiting.cycle_id, desk_id=self._desk_id, request=waiting.request, started_at=at)
        self._running[cycle.cycle_id] = cycle
        return cycle

    def end(self, cycle_id: str) -> None:
        """A cycle has ended: its strategy's next may begin."""
        self._running.pop(cycle_id, None)

    def note(self, cycle_id: str, **changes: Any) -> None:
        """Remember something of a cycle: when it started, how it ended and, in short, why."""
        if "reason" in changes:
            changes["reason"] = changes["reason"][:MOST_NOTE]
        self._lines = [line.model_copy(update=changes) if line.cycle_id == cycle_id else line for line in self._lines]

    def carried(self, at: datetime) -> dict[str, Any]:
        """What the desk's next run must know, as fields of its state."""
        return {
            "counted": self._counted,
            "waiting": tuple(self._waiting),
            "running": self.running,
            "cycles": tuple(self._lines),
            "looks": tuple(self._recent(at)),
            "held": tuple(self._held.values()),
            "looks_on": self._day[0],
            "looks_that_day": self._day[1],
        }

    def _line(self, request: CycleRequest) -> CycleLine | None:
        named = (line for line in self._lines if line.request_id == request.request_id)
        return None if request.request_id is None else next(named, None)

    def _ready(self) -> Iterator[int]:
        """Where in the row those stand that may begin, in their order: one of each strategy, while there are places."""
        taken, found = self._at_work(), []
        for index, waiting in enumerate(self._waiting):
            if waiting.request.strategy_id not in taken:
                taken.add(waiting.request.strategy_id)
                found.append(index)
        return islice(found, max(0, self._room.running - len(self._running)))

    def _at_work(self) -> set[str]:
        return {cycle.request.strategy_id for cycle in self._running.values()}

    def _forget(self) -> None:
        """The oldest that have ended are forgotten first; one that waits or runs never is."""
        most = len(self._lines) - self._room.remembered
        old = {line.cycle_id for line in islice((one for one in self._lines if one.outcome is not None), max(0, most))}
        self._lines = [line for line in self._lines if line.cycle_id not in old]

    def _recent(self, at: datetime) -> list[Look]:
        """The looks that may still keep another from beginning; of too many the newest."""
        begun = [
            look for look in self._looks.values() if look.began_at is not None and at - look.began_at <= REMEMBERED
        ]
        begun.sort(key=lambda look: look.began_at or at)
        return [*begun[-self._room.looks :], *(look for look in self._looks.values() if look.began_at is None)]

    def _told(self, moved: PriceMoved, at: datetime) -> Told:
        """Take in that something moved that one strategy looks at."""
        whose = _whose(moved)
        look, held = self._looks.get(whose), self._held.get(whose)
        if look is not None and (_is_repeat(moved, look.moved) or not self._is_due(moved, at)):
            if not _is_news(moved, look.moved):
                return Told.REPEATED
            if look.began_at is None:
                self._looks[whose] = look.model_copy(update={"moved": moved})
                return Told.COVERED
        if held is not None and not _is_news(moved, held):
            return Told.COVERED
        if held is None and len(self._held) >= self._room.held:
            return Told.CROWDED
        self._held[whose] = moved
        return self.release(at).get(whose, Told.HELD)

    def _queued(self, moved: PriceMoved, at: datetime) -> Told:
        whose = _whose(moved)
        counted_on, counted = self._day
        counted = counted if counted_on == at.date() else {}
        looks = counted.get(whose.strategy_id, 0)
        if looks >= moved.pace.most_a_day:
            return Told.CAPPED
        self._day = at.date(), {**counted, whose.strategy_id: looks + 1}
        request = CycleRequest(
            symbols=(moved.symbol,),
            strategy_id=whose.strategy_id,
            trigger=Trigger.PRICE_MOVE,
            trace_id=moved.trace_id,
            move=moved.move,
        )
        self._looks[whose] = Look(moved=moved, cycle_id=self.ask(request, at).cycle_id)
        return Told.QUEUED

    def _is_due(self, moved: PriceMoved, at: datetime) -> bool:
        """Whether a look for this move may wait for its turn: none of its strategy at it waits or is cooling down."""
        look, ends_at = self._looks.get(_whose(moved)), self._ends_at(moved)
        return look is None or (ends_at is not None and ends_at <= at)

    def _ends_at(self, moved: PriceMoved) -> datetime | None:
        look = self._looks.get(_whose(moved))
        if look is None or look.began_at is None:
            return None
        return look.began_at + timedelta(minutes=moved.pace.cool_down_minutes)


def _of(moved: PriceMoved, strategy_id: str) -> PriceMoved:
    return moved.model_copy(update={"strategies": (strategy_id,)})


def _whose(moved: PriceMoved) -> Whose:
    return Whose(next(iter(moved.strategies), AGENTS), moved.symbol)


def _ticket(line: CycleLine, ahead: int = 0) -> CycleTicket:
    return CycleTicket(
        cycle_id=line.cycle_id, workflow_id=f"cycle/{line.cycle_id}", ahead=ahead, trace_id=line.trace_id
    )


def _is_repeat(moved: PriceMoved, known: PriceMoved) -> bool:
    return moved.moved_at is not None and known.moved_at is not None and moved.moved_at <= known.moved_at


def _is_news(moved: PriceMoved, known: PriceMoved) -> bool:
    if moved.moved_at is not None and known.moved_at is not None:
        return moved.moved_at > known.moved_at
    if moved.percent is None:
        return False
    return known.percent is None or abs(moved.percent) > abs(known.percent) or moved.percent * known.percent < 0
