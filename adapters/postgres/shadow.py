"""Shadow trades: each row written with the event that tells of it, and nothing else of the desk touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.footing import read_footing
from adapters.postgres.portfolio import read_portfolio
from adapters.postgres.shadow_tables import shadow_trades
from trading.breaker import TradingState
from trading.costs import Costs
from trading.events import Event
from trading.shadow import ShadowTrade, follow, shadow_closed, shadow_opened
from trading.shadow_scoring import ShadowLook, Thinker, score


class Thought(NamedTuple):
    """Whose thought a decision is: in which trace, and of a strategy that may not trade in this account yet or not."""

    trace_id: str
    only_thinks: bool = False


async def decide(
    connection: AsyncConnection, draft: ShadowTrade, costs: Costs, thought: Thought
) -> tuple[ShadowTrade, ...]:
    """Do what a decision of a shadow cycle asks for: end entries, open a trade, or both.

    A decision that was done before is found by what it left: its own trade, or what it ended. What a desk that is not
    halted has nothing to do with (of a strategy that only thinks, or that its own breaker has stopped) is not for it.
    """
    await log.lock_log(connection, draft.desk_id)
    done = await _where(connection, _left_by(draft))
    if done:
        return done
    standing = await open_trades(connection, draft.desk_id)
    desk = await read_portfolio(connection, draft.desk_id)
    own = (await read_footing(connection, draft.desk_id, draft.strategy_id)).own(desk)
    held = (desk if own is None else own.portfolio).held(draft.symbol)
    changed = follow(draft, standing, held, costs)
    for trade in changed:
        if trade.is_open:
            await connection.execute(insert(shadow_trades).values(trade.model_dump()))
        else:
            await _keep(connection, trade)
    for_desk = desk.trading_state is TradingState.HALTED and not thought.only_thinks
    await log.append(connection, [_told(one, thought.trace_id, for_desk=for_desk) for one in changed])
    return changed


async def score_open(connection: AsyncConnection, look: ShadowLook, costs: Costs) -> tuple[ShadowTrade, ...]:
    """Hold every open trade against what was seen; those that are still open then."""
    await log.lock_log(connection, look.desk_id)
    before = await open_trades(connection, look.desk_id)
    thinkers = await _thinkers(connection, look, {trade.strategy_id for trade in before})
    after = [score(trade, look, thinkers[trade.strategy_id], costs) for trade in before]
    for old, new in zip(before, after, strict=True):
        if old != new:
            await _keep(connection, new)
    await log.append(connection, [shadow_closed(one, look.trace_id) for one in after if not one.is_open])
    return tuple(one for one in after if one.is_open)


async def _thinkers(connection: AsyncConnection, look: ShadowLook, names: Iterable[str]) -> dict[str, Thinker]:
    desk = await read_portfolio(connection, look.desk_id)
    footings = {name: await read_footing(connection, look.desk_id, name) for name in names}
    return {name: one.thinker(desk, real_money=look.real_money) for name, one in footings.items()}


async def open_trades(connection: AsyncConnection, desk_id: str) -> tuple[ShadowTrade, ...]:
    """A desk's open shadow trades, the oldest first."""
    return await _where(connection, and_(shadow_trades.c.desk_id == desk_id, shadow_trades.c.closed_at.is_(None)))


async def find_trades(connection: AsyncConnection, names: Sequence[str]) -> dict[str, ShadowTrade]:
    """Those of these shadow trades that there are, by name."""
    found = await _where(connection, shadow_trades.c.shadow_id.in_(names)) if names else ()
    return {one.shadow_id: one for one in found}


async def all_trades(connection: AsyncConnection, desk_id: str, limit: int | None = None) -> tuple[ShadowTrade, ...]:
    """A desk's shadow trades, the oldest first; with a limit, the newest of them."""
    return await _where(connection, shadow_trades.c.desk_id == desk_id, limit)


def _told(trade: ShadowTrade, trace_id: str, *, for_desk: bool) -> Event:
    return shadow_opened(trade, trace_id, for_desk=for_desk) if trade.is_open else shadow_closed(trade, trace_id)


def _left_by(draft: ShadowTrade) -> ColumnElement[bool]:
    rows = shadow_trades.c
    ended = and_(rows.closing_cycle_id == draft.cycle_id, rows.desk_id == draft.desk_id, rows.symbol == draft.symbol)
    return or_(rows.shadow_id == draft.shadow_id, ended)


async def _where(
    connection: AsyncConnection, chosen: ColumnElement[bool], limit: int | None = None
) -> tuple[ShadowTrade, ...]:
    newest = shadow_trades.c.opened_at.desc(), shadow_trades.c.shadow_id.desc()
    rows = await connection.execute(select(shadow_trades).where(chosen).order_by(*newest).limit(limit))
    found = [
        ShadowTrade.model_validate({name: row[name] for name in ShadowTrade.model_fields}) for row in rows.mappings()
    ]
    return tuple(reversed(found))


async def _keep(connection: AsyncConnection, trade: ShadowTrade) -> None:
    row = trade.model_dump(exclude={"shadow_id"})
    await connection.execute(update(shadow_trades).where(shadow_trades.c.shadow_id == trade.shadow_id).values(row))
