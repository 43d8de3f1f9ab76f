"""A desk's account at the paper broker: cash, shares and what else happened. Each works in its caller's transaction.

Locks are always taken in one order: symbols first, then accounts by the names of their desks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import DateTime, Numeric, Text

from adapters.paper_broker.entitlements import same_again
from adapters.paper_broker.money import Money, money_of
from adapters.postgres.paper_tables import paper_accounts, paper_activities
from trading.errors import BooksDisagree
from trading.market import Quote
from trading.statement import Activity, ActivityKind, Holding

_LOCK = text(
    "SELECT desk_id, cash FROM paper_accounts WHERE desk_id = ANY(:desk_ids) ORDER BY desk_id FOR UPDATE"
).bindparams(bindparam("desk_ids", type_=ARRAY(Text)))
# What open orders may still cost; one that reduces a short position costs nothing new.
_STANDING = text(
    """
    SELECT a.cash, o.quantity - o.filled_quantity AS leaves, coalesce(o.limit_price, o.stop_price, o.mark, 0) AS price
    FROM paper_accounts a LEFT JOIN paper_orders o ON o.desk_id = a.desk_id AND o.side = 'buy' AND o.leg = 'entry'
        AND o.state IN ('accepted', 'partially_filled')
    WHERE a.desk_id = :desk_id
    """
)
_POST = text(
    """
    INSERT INTO paper_positions (desk_id, symbol, quantity, mark, marked_at)
    VALUES (:desk_id, :symbol, :quantity, :mark, :marked_at)
    ON CONFLICT (desk_id, symbol) DO UPDATE SET quantity = excluded.quantity, mark = excluded.mark,
        marked_at = greatest(paper_positions.marked_at, excluded.marked_at)
    """
).bindparams(
    bindparam("quantity", type_=Numeric),
    bindparam("mark", type_=Numeric),
    bindparam("marked_at", type_=DateTime(timezone=True)),
)
_MARK = text(
    """
    UPDATE paper_positions SET mark = q.mark, marked_at = q.quoted_at
    FROM unnest(:symbols, :marks, :times) AS q (symbol, mark, quoted_at)
    WHERE paper_positions.symbol = q.symbol AND quantity <> 0 AND marked_at <= q.quoted_at
    """
).bindparams(
    bindparam("symbols", type_=ARRAY(Text)),
    bindparam("marks", type_=ARRAY(Numeric)),
    bindparam("times", type_=ARRAY(DateTime(timezone=True))),
)
_HELD = text(
    """
    SELECT symbol, quantity, mark FROM paper_positions WHERE desk_id = :desk_id AND quantity <> 0
    ORDER BY symbol COLLATE "C"
    """
)


async def lock(connection: AsyncConnection, desk_ids: Sequence[str], opening: Mapping[str, object]) -> None:
    """Hold these accounts until the transaction ends; one that is not there yet opens with its first deposit.

    `opening` is the deposit's `amount` and `occurred_at`.
    """
    for desk_id in sorted(set(desk_ids)):
        row = {"desk_id": desk_id, "cash": opening["amount"]}
        opened = insert(paper_accounts).values(row).on_conflict_do_nothing().returning(paper_accounts.c.desk_id)
        if (await connection.execute(opened)).first() is not None:
            paid = Activity.model_validate(
                {"activity_id": f"{desk_id}/opening-deposit", "kind": ActivityKind.DEPOSIT, **opening}
            )
            await enter(connection, desk_id, paid)
    await connection.execute(_LOCK, {"desk_ids": sorted(set(desk_ids))})


async def money(connection: AsyncConnection, desk_id: str) -> Money:
    """What an account is worth and what it may spend."""
    held = [(row.quantity, row.mark) for row in await connection.execute(_HELD, {"desk_id": desk_id})]
    standing = (await connection.execute(_STANDING, {"desk_id": desk_id})).all()
    buys = [(row.leaves, row.price) for row in standing if row.leaves is not None]
    return money_of(standing[0].cash, held, buys)


async def add_cash(connection: AsyncConnection, desk_id: str, dollars: Decimal) -> None:
    """Change an account's cash; its lock is held."""
    ours = paper_accounts.c.desk_id == desk_id
    await connection.execute(update(paper_accounts).where(ours).values(cash=paper_accounts.c.cash + dollars))


async def post(connection: AsyncConnection, desk_id: str, holding: Holding, mark: Decimal, at: datetime) -> None:
    """Write what is held of a symbol now, valued at a price of that moment."""
    row = {"desk_id": desk_id, **holding.model_dump(), "mark": mark, "marked_at": at}
    await connection.execute(_POST, row)


async def mark(connection: AsyncConnection, quotes: Mapping[str, Quote]) -> None:
    """Value what every desk holds at these quotes, unless a later price is known."""
    told = {
        "symbols": list(quotes),
        "marks": [quote.mark for quote in quotes.values()],
        "times": [quote.quoted_at for quote in quotes.values()],
    }
    await connection.execute(_MARK, told)


async def holdings(connection: AsyncConnection, desk_id: str) -> tuple[Holding, ...]:
    """All that a desk holds."""
    rows = await connection.execute(_HELD, {"desk_id": desk_id})
    return tuple(Holding(symbol=row.symbol, quantity=row.quantity) for row in rows)


async def enter(connection: AsyncConnection, desk_id: str, activity: Activity) -> bool:
    """Write what happened to an account, and say whether it is new. Of two moments the one told first counts.

    Raises BooksDisagree when its id was written with other content.
    """
    row = {**activity.model_dump(), "desk_id": desk_id}
    entered = insert(paper_activities).values(row).on_conflict_do_nothing().returning(paper_activities.c.activity_id)
    if (await connection.execute(entered)).first() is not None:
        return True
    if not same_again(await known(connection, desk_id, activity.activity_id), activity):
        raise BooksDisagree(f"activity {activity.activity_id} was entered before with other content")
    return False


async def known(connection: AsyncConnection, desk_id: str, activity_id: str) -> Activity | None:
    """What was written under this id."""
    found = await _activities(connection, desk_id, paper_activities.c.activity_id == activity_id)
    return found[0] if found else None


async def activities(connection: AsyncConnection, desk_id: str, since: datetime) -> tuple[Activity, ...]:
    """What happened to an account without a trade since a moment, or was told of it since."""
    recent = (paper_activities.c.occurred_at >= since) | (paper_activities.c.recorded_at >= since)
    return await _activities(connection, desk_id, recent)


async def _activities(connection: AsyncConnection, desk_id: str, which: ColumnElement[bool]) -> tuple[Activity, ...]:
    fields = [paper_activities.c[name] for name in Activity.model_fields]
    ours = paper_activities.c.desk_id == desk_id
    query = select(*fields).where(ours & which).order_by(paper_activities.c.number)
    return tuple(Activity.model_validate(row) for row in (await connection.execute(query)).mappings())
