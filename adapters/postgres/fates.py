"""What became of setups, by the tables of orders, trades and shadow trades: four statements for any number of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import order_rows, shadow
from adapters.postgres.tables import trades
from trading.fates import Fate, names_of, shadow_id, trade_of
from trading.memory import Setup
from trading.orders import Order
from trading.trades import Trade


async def read_fates(connection: AsyncConnection, desk_id: str, setups: Sequence[Setup]) -> dict[str, Fate]:
    """What became of setups of one desk, by the memory's name."""
    names = [name for one in setups if one.order_id for name in names_of(one.order_id)]
    orders = await order_rows.find_orders(connection, names)
    shadows = await shadow.find_trades(connection, [shadow_id(one) for one in setups])
    filled = [one for one in setups if any(order.filled_quantity for order in _of(one, orders))]
    by_symbol = await _trades(connection, desk_id, filled)
    found = {one.memory_id: trade_of(one, _of(one, orders), by_symbol[one.symbol]) for one in filled}
    out = await order_rows.find_orders(connection, _exits(found.values()))
    fates: dict[str, Fate] = {}
    for one in setups:
        trade = found.get(one.memory_id)
        last = out.get(trade.exit_order_id or "") if trade else None
        fates[one.memory_id] = Fate(
            orders=_of(one, orders),
            trade=trade,
            exit_leg=last.request.leg if last else None,
            shadow=shadows.get(shadow_id(one)),
        )
    return fates


def _of(setup: Setup, orders: Mapping[str, Order]) -> tuple[Order, ...]:
    names = names_of(setup.order_id) if setup.order_id else ()
    return tuple(orders[name] for name in names if name in orders)


def _exits(found: Iterable[Trade | None]) -> list[str]:
    return [one.exit_order_id for one in found if one is not None and one.exit_order_id is not None]


async def _trades(connection: AsyncConnection, desk_id: str, setups: Sequence[Setup]) -> dict[str, list[Trade]]:
    by_symbol: dict[str, list[Trade]] = defaultdict(list)
    if not setups:
        return by_symbol
    since, of = min(one.decided_at for one in setups), trades.c
    later: ColumnElement[bool] = of.closed_at.is_(None) | (of.closed_at > since)
    ours = (of.desk_id == desk_id) & of.symbol.in_(sorted({one.symbol for one in setups})) & later
    for row in (await connection.execute(select(trades).where(ours))).mappings():
        by_symbol[row["symbol"]].append(Trade.model_validate({name: row[name] for name in Trade.model_fields}))
    return by_symbol
