"""Everything the audit looks at, of one desk in memory. Sealed here, and read whole: the one thing that takes long."""

from __future__ import annotations

from adapters.memory.desk import Store
from trading.audit import Books
from trading.events import GENESIS


def read_books(store: Store, desk_id: str) -> Books:
    """A desk's books, positions that are closed included."""
    desk = store.desk(desk_id)
    events = desk.log.sealed()
    trades = [trade for book in desk.symbols.values() for trade in book.trades.values()]
    return Books(
        desk_id=desk_id,
        portfolio=desk.flat_portfolio(),
        equity=desk.equity,
        most_equity=desk.marks.most(desk.flow_count),
        capital=tuple(sorted(desk.capital, key=lambda one: one.occurred_at)),
        orders=tuple(known.order for known in desk.orders.values()),
        fills=tuple(sorted(desk.fills, key=lambda one: (one.filled_at, one.fill_id))),
        adjustments=tuple(sorted(desk.adjustments, key=lambda one: (one.effective_at, one.adjustment_id))),
        trades=tuple(sorted(trades, key=lambda one: (one.opened_at, one.trade_id))),
        strategies=tuple(desk.strategies[name] for name in sorted(desk.strategies)),
        sub_positions=desk.parts(),
        accounts=tuple(desk.accounts[name] for name in sorted(desk.accounts)),
        allocations=tuple(sorted(desk.allocations, key=lambda one: (one.allocated_at, one.allocation_id))),
        shadows=store.shadows.all_trades(desk_id),
        events=events,
        event_count=len(desk.log.events),
        event_head=events[-1].hash if events else GENESIS,
        breaker=desk.breaker,
        strategy_breakers=desk.strategy_breakers(),
    )
