"""How much a desk remembers, by strategy and by what became of it, and how much room that takes."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import consistent, transaction
from trading.memory import Course
from trading.money import Record

_TALLIES = text(
    """SELECT strategy_id, course, count(*) FILTER (WHERE resolved_at IS NULL) AS pending,
        count(resolved_at) AS resolved, count(*) FILTER (WHERE won) AS wins,
        count(*) FILTER (WHERE NOT won) AS losses, count(*) FILTER (WHERE lesson <> '') AS lessons,
        avg((outcome ->> 'return_fraction')::double precision) AS mean_return
    FROM memories WHERE desk_id = :desk_id GROUP BY strategy_id, course ORDER BY strategy_id, course"""
)
_EMBEDDERS = text(
    "SELECT embedder, count(*) FROM memories WHERE desk_id = :desk_id GROUP BY embedder ORDER BY embedder"
)
_SIZES = text(
    """SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index
    WHERE indrelid = 'memories'::regclass ORDER BY 1"""
)
_VERSION = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
_TABLE = text("SELECT pg_table_size('memories')")


class Tally(Record):
    """What a strategy remembers of one course; the mean return is a fraction, of what has resolved."""

    strategy_id: str
    course: Course
    pending: int
    resolved: int
    wins: int
    losses: int
    lessons: int
    mean_return: float | None


class MemoryStats(Record):
    """All of a desk's tallies, its memories by embedder, and bytes: of the table and of each index, for all desks."""

    tallies: tuple[Tally, ...]
    embedders: dict[str, int]
    table_bytes: int
    index_bytes: dict[str, int]


async def memory_stats(engine: AsyncEngine, desk_id: str) -> MemoryStats:
    """Count, at one instant. Raises as `transaction` does."""
    async with transaction(consistent(engine)) as connection:
        rows = await connection.execute(_TALLIES, {"desk_id": desk_id})
        return MemoryStats(
            tallies=tuple(Tally.model_validate(dict(row)) for row in rows.mappings()),
            embedders=await _counted(connection, desk_id),
            table_bytes=(await connection.execute(_TABLE)).scalar_one(),
            index_bytes={row[0]: row[1] for row in await connection.execute(_SIZES)},
        )


async def vector_version(engine: AsyncEngine) -> str | None:
    """The version of pgvector in this database; None where it is not. Raises as `transaction` does."""
    async with transaction(engine) as connection:
        return (await connection.execute(_VERSION)).scalar_one_or_none()


async def _counted(connection: AsyncConnection, desk_id: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.execute(_EMBEDDERS, {"desk_id": desk_id})}
