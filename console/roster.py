"""Which strategies a desk has, as far as a command needs to know them."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.postgres.engine import Database, application_engine
from adapters.postgres.ledger import PostgresLedger
from trading.errors import BadConfiguration
from trading.strategy import Strategy, first_strategy


async def roster(database: Database, desk_id: str) -> tuple[Strategy, ...]:
    """A desk's strategies, by name; of one that has no books yet, the strategy that it will begin with."""
    engine = application_engine(database, pool_size=1)
    try:
        return await PostgresLedger(engine).strategies(desk_id) or (first_strategy(),)
    finally:
        await engine.dispose()


def named(strategies: Iterable[Strategy], name: str) -> Strategy:
    """One of them by its name. Raises BadConfiguration when there is none."""
    known = {one.strategy_id: one for one in strategies}
    if name not in known:
        raise BadConfiguration(f"no such strategy: {name!r} (the desk has {', '.join(known)})")
    return known[name]
