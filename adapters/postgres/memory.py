"""What the desk remembers, in Postgres: found by likeness through pgvector's HNSW graphs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, func, literal_column, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.memory_tables import memories
from trading.events import printable, storable
from trading.features import distance
from trading.memory import Outcome, Recalled, Remembered, as_known
from trading.memory_ports import Found, NearestAsked, SearchAsked, Vector
from trading.money import Record
from trading.orders import Leg

_of = memories.c
_ENTRY: ColumnElement[str] = literal_column(f"'{Leg.ENTRY}'")
"""Written out, as the graphs' own condition has it: a bound value would keep them from being used."""
_WHOLE = (_of.setup, _of.features, _of.thought, _of.outcome, _of.lesson)
# A hundred are looked at for each proposal: what each agent said of them, and their thoughts, stay where they are.
_TOLD = (_of.memory_id, _of.symbol, _of.side, _of.decided_at, _of.features, _of.outcome, _of.lesson)
# A graph knows nothing of desks and times: what they turn away is made up for by walking on, in strict order, until
# there are enough. 100 candidates at a time (40 is the default) find the true ten in more than 95 of 100 cases and
# take a millisecond more; 100,000 visited tuples let a rare symbol's or an early moment's be found. A plan made for
# these very values lets the planner pass over the graph where a desk or a symbol has so few that sorting is faster.
_WALK = select(
    func.set_config("hnsw.iterative_scan", "strict_order", True),  # noqa: FBT003  SQL's own argument: in this transaction
    func.set_config("hnsw.ef_search", "100", True),  # noqa: FBT003  as above
    func.set_config("hnsw.max_scan_tuples", "100000", True),  # noqa: FBT003  as above
    func.set_config("plan_cache_mode", "force_custom_plan", True),  # noqa: FBT003  as above
)


class PostgresMemory:
    """The port `Memory`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def remember(self, memories_: Sequence[Remembered], embeddings: Sequence[Vector], embedder: str) -> None:
        """Keep memories with the embeddings of their reasoning. One that is there is left."""
        rows = [
            _row(memory) | {"embedding": list(embedding), "embedder": embedder}
            for memory, embedding in zip(memories_, embeddings, strict=True)
        ]
        if not rows:
            return
        async with transaction(self._engine) as connection:
            ordered = sorted(rows, key=lambda row: str(row["memory_id"]))  # two writers never wait for each other
            await connection.execute(insert(memories).on_conflict_do_nothing(), ordered)

    async def pending(self, desk_id: str, most: int | None = None) -> tuple[Remembered, ...]:
        """A desk's memories that are not resolved yet, the oldest first; at most so many."""
        query = select(*_WHOLE).where(_of.desk_id == desk_id, _of.resolved_at.is_(None))
        return await self._read(query.order_by(_of.decided_at, _of.memory_id).limit(most))

    async def follow(self, memories_: Sequence[Remembered]) -> None:
        """Keep how far the thoughts of pending memories have come."""
        async with transaction(self._engine) as connection:
            for one in sorted(memories_, key=lambda memory: memory.setup.memory_id):
                pending = _is(one.setup.memory_id) & _of.resolved_at.is_(None)
                await connection.execute(update(memories).where(pending).values(thought=_document(one.thought)))

    async def resolve(self, outcomes: Sequence[tuple[str, Outcome]]) -> None:
        """Resolve memories, by id, once: a later outcome of the same memory is left."""
        async with transaction(self._engine) as connection:
            for memory_id, outcome in sorted(outcomes, key=lambda one: one[0]):
                pending = _is(memory_id) & _of.resolved_at.is_(None)
                await connection.execute(update(memories).where(pending).values(_resolved(outcome)))

    async def learn(self, memory_id: str, lesson: str) -> None:
        """Keep the lesson of a resolved memory; the first one stays."""
        untaught = _is(memory_id) & _of.resolved_at.is_not(None) & (_of.lesson == "")
        async with transaction(self._engine) as connection:
            await connection.execute(update(memories).where(untaught).values(lesson=printable(lesson)))

    async def nearest(self, asked: NearestAsked) -> tuple[Recalled, ...]:
        """The nearest resolved entries, nearest first."""
        query = _near(asked)
        async with transaction(self._engine) as connection:
            await connection.execute(_WALK)
            rows = (await connection.execute(query)).mappings().all()
        found = [_told(row, asked) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.distance, one.memory_id)))

    async def search(self, asked: SearchAsked) -> tuple[Found, ...]:
        """The memories whose reasoning is nearest in meaning, as they stood then, nearest first."""
        async with transaction(self._engine) as connection:
            await connection.execute(_WALK)
            rows = (await connection.execute(_like(asked))).mappings().all()
        return tuple(
            Found(memory=as_known(_remembered(row), asked.as_of), distance=round(row["far"], 6)) for row in rows
        )

    async def find(self, desk_id: str, memory_ids: Sequence[str]) -> tuple[Remembered, ...]:
        """These memories, as far as the desk has them, in the order of deciding."""
        query = select(*_WHOLE).where(_of.desk_id == desk_id, _of.memory_id.in_(memory_ids))
        return await self._read(query.order_by(_of.decided_at, _of.memory_id))

    async def resolved(self, desk_id: str, until: datetime, most: int) -> tuple[Remembered, ...]:
        """The newest resolved memories up to a moment, oldest first."""
        query = select(*_WHOLE).where(_of.desk_id == desk_id, _of.resolved_at <= until)
        newest = await self._read(query.order_by(_of.resolved_at.desc(), _of.memory_id.desc()).limit(most))
        return newest[::-1]

    async def _read(self, query: Select[Any]) -> tuple[Remembered, ...]:
        async with transaction(self._engine) as connection:
            return tuple(map(_remembered, (await connection.execute(query)).mappings()))


