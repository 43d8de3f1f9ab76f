"""What happens to an account without a trade: money that is moved, shares that are split, dividends.

Each works in its caller's transaction, which holds the symbol and the account.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.paper_broker import account, entitlements, store
from adapters.paper_broker.book import Book
from adapters.paper_broker.splits import Split, marks, split_book
from adapters.postgres.paper_tables import paper_positions
from trading.corporate_actions import SAME_ACTION, CorporateAction
from trading.errors import BrokerRefused
from trading.statement import Activity, Holding


async def move_money(connection: AsyncConnection, desk_id: str, activity: Activity) -> Activity:
    """Pay into an account or out of it, once; the activity as it was entered first."""
    if wrong := entitlements.wrong_move(activity):
        raise BrokerRefused(wrong)
    if not await account.enter(connection, desk_id, activity):
        return await account.known(connection, desk_id, activity.activity_id) or activity
    free = (await account.money(connection, desk_id)).buying_power
    if too_much := entitlements.overdrawn(activity, free):
        raise BrokerRefused(too_much)
    await account.add_cash(connection, desk_id, activity.amount)
    return activity


async def apply(connection: AsyncConnection, desk_id: str, action: CorporateAction, *, fractions: bool) -> None:
    """Let a split or a dividend happen to what was held before its ex-date; once, whichever day lists give it."""
    told = entitlements.told(desk_id, action)
    if await _has_had(connection, desk_id, told, action):
        return
    book = (await store.books(connection, [action.symbol])).get((desk_id, action.symbol), Book())
    gained = await _gained_since(connection, desk_id, told)
    if action.ratio is not None:
        await _split(connection, (desk_id, told), book, Split(action.ratio, told.occurred_at, fractions, gained))
    elif action.amount_usd is not None:
        paid = entitlements.dividend(told, book.held - gained, action.amount_usd, action.ex_on)
        await _pay(connection, desk_id, paid)


async def split_at(connection: AsyncConnection, desk_id: str, symbol: str, as_of: datetime) -> datetime | None:
    """The newest split that an account has had around a moment: what was quoted before it is of the old shares."""
    recent = await account.activities(connection, desk_id, as_of - entitlements.SAME_SPLIT)
    return entitlements.newest_split(recent, symbol)


async def _has_had(connection: AsyncConnection, desk_id: str, told: Activity, action: CorporateAction) -> bool:
    since = told.occurred_at - SAME_ACTION[action.kind]
    return entitlements.has_had(told, action, await account.activities(connection, desk_id, since))


async def _gained_since(connection: AsyncConnection, desk_id: str, told: Activity) -> Decimal:
    fills = await store.fills_of_desk(connection, desk_id, told.occurred_at)
    return entitlements.gained_since(told, fills, await account.activities(connection, desk_id, told.occurred_at))


async def _split(connection: AsyncConnection, told: tuple[str, Activity], book: Book, split: Split) -> None:
    """Re-base shares, open orders and the mark; pay a part of a share that is left over in cash."""
    desk_id, activity = told
    after = split_book(book, split)
    await account.enter(connection, desk_id, entitlements.split_shares(activity, split, after.held - book.held))
    await store.save(connection, [after])
    of_symbol = paper_positions.c.symbol == activity.symbol
    row = select(paper_positions).where(paper_positions.c.desk_id == desk_id, of_symbol)
    held = (await connection.execute(row)).one_or_none()
    if held is None:
        return
    old, new = marks(held.mark, held.marked_at, split)
    holding, marked_at = Holding(symbol=held.symbol, quantity=after.held), max(held.marked_at, split.at)
    await account.post(connection, desk_id, holding, new, marked_at)
    await _pay(connection, desk_id, entitlements.in_lieu(activity, split, book.held, old))


async def _pay(connection: AsyncConnection, desk_id: str, activity: Activity) -> None:
    if activity.amount:
        await account.enter(connection, desk_id, activity)
        await account.add_cash(connection, desk_id, activity.amount)
