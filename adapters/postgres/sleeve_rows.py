"""The rows of what each strategy has: its part of every symbol, its account, its transfers and its marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, RowMapping, Select, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.sleeve_tables import allocations, strategy_accounts, sub_positions
from trading.funding import Account, SubPosition
from trading.portfolio import Position
from trading.sleeves import Allocation, Holding, Sleeve

# Always all of it: there are few rows, and what is summed is never off.
_SETTLE = text(
    """
    INSERT INTO strategy_accounts AS a (desk_id, strategy_id, cash)
    SELECT :desk_id, strategy_id, sum(cash) FROM (
        SELECT strategy_id, cash FROM sub_positions WHERE desk_id = :desk_id
        UNION ALL SELECT strategy_id, amount FROM allocations WHERE desk_id = :desk_id
        UNION ALL SELECT strategy_id, 0 FROM strategy_accounts WHERE desk_id = :desk_id
    ) brought GROUP BY strategy_id
    ON CONFLICT (desk_id, strategy_id) DO UPDATE SET cash = excluded.cash WHERE a.cash <> excluded.cash
    """
)
# A fill that was taken back may have been all that a strategy ever did.
_FORGET = text(
    """
    DELETE FROM strategy_accounts a WHERE desk_id = :desk_id AND funded_for IS NULL
    AND NOT EXISTS (SELECT FROM sub_positions s WHERE (s.desk_id, s.strategy_id) = (a.desk_id, a.strategy_id))
    AND NOT EXISTS (SELECT FROM allocations t WHERE (t.desk_id, t.strategy_id) = (a.desk_id, a.strategy_id))
    """
)
_KEEP_MARK = text(
    """
    INSERT INTO strategy_marks AS m (desk_id, strategy_id, marked_at, equity, cash, flow_count)
    SELECT desk_id, strategy_id, :marked_at, :equity, cash, flow_count
    FROM strategy_accounts WHERE desk_id = :desk_id AND strategy_id = :strategy_id
    ON CONFLICT (desk_id, strategy_id, marked_at)
    DO UPDATE SET equity = excluded.equity, cash = excluded.cash, flow_count = excluded.flow_count
    WHERE NOT EXISTS (
        SELECT FROM strategy_marks l
        WHERE (l.desk_id, l.strategy_id) = (m.desk_id, m.strategy_id) AND l.marked_at > m.marked_at
    )
    """
).bindparams(bindparam("equity", type_=Numeric), bindparam("marked_at", type_=TIMESTAMP(timezone=True)))
_KEEP_PEAK = text(
    """
    UPDATE strategy_accounts SET peak_equity = greatest(peak_equity, :equity)
    WHERE desk_id = :desk_id AND strategy_id = :strategy_id
    """
).bindparams(bindparam("equity", type_=Numeric))
_KEY = ("desk_id", "strategy_id", "symbol")
_COUNTED = {"quantity", "cost_basis", "realised_pnl", "lots"}


async def read_holding(connection: AsyncConnection, desk_id: str, symbol: str, mark: Decimal) -> Holding:
    """A symbol as it is divided."""
    query = _parts(desk_id).where(sub_positions.c.symbol == symbol)
    rows = [_sub_position(row) for row in (await connection.execute(query)).mappings()]
    return Holding({one.strategy_id: _sleeve(one, mark) for one in rows})


async def read_parts(connection: AsyncConnection, desk_id: str) -> tuple[SubPosition, ...]:
    """Every part of every symbol."""
    return tuple(_sub_position(row) for row in (await connection.execute(_parts(desk_id))).mappings())


async def save_parts(connection: AsyncConnection, desk_id: str, parts: Iterable[SubPosition]) -> None:
    """Write parts of symbols, and what their accounts have then."""
    rows = [{"desk_id": desk_id, **one.model_dump(exclude={"lots"}), **_lots(one)} for one in parts]
    if rows:
        entered = insert(sub_positions).values(rows)
        changed = {name: entered.excluded[name] for name in rows[0] if name not in _KEY}
        await connection.execute(entered.on_conflict_do_update(index_elements=_KEY, set_=changed))
    await settle(connection, desk_id)


async def replace_parts(connection: AsyncConnection, desk_id: str, symbol: str, parts: Iterable[SubPosition]) -> None:
    """Write the parts of a symbol that was counted anew."""
    ours = (sub_positions.c.desk_id == desk_id) & (sub_positions.c.symbol == symbol)
    await connection.execute(delete(sub_positions).where(ours))
    await save_parts(connection, desk_id, parts)
    await connection.execute(_FORGET, {"desk_id": desk_id})


async def settle(connection: AsyncConnection, desk_id: str) -> None:
    """Set every account's cash to what transfers and parts make."""
    await connection.execute(_SETTLE, {"desk_id": desk_id})


async def read_accounts(connection: AsyncConnection, desk_id: str) -> dict[str, Account]:
    """Every account, by strategy."""
    query = select(strategy_accounts).where(strategy_accounts.c.desk_id == desk_id)
    rows = (await connection.execute(query.order_by(strategy_accounts.c.strategy_id))).mappings()
    accounts = (Account.model_validate({name: row[name] for name in Account.model_fields}) for row in rows)
    return {account.strategy_id: account for account in accounts}


async def save_account(connection: AsyncConnection, desk_id: str, account: Account) -> None:
    """Write an account."""
    entered = insert(strategy_accounts).values(desk_id=desk_id, **account.model_dump())
    changed = {name: entered.excluded[name] for name in Account.model_fields if name != "strategy_id"}
    key = ["desk_id", "strategy_id"]
    await connection.execute(entered.on_conflict_do_update(index_elements=key, set_=changed))


async def read_allocations(connection: AsyncConnection, desk_id: str) -> tuple[Allocation, ...]:
    """Every transfer, the oldest first."""
    query = select(allocations).where(allocations.c.desk_id == desk_id)
    rows = (
        await connection.execute(query.order_by(allocations.c.allocated_at, allocations.c.allocation_id))
    ).mappings()
    return tuple(Allocation.model_validate({name: row[name] for name in Allocation.model_fields}) for row in rows)


async def enter_allocation(connection: AsyncConnection, allocation: Allocation) -> None:
    """Write a transfer."""
    await connection.execute(insert(allocations).values(allocation.model_dump()))


async def keep_marks(connection: AsyncConnection, desk_id: str, marks: Mapping[str, Decimal], at: datetime) -> None:
    """Write what strategies with an account are worth, in dollars, and raise the peaks; an older mark stays."""
    for name, equity in marks.items():
        known = {"desk_id": desk_id, "strategy_id": name, "marked_at": at, "equity": equity}
        await connection.execute(_KEEP_MARK, known)
        await connection.execute(_KEEP_PEAK, known)


def _parts(desk_id: str) -> Select[Any]:
    ours = sub_positions.c.desk_id == desk_id
    return select(sub_positions).where(ours).order_by(sub_positions.c.symbol, sub_positions.c.strategy_id)


def _sub_position(row: RowMapping) -> SubPosition:
    return SubPosition.model_validate({name: row[name] for name in SubPosition.model_fields})


def _lots(part: SubPosition) -> dict[str, object]:
    return part.model_dump(mode="json", include={"lots"})


def _sleeve(part: SubPosition, mark: Decimal) -> Sleeve:
    position = Position(symbol=part.symbol, mark=mark, **part.model_dump(include=_COUNTED))
    return Sleeve(position=position, cash=part.cash)
