"""What became of setups, by books in memory."""

from __future__ import annotations

from adapters.memory.desk import Store
from trading.fates import Fate, names_of, shadow_id, trade_of
from trading.memory import Setup
from trading.orders import Order


def fate(store: Store, setup: Setup) -> Fate:
    """What became of one setup."""
    orders = tuple(_orders(store, setup))
    desk = store.desks.get(setup.desk_id)
    book = None if desk is None else desk.symbols.get(setup.symbol)
    trade = None if book is None or not orders else trade_of(setup, orders, book.trades.values())
    out = store.orders.get(trade.exit_order_id) if trade and trade.exit_order_id else None
    return Fate(
        orders=orders,
        trade=trade,
        exit_leg=out.order.request.leg if out else None,
        shadow=store.shadows.find(shadow_id(setup)),
    )


def _orders(store: Store, setup: Setup) -> list[Order]:
    found: list[Order] = []
    for name in names_of(setup.order_id) if setup.order_id else ():
        known = store.orders.get(name)
        if known is None:
            break
        found.append(known.order)
    return found
