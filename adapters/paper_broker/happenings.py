"""What happens to an account without a trade: money that is moved, shares that are split, dividends.

Each works in its caller's transaction, which holds the symbol and the account.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.paper_broker import account, store
from adapters.paper_broker.book import Book
from adapters.paper_broker.splits import Split, marks, split_book
from adapters.postgres.paper_tables import paper_positions
from trading.adjustments import cash_in_lieu
from trading.corporate_actions import SAME_ACTION, ActionKind, CorporateAction, effective_at
from trading.errors import BrokerRefused
from trading.money import ZERO, cents
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


async def apply(connection: AsyncConnection, desk_id: str, action: CorporateAction, *, fractions: bool) -> None:
    """Let a split or a dividend happen to what was held before its ex-date; once, whichever day lists give it."""
    told = Activity(
        activity_id=f"{desk_id}/{action.symbol}/{action.kind}/{action.ex_on}",
        kind=ActivityKind(action.kind),
        symbol=action.symbol,
        occurred_at=effective_at(action.ex_on),
    )
    if await _has_had(connection, desk_id, told, action):
        return
    book = (await store.books(connection, [action.symbol])).get((desk_id, action.symbol), Book())
    gained = await _gained_since(connection, desk_id, told)
    if action.ratio is not None:
        await _split(connection, (desk_id, told), book, Split(action.ratio, told.occurred_at, fractions, gained))
    elif action.amount_usd is not None:
        amount = cents((book.held - gained) * action.amount_usd)
        words = f"{action.amount_usd:f} USD a share on {book.held - gained:f} shares, ex {action.ex_on}"
        await _pay(connection, desk_id, told.model_copy(update={"amount": amount, "words": words}))


async def split_at(connection: AsyncConnection, desk_id: str, symbol: str, as_of: datetime) -> datetime | None:
    """The newest split that an account has had around a moment: what was quoted before it is of the old shares."""
    recent = await account.activities(connection, desk_id, as_of - SAME_ACTION[ActionKind.SPLIT])
    splits = [one.occurred_at for one in recent if (one.kind, one.symbol) == (ActivityKind.SPLIT, symbol)]
    return max(splits, default=None)


async def _has_had(connection: AsyncConnection, desk_id: str, told: Activity, action: CorporateAction) -> bool:
    near = SAME_ACTION[action.kind]
    return any(
        (other.kind, other.symbol) == (told.kind, told.symbol) and abs(other.occurred_at - told.occurred_at) < near
        for other in await account.activities(connection, desk_id, told.occurred_at - near)
    )


async def _gained_since(connection: AsyncConnection, desk_id: str, told: Activity) -> Decimal:
    """Signed shares that came to be held at the moment of an action, or since."""
    fills = await store.fills_of_desk(connection, desk_id, told.occurred_at)
    activities = await account.activities(connection, desk_id, told.occurred_at)
    traded = (f.signed_quantity for f in fills if f.symbol == told.symbol and f.filled_at >= told.occurred_at)
    given = (a.shares for a in activities if a.symbol == told.symbol and a.occurred_at >= told.occurred_at)
    return sum((*traded, *given), ZERO)


async def _split(connection: AsyncConnection, told: tuple[str, Activity], book: Book, split: Split) -> None:
    """Re-base shares, open orders and the mark; pay a part of a share that is left over in cash."""
    desk_id, activity = told
    after, words = split_book(book, split), f"{split.ratio.normalize():f} for 1"
    shares = {"shares": after.held - book.held, "words": words}
    await account.enter(connection, desk_id, activity.model_copy(update=shares))
    await store.save(connection, [after])
    of_symbol = paper_positions.c.symbol == activity.symbol
    row = select(paper_positions).where(paper_positions.c.desk_id == desk_id, of_symbol)
    held = (await connection.execute(row)).one_or_none()
    if held is None:
        return
    old, new = marks(held.mark, held.marked_at, split)
    holding, marked_at = Holding(symbol=held.symbol, quantity=after.held), max(held.marked_at, split.at)
    await account.post(connection, desk_id, holding, new, marked_at)
    rest = {
        "activity_id": f"{activity.activity_id}/cash",
        "kind": ActivityKind.CASH_IN_LIEU,
        "amount": cash_in_lieu(book.held - split.gained, old, split.ratio, fractions=split.fractions),
        "words": words,
    }
    await _pay(connection, desk_id, activity.model_copy(update=rest))


async def _pay(connection: AsyncConnection, desk_id: str, activity: Activity) -> None:
    if activity.amount:
        await account.enter(connection, desk_id, activity)
        await account.add_cash(connection, desk_id, activity.amount)
