"""Changes of a desk's strategies: together or not at all, each once with its event, under the books' lock."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.postgres import log
from adapters.postgres.portfolio import lock_books
from adapters.postgres.sleeves import release
from adapters.postgres.strategies import read_strategies, save_strategy
from adapters.postgres.tables import strategies
from trading.errors import BooksDisagree
from trading.limits import Limits
from trading.strategy import ChangeRefused, Strategy, StrategyChange
from trading.strategy_changes import Ties, refusal
from trading.strategy_events import strategy_changed

# A cycle lives a quarter of an hour at most: one of which the log knows no end a day later is gone with its server.
_TIES = text(
    """
    SELECT n.name,
        ARRAY(SELECT s.symbol FROM sub_positions s
            WHERE s.desk_id = :desk_id AND s.strategy_id = n.name AND s.quantity <> 0 ORDER BY 1) AS held,
        (SELECT count(*) FROM orders o WHERE o.desk_id = :desk_id AND o.strategy_id = n.name
            AND o.state IN ('intended', 'submitted', 'unknown', 'accepted', 'partially_filled')) AS open_orders,
        ARRAY(SELECT e.aggregate_id FROM events e WHERE e.desk_id = :desk_id AND e.type = 'CycleStarted'
            AND e.data->>'strategy_id' = n.name AND e.recorded_at > now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM events x WHERE x.desk_id = :desk_id AND x.aggregate_id = e.aggregate_id
                AND x.type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed')) ORDER BY 1) AS cycles
    FROM unnest(:names) AS n(name)
    """
).bindparams(bindparam("names", type_=ARRAY(Text)))


async def change_strategy(
    connection: AsyncConnection, change: StrategyChange, limits: Limits
) -> Strategy | ChangeRefused:
    """Write a change once, with its event, or say why not."""
    changed = await change_strategies(connection, (change,), limits)
    return changed if isinstance(changed, ChangeRefused) else changed[0]


async def change_strategies(
    connection: AsyncConnection, changes: Sequence[StrategyChange], limits: Limits
) -> tuple[Strategy, ...] | ChangeRefused:
    """Write changes of one desk together, each once with its event, or none and why.

    The books are locked: an order that is intended at this moment comes before or after, and so does another change.
    """
    (desk_id,) = {change.desk_id for change in changes}
    await lock_books(connection, desk_id)
    events = [strategy_changed(change) for change in changes]
    said = [await log.is_written(connection, event.event_id) for event in events]
    if any(said):
        if not all(said):
            raise BooksDisagree(f"of the changes of {desk_id} some were made before, others not")
        return tuple(change.strategy for change in changes)
    removed = [change.strategy.strategy_id for change in changes if change.removed]
    existing = await read_strategies(connection, desk_id)
    because = refusal(changes, existing, limits, await _ties(connection, desk_id, removed))
    if because is not None:
        return ChangeRefused(because=because)
    for change in changes:
        if not change.removed:
            await save_strategy(connection, desk_id, change.strategy)
        elif (bound := await _remove(connection, change)) is not None:
            raise BooksDisagree(bound.because)
    await log.append(connection, events)
    return tuple(change.strategy for change in changes)


async def _remove(connection: AsyncConnection, change: StrategyChange) -> ChangeRefused | None:
    """Take away its row, and give its cash back to the reserve; what it did stays."""
    desk_id, name = change.desk_id, change.strategy.strategy_id
    refused = await release(connection, desk_id, name, change.at)
    if refused is None:
        ours = (strategies.c.desk_id == desk_id) & (strategies.c.strategy_id == name)
        await connection.execute(delete(strategies).where(ours))
    return refused


async def _ties(connection: AsyncConnection, desk_id: str, names: Sequence[str]) -> dict[str, Ties]:
    """What binds those that are to be removed."""
    if not names:
        return {}
    rows = (await connection.execute(_TIES, {"desk_id": desk_id, "names": list(names)})).mappings()
    return {row["name"]: Ties.model_validate({k: v for k, v in row.items() if k != "name"}) for row in rows}
