"""What desks remember, in memory, for backtests: every memory is measured, so what is nearest is nearest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from trading.events import printable, storable
from trading.features import FEATURES, distance
from trading.instruments import Side
from trading.memory import Outcome, Recalled, Remembered, as_known, recalled
from trading.memory_ports import EMBEDDING_SIZE, Found, NearestAsked, SearchAsked, Vector
from trading.money import Record
from trading.orders import Leg

R = TypeVar("R", bound=Record)
_DESK, _DECIDED, _RESOLVED, _WON, _BUYS, _ENTRY = range(6)


class Rows:
    """Rows of numbers that grow: doubled when they are full, so that none is copied often."""

    def __init__(self, width: int) -> None:
        self._rows = np.zeros((64, width))
        self._count = 0

    @property
    def all(self) -> NDArray[np.float64]:
        """What is there, to be read and changed in place."""
        return self._rows[: self._count]

    def append(self, row: Sequence[float]) -> None:
        """Add one row at the end."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[self._count] = row
        self._count += 1


class ExactMemory:
    """The port `Memory`, of this process."""

    def __init__(self) -> None:
        self._kept: list[Remembered] = []
        self._embedders: list[str] = []
        self._places: dict[str, int] = {}
        self._pending: dict[str, None] = {}
        self._desks: dict[str, int] = {}
        self._features = Rows(len(FEATURES))
        self._embeddings = Rows(EMBEDDING_SIZE)
        self._facts = Rows(6)

    async def remember(self, memories: Sequence[Remembered], embeddings: Sequence[Vector], embedder: str) -> None:
        """Keep memories with the embeddings of their reasoning. One that is there is left."""
        for memory, embedding in zip(memories, embeddings, strict=True):
            name = memory.setup.memory_id
            if name in self._places:
                continue
            self._places[name] = len(self._kept)
            self._kept.append(_as_stored(memory))
            self._embedders.append(embedder)
            self._features.append(memory.features)
            self._embeddings.append(embedding)
            self._facts.append(self._facts_of(memory))
            if memory.outcome is None:
                self._pending[name] = None

    async def pending(self, desk_id: str, most: int | None = None) -> tuple[Remembered, ...]:
        """A desk's memories that are not resolved yet, the oldest first; at most so many."""
        return _by_age(one for one in map(self._memory, self._pending) if one.setup.desk_id == desk_id)[:most]

    async def follow(self, memories: Sequence[Remembered]) -> None:
        """Keep how far the thoughts of pending memories have come."""
        for one in memories:
            if one.setup.memory_id in self._pending:
                self._change(one.setup.memory_id, thought=_as_stored(one.thought))

    async def resolve(self, outcomes: Sequence[tuple[str, Outcome]]) -> None:
        """Resolve memories, by id, once: a later outcome of the same memory is left."""
        for name, outcome in outcomes:
            if name in self._pending:
                del self._pending[name]
                self._change(name, outcome=_as_stored(outcome))

    async def learn(self, memory_id: str, lesson: str) -> None:
        """Keep the lesson of a resolved memory; the first one stays."""
        known = memory_id in self._places and memory_id not in self._pending
        if known and not self._memory(memory_id).lesson:
            self._change(memory_id, lesson=printable(lesson))

    async def nearest(self, asked: NearestAsked) -> tuple[Recalled, ...]:
        """The nearest resolved entries, nearest first."""
        facts, as_of = self._facts.all, asked.as_of.timestamp()
        fits = (facts[:, _DESK] == self._desks.get(asked.desk_id, -1)) & (facts[:, _ENTRY] == 1)
        fits &= (facts[:, _RESOLVED] <= as_of) & (facts[:, _DECIDED] < as_of)
        fits &= facts[:, _BUYS] == (asked.side is Side.BUY)
        if asked.won is not None:
            fits &= facts[:, _WON] == asked.won
        places = np.flatnonzero(fits)
        squares = np.square(self._features.all[places] - np.array(asked.features)).sum(axis=1)
        near = (self._kept[place] for place in places[np.argsort(squares, kind="stable")[: asked.most]])
        found = [recalled(one, distance(one.features, asked.features)) for one in near]
        return tuple(sorted(found, key=lambda one: (one.distance, one.memory_id)))

    async def search(self, asked: SearchAsked) -> tuple[Found, ...]:
        """The memories whose reasoning is nearest in meaning, as they stood then, nearest first."""
        places = [place for place, one in enumerate(self._kept) if self._may_be_found(one, place, asked)]
        asked_for = np.array(asked.embedding)
        there = self._embeddings.all[places]
        far = 1 - there @ asked_for / (np.linalg.norm(there, axis=1) * np.linalg.norm(asked_for))
        return tuple(
            Found(memory=as_known(self._kept[places[one]], asked.as_of), distance=round(float(far[one]), 6))
            for one in np.argsort(far, kind="stable")[: asked.most]
        )

    async def find(self, desk_id: str, memory_ids: Sequence[str]) -> tuple[Remembered, ...]:
        """These memories, as far as the desk has them, in the order of deciding."""
        known = (self._memory(name) for name in set(memory_ids) if name in self._places)
        return _by_age(one for one in known if one.setup.desk_id == desk_id)

    async def resolved(self, desk_id: str, until: datetime, most: int) -> tuple[Remembered, ...]:
        """The newest resolved memories up to a moment, oldest first."""
        by_end = [
            (one.outcome.resolved_at, one.setup.memory_id, one)
            for one in self._kept
            if one.outcome is not None and one.outcome.resolved_at <= until and one.setup.desk_id == desk_id
        ]
        return tuple(one for *_, one in sorted(by_end, key=lambda each: each[:2])[-most:])

    def _memory(self, name: str) -> Remembered:
        return self._kept[self._places[name]]

    def _change(self, name: str, **changes: object) -> None:
        place = self._places[name]
        self._kept[place] = changed = self._kept[place].model_copy(update=changes)
        self._facts.all[place] = self._facts_of(changed)

    def _facts_of(self, memory: Remembered) -> tuple[float, ...]:
        setup, outcome = memory.setup, memory.outcome
        ended = (np.inf, -1.0) if outcome is None else (outcome.resolved_at.timestamp(), float(outcome.won))
        desk = self._desks.setdefault(setup.desk_id, len(self._desks))
        return desk, setup.decided_at.timestamp(), *ended, setup.side is Side.BUY, setup.leg is Leg.ENTRY

    def _may_be_found(self, memory: Remembered, place: int, asked: SearchAsked) -> bool:
        setup = memory.setup
        ours = setup.desk_id == asked.desk_id and asked.symbol in {None, setup.symbol}
        return ours and setup.decided_at < asked.as_of and self._embedders[place] == asked.embedder


def _as_stored(record: R) -> R:
    """A record as a database would give it back."""
    return type(record).model_validate(storable(record.model_dump(mode="json")))


def _by_age(found: Iterable[Remembered]) -> tuple[Remembered, ...]:
    return tuple(sorted(found, key=lambda one: (one.setup.decided_at, one.setup.memory_id)))
