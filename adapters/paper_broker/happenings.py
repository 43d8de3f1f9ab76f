"""What happens to an account without a trade: money that is moved, shares that are split.

Each works in its caller's transaction, which holds the symbol and the account.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.paper_broker import account, splits, store
from adapters.paper_broker.book import Book
from adapters.postgres.paper_tables import paper_positions
from trading.adjustments import cash_in_lieu, new_price
from trading.errors import BooksDisagree, BrokerRefused
from trading.money import ZERO
from trading.statement import Activity, ActivityKind, Holding


async def move_money(connection: AsyncConnection, desk_id: str, activity: Activity) -> Activity:
    """Pay into an account or out of it, once; the activity as it was entered first."""
    wrong = {ActivityKind.DEPOSIT: activity.amount <= 0, ActivityKind.WITHDRAWAL: activity.amount >= 0}
    if wrong.get(activity.kind, activity.kind is ActivityKind.SPLIT):
        raise BrokerRefused(f"activity {activity.activity_id}: a {activity.kind} of {activity.amount} USD")
    if not await account.enter(connection, desk_id, activity):
        return await account.known(connection, desk_id, activity.activity_id) or activity
    free = (await account.money(connection, desk_id)).buying_power
    if activity.kind is ActivityKind.WITHDRAWAL and -activity.amount > free:
        raise BrokerRefused(f"{-activity.amount} USD to withdraw, {free} are free")
    await account.add_cash(connection, desk_id, activity.amount)
    return activity


async def apply_split(
    connection: AsyncConnection, desk_id: str, split: Activity, ratio: Decimal, *, fractions: bool
) -> bool:
    """Re-base shares, open orders and the mark; pay a part of a share that is left over in cash. Once."""
    symbol = symbol_of(split)
    if await account.known(connection, desk_id, split.activity_id) is not None:
        return False
    book = (await store.books(connection, [symbol])).get((desk_id, symbol), Book())
    after = splits.split(book, ratio, fractions=fractions)
    words = f"{ratio:f} for 1"
    told = split.model_copy(update={"shares": after.held - book.held, "words": words})
    await account.enter(connection, desk_id, told)
    await store.save(connection, [after])
    row = select(paper_positions).where(paper_positions.c.desk_id == desk_id, paper_positions.c.symbol == symbol)
    held = (await connection.execute(row)).one_or_none()
    if held is None:
        return True
    cash = cash_in_lieu(book.held, held.mark, ratio, fractions=fractions)
    holding = Holding(symbol=symbol, quantity=after.held)
    await account.post(connection, desk_id, holding, new_price(held.mark, ratio), held.marked_at)
    if cash:
        paid = Activity(
            activity_id=f"{split.activity_id}/cash",
            kind=ActivityKind.CASH_IN_LIEU,
            amount=cash,
            symbol=symbol,
            occurred_at=split.occurred_at,
            words=words,
        )
        await account.enter(connection, desk_id, paid)
        await account.add_cash(connection, desk_id, cash)
    return True


def symbol_of(split: Activity) -> str:
    """The symbol that is split. Raises BooksDisagree when the activity is no split."""
    if split.kind is not ActivityKind.SPLIT or split.symbol is None or split.shares != ZERO:
        raise BooksDisagree(f"activity {split.activity_id} is no split of a symbol")
    return split.symbol
