"""A desk's own rows: opened once, and its trading state with the reason for it."""

from __future__ import annotations

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.capital import capital_of
from adapters.postgres.tables import capital_events, portfolio_state, strategies, system_state
from trading.breaker import CircuitBreaker, TradingState
from trading.errors import BooksDisagree
from trading.events import GENESIS, Event

DEFAULT_STRATEGY = "agents"


async def open_desk(connection: AsyncConnection, opened: Event, cash: Event) -> None:
    """Make a desk's rows and its opening deposit. A desk that is there stays as it is, whatever cash is offered now."""
    desk_id = opened.desk_id
    row = {
        "desk_id": desk_id,
        "trading_state": TradingState.ACTIVE,
        "event_count": 0,
        "event_head": GENESIS,
        "opened_at": opened.occurred_at,
    }
    made = insert_once(system_state).values(row).on_conflict_do_nothing().returning(system_state.c.desk_id)
    if (await connection.execute(made)).one_or_none() is None:
        return
    deposit = capital_of(cash)
    amounts = dict.fromkeys(("cash", "equity", "peak_equity"), deposit.amount)
    await connection.execute(insert(portfolio_state).values(desk_id=desk_id, **amounts))
    await connection.execute(insert(capital_events).values(deposit.model_dump()))
    strategy = {"strategy_id": DEFAULT_STRATEGY, "name": "Default", "enabled": True, "config": {}, "performance": {}}
    await connection.execute(insert(strategies).values(desk_id=desk_id, **strategy))
    await log.append(connection, [opened, cash])


async def is_open(connection: AsyncConnection, desk_id: str) -> bool:
    """Whether a desk has rows."""
    return (await connection.execute(select(exists().where(system_state.c.desk_id == desk_id)))).scalar_one()


async def read_breaker(connection: AsyncConnection, desk_id: str) -> CircuitBreaker:
    """The trading state: since when, by whom, why."""
    query = select(
        system_state.c.trading_state.label("state"),
        system_state.c.since_at,
        system_state.c.changed_by,
        system_state.c.reason,
    ).where(system_state.c.desk_id == desk_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise BooksDisagree(f"the books know no desk {desk_id}")
    return CircuitBreaker.model_validate(dict(row))


async def change_state(connection: AsyncConnection, breaker: CircuitBreaker, event: Event) -> CircuitBreaker:
    """Set the trading state; once its event is written it has changed, and may have changed again since."""
    await log.lock_log(connection, event.desk_id)
    if not await log.written(connection, [event]):
        row = {"trading_state": breaker.state, **breaker.model_dump(exclude={"state"})}
        await connection.execute(update(system_state).where(system_state.c.desk_id == event.desk_id).values(row))
        await log.append(connection, [event])
    return await read_breaker(connection, event.desk_id)
