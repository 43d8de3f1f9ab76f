"""Whose turn it is at a desk: cycles that wait, in the order asked, and looks at what moved, not too often.

| a move is told of a symbol …                        | then                                                       |
|-----------------------------------------------------|------------------------------------------------------------|
| that nobody has looked at within the cool-down      | a look waits for its turn                                  |
| whose look waits for its turn                       | that look will see it                                      |
| whose look has begun, within the cool-down          | news of it is held, and looked at when that is over; a     |
|                                                     | repeat is not                                              |
| while there is no room                              | it is held until there is                                  |
| when there were as many looks as a day may have     | it is dropped, at once or when it would have had its turn  |

News is a later move than the one looked at, by their moments; where one of them has none, a larger one or one the
other way. A move that is not later than the one looked at is a repeat for good, however long ago that was.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trading.desk import CycleLine, CycleTicket, DeskState, Look, PriceMoved, Waiting
from trading.steps import Cycle, CycleRequest, Trigger

REMEMBERED = timedelta(days=1)
"""How long a look is remembered: the longest cool-down."""


class Told(StrEnum):
    """What becomes of a move that a desk is told."""

    QUEUED = "queued"
    COVERED = "covered"
    HELD = "held"
    REPEATED = "repeated"
    CAPPED = "capped"
    CROWDED = "crowded"


class Turns:
    """The cycles of one desk that wait or are remembered, at most so many of each; moves are held at most as many."""

    def __init__(self, state: DeskState, *, most_waiting: int, most_remembered: int) -> None:
        self._desk_id = state.desk_id
        self._counted = state.counted
        self._waiting = deque(state.waiting)
        self._lines = list(state.cycles)
        self._looks = {look.moved.symbol: look for look in state.looks}
        self._held = {moved.symbol: moved for moved in state.held}
        self._day = (state.looks_on, state.looks_that_day)
        self._most_waiting = most_waiting
        self._most_remembered = most_remembered

    def __len__(self) -> int:
        """How many cycles wait."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for one more."""
        return len(self) >= self._most_waiting

    @property
    def lines(self) -> list[CycleLine]:
        """Cycles that ran, run or wait, newest last."""
        return self._lines

    @property
    def held(self) -> int:
        """How many moves are held."""
        return len(self._held)

    def known(self, request: CycleRequest) -> CycleTicket | None:
        """The cycle that was asked for under the same name before, None when there is none."""
        if request.request_id is None:
            return None
        return next((_ticket(line.cycle_id) for line in self._lines if line.request_id == request.request_id), None)

    def ask(self, request: CycleRequest, at: datetime) -> CycleTicket:
        """Let a cycle wait for its turn; the answer names it, and the same one to the same `request_id`."""
        known = self.known(request)
        if known is not None:
            return known
        self._counted += 1
        cycle_id = f"{self._desk_id}-{at:%Y%m%dT%H%M%S}-{self._counted}"
        ahead = sum(line.outcome is None for line in self._lines)
        self._waiting.append(Waiting(cycle_id=cycle_id, request=request))
        named = request.model_dump(include={"trigger", "symbols", "request_id"})
        self._lines.append(CycleLine(cycle_id=cycle_id, **named))
        del self._lines[: -self._most_remembered]
        return _ticket(cycle_id, ahead)

    def tell(self, moved: PriceMoved, at: datetime) -> Told:
        """Take in that something moved, by the table above."""
        if moved.moved_at is not None and moved.moved_at > at:
            # A sender's clock may be ahead. A moment far in the future would make repeats of all that moves till then.
            moved = moved.model_copy(update={"moved_at": at})
        look, held = self._looks.get(moved.symbol), self._held.get(moved.symbol)
        if look is not None and (_is_repeat(moved, look.moved) or not self._is_due(moved, at)):
            if not _is_news(moved, look.moved):
                return Told.REPEATED
            if look.began_at is None:
                self._looks[moved.symbol] = look.model_copy(update={"moved": moved})
                return Told.COVERED
        if held is not None and not _is_news(moved, held):
            return Told.COVERED
        if held is None and len(self._held) >= self._most_waiting:
            return Told.CROWDED
        self._held[moved.symbol] = moved
        return self.release(at).get(moved.symbol, Told.HELD)

    def release(self, at: datetime) -> dict[str, Told]:
        """Let held moves whose cool-down is over wait for their turn, while there is room."""
        released: dict[str, Told] = {}
        for symbol, moved in list(self._held.items()):
            if self._is_due(moved, at) and not self.is_full:
                del self._held[symbol]
                released[symbol] = self._queued(moved, at)
        return released

    def due_at(self) -> datetime | None:
        """When the next held move may wait for its turn; None when none is held, or there is no room anyway."""
        ends = (self._ends_at(moved) for moved in self._held.values())
        return None if self.is_full else min((end for end in ends if end is not None), default=None)

    def next(self, at: datetime) -> Cycle:
        """The cycle that has waited longest begins."""
        waiting = self._waiting.popleft()
        for symbol in waiting.request.symbols:
            look = self._looks.get(symbol)
            if look is not None and look.cycle_id == waiting.cycle_id:
                self._looks[symbol] = look.model_copy(update={"began_at": at})
        self.note(waiting.cycle_id, started_at=at)
        return Cycle(cycle_id=waiting.cycle_id, desk_id=self._desk_id, request=waiting.request, started_at=at)

    def note(self, cycle_id: str, **changes: object) -> None:
        """Remember something of a cycle: when it started, how it ended."""
        self._lines = [line.model_copy(update=changes) if line.cycle_id == cycle_id else line for line in self._lines]

    def carried(self, at: datetime) -> dict[str, Any]:
        """What the desk's next run must know, as fields of its state."""
        recent = (look for look in self._looks.values() if look.began_at is None or at - look.began_at <= REMEMBERED)
        return {
            "counted": self._counted,
            "waiting": tuple(self._waiting),
            "cycles": tuple(self._lines),
            "looks": tuple(recent),
            "held": tuple(self._held.values()),
            "looks_on": self._day[0],
            "looks_that_day": self._day[1],
        }

    def _queued(self, moved: PriceMoved, at: datetime) -> Told:
        counted_on, counted = self._day
        counted = counted if counted_on == at.date() else 0
        if counted >= moved.pace.most_a_day:
            return Told.CAPPED
        self._day = at.date(), counted + 1
        request = CycleRequest(
            symbols=(moved.symbol,), trigger=Trigger.PRICE_MOVE, trace_id=moved.trace_id, move=moved.move
        )
        self._looks[moved.symbol] = Look(moved=moved, cycle_id=self.ask(request, at).cycle_id)
        return Told.QUEUED

    def _is_due(self, moved: PriceMoved, at: datetime) -> bool:
        """Whether a look for this move may wait for its turn: none of its symbol waits or is cooling down."""
        look, ends_at = self._looks.get(moved.symbol), self._ends_at(moved)
        return look is None or (ends_at is not None and ends_at <= at)

    def _ends_at(self, moved: PriceMoved) -> datetime | None:
        look = self._looks.get(moved.symbol)
        if look is None or look.began_at is None:
            return None
        return look.began_at + timedelta(minutes=moved.pace.cool_down_minutes)


def _ticket(cycle_id: str, ahead: int = 0) -> CycleTicket:
    return CycleTicket(cycle_id=cycle_id, workflow_id=f"cycle/{cycle_id}", ahead=ahead)


def _is_repeat(moved: PriceMoved, known: PriceMoved) -> bool:
    return moved.moved_at is not None and known.moved_at is not None and moved.moved_at <= known.moved_at


def _is_news(moved: PriceMoved, known: PriceMoved) -> bool:
    if moved.moved_at is not None and known.moved_at is not None:
        return moved.moved_at > known.moved_at
    if moved.percent is None:
        return False
    return known.percent is None or abs(moved.percent) > abs(known.percent) or moved.percent * known.percent < 0
