"""The audit log of a desk in memory: each event once, sealed only when somebody reads it all."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from pydantic import JsonValue

from trading.breaker_facts import OF_DESK, OF_STRATEGY, TOLD, Told
from trading.errors import BooksDisagree
from trading.events import GENESIS, Event, EventType, StoredEvent, content_hash, seal
from trading.money import ZERO
from trading.strategy import AGENTS

ENDS = frozenset({EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED})
# A cycle lives a quarter of an hour at most: one of which the log knows no end a day later is gone.
_LOST_AFTER = timedelta(days=1)
_COUNTED = frozenset(TOLD)


class Place(NamedTuple):
    """An event, and its number in its desk's log."""

    event: Event
    sequence: int


class Seen(NamedTuple):
    """How far a cycle looked: the number of the event that says so, and the moment of the market."""

    sequence: int
    as_of: str | None


Written = dict[str, Place]
"""Every event of all desks, by its id."""


@dataclass
class Cycles:
    """What the log tells of cycles: when each strategy's began, which ended, how far the newest looked."""

    begun: dict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    whose: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    seen: dict[str, Seen] = field(default_factory=dict)
    newest: dict[str, Seen] = field(default_factory=dict)

    def tell(self, place: Place, at: datetime) -> None:
        """Count one more event."""
        event, cycle = place.event, place.event.aggregate_id
        if event.type is EventType.CYCLE_STARTED:
            self.whose[cycle] = _text(event.data, "strategy_id") or AGENTS
            if cycle not in self.ended and _text(event.data, "strategy_id") is not None:
                self.begun[self.whose[cycle]][cycle] = at
        elif event.type is EventType.SNAPSHOT_TAKEN:
            self.seen[cycle] = Seen(place.sequence, _text(event.data, "as_of"))
        elif event.type in ENDS:
            self.ended.add(cycle)
            self.begun[self.whose.get(cycle, AGENTS)].pop(cycle, None)
            return
        else:
            return
        if cycle in self.whose and cycle in self.seen:
            name = self.whose[cycle]
            self.newest[name] = max(self.seen[cycle], self.newest.get(name, self.seen[cycle]), key=lambda one: one[0])

    def under_way(self, strategy_id: str, now: datetime) -> tuple[str, ...]:
        """The cycles of a strategy that began and have not ended."""
        begun = self.begun.get(strategy_id, {})
        return tuple(sorted(cycle for cycle, at in begun.items() if at > now - _LOST_AFTER))


@dataclass
class Log:
    """One desk's log; `written` is that of all desks, for an event's id is of one."""

    desk_id: str
    written: Written
    events: list[Event] = field(default_factory=list)
    cycles: Cycles = field(default_factory=Cycles)
    _told: deque[Told] = field(default_factory=lambda: deque(maxlen=OF_DESK.told))
    _told_of: dict[str, deque[Told]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=OF_STRATEGY.told))
    )
    _sealed: list[StoredEvent] = field(default_factory=list)
    _positions: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def known(self, events: Iterable[Event]) -> frozenset[str]:
        """The ids of those that are there already. Raises BooksDisagree when one says something else there."""
        found = [event for event in events if event.event_id in self.written]
        for event in found:
            if _content(self.written[event.event_id].event) != _content(event):
                raise BooksDisagree(f"event {event.event_id} was written before with other content")
        return frozenset(event.event_id for event in found)

    def append(self, events: Sequence[Event], at: datetime) -> None:
        """Write those that are not there yet, in their order."""
        if any(event.desk_id != self.desk_id for event in events):
            raise BooksDisagree("events of several desks were to be written as one")
        known = self.known(events)
        for event in _once(events):
            if event.event_id not in known:
                self._add(event, at)

    def told(self) -> list[Told]:
        """What the desk's breaker counts, the newest first."""
        return list(reversed(self._told))

    def told_of(self, strategy_id: str) -> list[Told]:
        """What a strategy's breaker counts, the newest first."""
        return list(reversed(self._told_of.get(strategy_id, ())))

    def sealed(self) -> tuple[StoredEvent, ...]:
        """The whole log; what was sealed before is not sealed again."""
        previous = self._sealed[-1].hash if self._sealed else GENESIS
        for sequence, event in enumerate(islice(self.events, len(self._sealed), None), start=len(self._sealed) + 1):
            position = self._positions[event.aggregate_id] = self._positions[event.aggregate_id] + 1
            self._sealed.append(seal(event, position=position, sequence=sequence, previous_hash=previous))
            previous = self._sealed[-1].hash
        return tuple(self._sealed)

    def _add(self, event: Event, at: datetime) -> None:
        self.events.append(event)
        place = self.written[event.event_id] = Place(event, len(self.events))
        self.cycles.tell(place, at)
        if event.type in _COUNTED:
            told = _told(place)
            if self._is_for_desk(event):
                self._told.append(told)
            name = _text(event.data, "strategy_id") or AGENTS
            self._told_of[name].append(told._replace(strategy_id=name))

    def _is_for_desk(self, event: Event) -> bool:
        """Whether the desk would have made it: no shadow trade of a strategy that only thinks or alone is halted."""
        if event.type is not EventType.SHADOW_CLOSED:
            return True
        opened = self.written.get(f"{_text(event.data, 'shadow_id')}/{EventType.SHADOW_OPENED}")
        return opened is None or opened.event.data.get("for_desk") is not False


def _told(place: Place) -> Told:
    event, data = place.event, place.event.data
    return Told(
        sequence=place.sequence,
        type=event.type,
        code=_text(data, "code") or _text(data, "leg") or "",
        pnl=Decimal(_text(data, "pnl") or 0) if event.type is EventType.SHADOW_CLOSED else ZERO,
        occurred_at=event.occurred_at,
        strategy_id=_text(data, "strategy_id") or "",
    )


def _once(events: Sequence[Event]) -> Iterator[Event]:
    kept: dict[str, Event] = {}
    for event in events:
        if event.event_id not in kept:
            kept[event.event_id] = event
        elif _content(kept[event.event_id]) != _content(event):
            raise BooksDisagree(f"event {event.event_id} was given twice, with two contents")
    return iter(kept.values())


def _content(event: Event) -> tuple[str, str, str]:
    return event.desk_id, event.aggregate_id, content_hash(event)


def _text(data: Mapping[str, JsonValue], key: str) -> str | None:
    found = data.get(key)
    return None if found is None else str(found)
