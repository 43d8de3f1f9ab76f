"""A desk's own rows: opened once, and its trading state with the reason for it."""

from __future__ import annotations

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.breaker import read_facts
from adapters.postgres.strategies import save_strategy
from adapters.postgres.strategy_breakers import judge_strategies, resume_strategy
from adapters.postgres.tables import capital_events, portfolio_state, system_state
from trading import judging
from trading.breaker import CircuitBreaker, StateChange, TradingState, combined
from trading.breaker_events import judged, resumption_told, state_changed
from trading.breaker_rules import BreakerLook, Refused, Resumption
from trading.capital import capital_of
from trading.errors import BooksDisagree
from trading.events import GENESIS, Event, EventType
from trading.judging import held
from trading.strategy import first_strategy


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
    await save_strategy(connection, desk_id, first_strategy())
    await log.append(connection, [opened, cash])


async def is_open(connection: AsyncConnection, desk_id: str) -> bool:
    """Whether a desk has rows."""
    return (await connection.execute(select(exists().where(system_state.c.desk_id == desk_id)))).scalar_one()


async def read_breaker(connection: AsyncConnection, desk_id: str) -> CircuitBreaker:
    """The trading state: since when, by whom, why, and what has tripped."""
    query = select(
        system_state.c.trading_state.label("state"),
        system_state.c.since_at,
        system_state.c.changed_by,
        system_state.c.reason,
        system_state.c.breaker,
    ).where(system_state.c.desk_id == desk_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise BooksDisagree(f"the books know no desk {desk_id}")
    known = dict(row)
    return CircuitBreaker.model_validate({**known.pop("breaker"), **known})


async def change_state(connection: AsyncConnection, change: StateChange) -> CircuitBreaker:
    """Make the state stricter; once the change's event is written it has been made, and more may have come since."""
    await log.lock_log(connection, change.desk_id)
    before = await read_breaker(connection, change.desk_id)
    after = held(before, change)
    event = state_changed(after, change)
    if await log.is_written(connection, event.event_id):
        return before
    await _keep(connection, change.desk_id, after)
    await log.append(connection, [event])
    return after


async def judge(connection: AsyncConnection, look: BreakerLook) -> CircuitBreaker:
    """Hold the rules against the books; what changes is written with its event, and the gauges in any case.

    First the desk's, then its strategies' (`judge_strategies`); of a look for one, what holds for that one's orders.
    """
    head = await log.lock_log(connection, look.desk_id)
    before = await read_breaker(connection, look.desk_id)
    facts = await read_facts(connection, before, look)
    after = judging.judge(look.rules, facts, before, look.at)
    await _keep(connection, look.desk_id, after)
    await log.append(connection, judged(before, after, look, head.count))
    own = await judge_strategies(connection, look, head.count)
    return after if own is None else combined(after, own)


async def resume(connection: AsyncConnection, asked: Resumption) -> CircuitBreaker | Refused:
    """Let the desk, or the strategy that is named, go on, or say why not."""
    if asked.strategy_id is not None:
        return await resume_strategy(connection, asked)
    await log.lock_log(connection, asked.desk_id)
    before = await read_breaker(connection, asked.desk_id)
    if await log.is_written(connection, f"{asked.desk_id}/{EventType.TRADING_STATE_CHANGED}/{asked.change_id}"):
        return before
    after = judging.resume(before, await read_facts(connection, before, asked), asked)
    if isinstance(after, CircuitBreaker):
        await _keep(connection, asked.desk_id, after)
        await log.append(connection, [state_changed(after, asked), resumption_told(after, asked)])
    return after


async def _keep(connection: AsyncConnection, desk_id: str, breaker: CircuitBreaker) -> None:
    columns = {"state", "since_at", "changed_by", "reason"}
    row = {
        "trading_state": breaker.state,
        **breaker.model_dump(include=columns - {"state"}),
        "breaker": breaker.model_dump(mode="json", exclude=columns),
    }
    await connection.execute(update(system_state).where(system_state.c.desk_id == desk_id).values(row))