def _near(asked: NearestAsked) -> Select[Any]:
    """The nearest of what was won, of what was lost, or of both: each has a graph of its own."""
    far = _of.features.l2_distance(list(asked.features)).label("far")
    ours = (
        _of.desk_id == asked.desk_id,
        _of.leg == _ENTRY,
        _of.side == asked.side.value,
        _of.resolved_at <= asked.as_of,
        _of.decided_at < asked.as_of,
    )
    which = [_of.won, ~_of.won] if asked.won is None else [_of.won if asked.won else ~_of.won]
    graphs = [select(*_TOLD, far).where(one, *ours).order_by("far").limit(asked.most) for one in which]
    both = union_all(*(graph.subquery().select() for graph in graphs)).subquery()
    return select(both).order_by(both.c.far).limit(asked.most)


def _like(asked: SearchAsked) -> Select[Any]:
    """What means nearly the same, by one embedder."""
    far = _of.embedding.cosine_distance(list(asked.embedding)).label("far")
    ours = [_of.desk_id == asked.desk_id, _of.embedder == asked.embedder, _of.decided_at < asked.as_of]
    of_one = [] if asked.symbol is None else [_of.symbol == asked.symbol]
    return select(*_WHOLE, far).where(*ours, *of_one).order_by("far").limit(asked.most)


def _is(memory_id: str) -> ColumnElement[bool]:
    return _of.memory_id == memory_id


def _row(memory: Remembered) -> dict[str, Any]:
    setup = memory.setup
    found = setup.model_dump(
        include={"memory_id", "desk_id", "strategy_id", "symbol", "side", "leg", "course", "decided_at"}
    )
    kept = {"setup": _document(setup), "features": list(memory.features), "thought": _document(memory.thought)}
    ended = {"resolved_at": None, "won": None, "outcome": None}
    ended = ended if memory.outcome is None else _resolved(memory.outcome)
    return {**found, **kept, **ended, "lesson": printable(memory.lesson)}


def _resolved(outcome: Outcome) -> dict[str, Any]:
    found = {"resolved_at": outcome.resolved_at, "won": outcome.won, "course": outcome.course}
    return {**found, "outcome": _document(outcome)}


def _document(record: Record) -> Any:
    return storable(record.model_dump(mode="json"))


def _told(row: RowMapping, asked: NearestAsked) -> Recalled:
    """Its distance is worked out as in the twin of this process: the graph's is of rounded numbers."""
    known = {name: row[name] for name in ("memory_id", "symbol", "side", "decided_at", "lesson")}
    ended = {name: value for name, value in row["outcome"].items() if name in Recalled.model_fields}
    far = distance(tuple(map(float, row["features"])), asked.features)
    return Recalled.model_validate({**ended, **known, "distance": far})


def _remembered(row: RowMapping) -> Remembered:
    return Remembered.model_validate({name: row[name] for name in Remembered.model_fields})
