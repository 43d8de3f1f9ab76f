"""A crowd of memories: setups in clusters, as markets make them, copied into Postgres before the graphs are built."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import numpy as np
from numpy.typing import NDArray

from adapters.postgres.engine import Database
from trading.costs import Costs
from trading.features import FEATURES
from trading.instruments import Side
from trading.market import Quote
from trading.memory import Course, Outcome, Setup
from trading.memory_ports import EMBEDDING_SIZE
from trading.orders import Leg
from trading.sessions import Session
from trading.shadow import ShadowDecision, drafted

DESK, EMBEDDER = "crowd", "crowd"
FIRST = datetime(2016, 1, 4, 16, tzinfo=UTC)
YEARS = timedelta(days=3650)
LATER = FIRST + YEARS + timedelta(days=60)
SYMBOLS = 500
Rows = NDArray[np.float64]
_SCALED = FEATURES.index("above_50")
_FLAGS = FEATURES.index("regime:calm-up")
_KINDS = {"regime": 0.5, "sector": 0.3, "trigger": 0.15}
_GRAPHS = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'memories' AND indexdef LIKE '%USING hnsw%'"
_COLUMNS = (
    *("memory_id", "desk_id", "strategy_id", "symbol", "side", "leg", "course", "decided_at", "resolved_at", "won"),
    *("setup", "features", "embedding", "embedder", "thought", "outcome"),
)
_AGREE, _BUYS = 0.7, 0.9
_AT_ONCE = 500


def setups(count: int, chance: np.random.Generator, clusters: int = 200) -> Rows:
    """So many setups around so many kinds of market: scaled numbers that scatter, flags and kinds that mostly agree."""
    centres, scatter = chance.uniform(-0.8, 0.8, (clusters, _SCALED)), chance.normal(0, 0.2, (count, _SCALED))
    kind = chance.integers(0, clusters, count)
    rows = np.zeros((count, len(FEATURES)))
    rows[:, :_SCALED] = np.clip(centres[kind] + scatter, -1, 1)
    flags = chance.choice([-0.5, 0.5], (clusters, _FLAGS - _SCALED))
    rows[:, _SCALED:_FLAGS] = flags[kind] * chance.choice([1, -1], (count, _FLAGS - _SCALED), p=[0.95, 0.05])
    for name, weight in _KINDS.items():
        places = np.array([place for place, feature in enumerate(FEATURES) if feature.startswith(f"{name}:")])
        usual, other = chance.integers(0, len(places), clusters)[kind], chance.integers(0, len(places), count)
        rows[np.arange(count), places[np.where(chance.random(count) < _AGREE, usual, other)]] = weight
    rows[:, -1] = np.where(chance.random(count) < _BUYS, 0.25, -0.25)
    return rows.round(4)


def meanings(count: int, chance: np.random.Generator, clusters: int = 500) -> Rows:
    """So many unit vectors around so many things that may be said."""
    centres = chance.normal(0, 1, (clusters, EMBEDDING_SIZE))
    rows = centres[chance.integers(0, clusters, count)] + chance.normal(0, 0.6, (count, EMBEDDING_SIZE))
    unit: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


async def connected(database: Database) -> asyncpg.Connection[asyncpg.Record]:
    """A connection that can copy rows by the hundred thousand."""
    return await asyncpg.connect(
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password.get_secret_value(),
        database=database.name,
    )


async def fill(database: Database, rows: Rows, said: Rows | None = None) -> None:
    """Copy a memory for each of these setups over ten years, every second one won, and build the graphs then.

    Without embeddings of what was `said` each has the same, and no graph of those.
    """
    connection = await connected(database)
    try:
        graphs = {graph["indexname"]: graph["indexdef"] for graph in await connection.fetch(_GRAPHS)}
        for name in graphs:
            await connection.execute(f"DROP INDEX {name}")
        desk = "INSERT INTO system_state (desk_id, trading_state, event_count, event_head, opened_at)"
        await connection.execute(f"{desk} VALUES ($1, 'ACTIVE', 0, '', $2)", DESK, FIRST)
        await connection.copy_to_table("memories", source=_lines(rows, said), columns=_COLUMNS)
        await connection.execute("SET maintenance_work_mem = '512MB'")
        for name, definition in graphs.items():
            if said is not None or "embedding" not in name:
                await connection.execute(definition)
        await connection.execute("ANALYZE memories")
    finally:
        await connection.close()


async def _lines(rows: Rows, said: Rows | None) -> AsyncIterator[bytes]:
    """The rows as COPY reads them, some hundred at a time."""
    step, one = YEARS / len(rows), _one()
    same = _vector(np.eye(EMBEDDING_SIZE)[0])
    for first in range(0, len(rows), _AT_ONCE):
        lines = [
            one
            % {
                "number": number,
                "symbol": f"S{number % SYMBOLS}",
                "side": "buy" if rows[number][-1] > 0 else "sell",
                "decided": (FIRST + number * step).isoformat(),
                "resolved": (FIRST + number * step + timedelta(days=20)).isoformat(),
                "won": "tf"[number % 2],
                "features": _vector(rows[number]),
                "embedding": same if said is None else _vector(said[number]),
            }
            for number in range(first, min(first + _AT_ONCE, len(rows)))
        ]
        yield "".join(lines).encode()


def _vector(numbers: Rows) -> str:
    return "[" + ",".join(f"{number:.4f}" for number in numbers) + "]"


def _one() -> str:
    """A row of COPY's text, with names in the places of what differs."""
    thought = drafted(
        ShadowDecision(
            cycle_id="crowd/cycle",
            desk_id=DESK,
            strategy_id="agents",
            trace_id="trace",
            symbol="AAPL",
            side=Side.BUY,
            leg=Leg.ENTRY,
            quantity=Decimal(10),
            quote=Quote(symbol="AAPL", bid=Decimal(100), ask=Decimal(100), last=Decimal(100), quoted_at=FIRST),
            as_of=FIRST,
        ),
        Session(session_on=FIRST.date(), opens_at=FIRST - timedelta(hours=1), closes_at=FIRST + timedelta(hours=5)),
        Costs(),
    )
    setup = Setup(
        memory_id="MEMORY",
        desk_id=DESK,
        strategy_id="agents",
        cycle_id="crowd/cycle",
        trace_id="trace",
        symbol="AAPL",
        side=Side.BUY,
        leg=Leg.ENTRY,
        trigger="scheduled",
        price=Decimal(100),
        allowed=Decimal(10),
        decided=Decimal(10),
        decided_at=FIRST,
        course=Course.TRADED,
        reasoning="The price is above its 200-day average and volume confirms it. " * 8,
    )
    outcome = Outcome(
        course=Course.TRADED,
        return_fraction=0.01,
        sessions=14,
        best=0.03,
        worst=-0.02,
        pnl=Decimal(10),
        exit_reason="target",
        closed_at=FIRST,
        resolved_at=FIRST,
    )
    told = setup.model_dump_json().replace("%", "%%").replace("MEMORY", "m%(number)d").replace("AAPL", "%(symbol)s")
    told = told.replace('"side":"buy"', '"side":"%(side)s"')
    found = f"m%(number)d\t{DESK}\tagents\t%(symbol)s\t%(side)s\tentry\ttraded\t%(decided)s\t%(resolved)s\t%(won)s"
    vectors = f"%(features)s\t%(embedding)s\t{EMBEDDER}"
    return f"{found}\t{told}\t{vectors}\t{thought.model_dump_json()}\t{outcome.model_dump_json()}\n"
