"""`capital`: what was paid in and out, and paying it on paper.

Money is moved at the paper broker first and written in the books second, both under one id: asked again with that id,
it is moved once. A command that dies in between leaves a deposit that the broker's statement tells of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import uuid4

from pydantic import Field, TypeAdapter, ValidationError

from adapters.paper_broker import PaperBroker
from adapters.postgres.capital_rows import capital_of_desk
from adapters.postgres.engine import transaction
from console.desk import DeskBooks, books_of
from console.output import Output, dollars, gain, grid, pairs, plain, title
from console.reach import reach
from console.state import LONGEST_REASON
from console.watchlist import Prices
from settings import Settings
from trading.capital import capital_changed, capital_of_activity
from trading.errors import BadConfiguration
from trading.money import Dollars, Identifier, Record
from trading.ports import Broker, Market
from trading.statement import Activity, ActivityKind
from wiring.brokers import broker_of

MOST_CASH = Decimal(1_000_000_000_000)
"""Beyond it what is paid in would come near what an amount can hold, and no portfolio could be read any more."""
_AMOUNT = TypeAdapter[Decimal](Annotated[Dollars, Field(gt=0)])
_ID = TypeAdapter[str](Identifier)


@dataclass(frozen=True)
class Payment:
    """What somebody wants paid in or out, in the words in which it was said."""

    kind: ActivityKind
    amount: str
    reason: str
    again: str | None = None


class Moved(Record):
    """Money that was paid in, or out when negative, under which id, and the cash since."""

    capital_event_id: Identifier
    amount: Dollars
    cash: Dollars


async def move(settings: Settings, output: Output, kind: ActivityKind, asked: tuple[str, str, str | None]) -> int:
    """Pay in or out; `asked` is the amount, the reason and the id of an earlier try that may not have come through."""
    activity = activity_of(settings.desk.id, Payment(kind, *asked))
    async with books_of(reach(settings).database, settings.desk.id) as books:
        moved = await paid(settings, books, Prices.of(settings).market, activity, uuid4().hex)
    done = "paid in" if kind is ActivityKind.DEPOSIT else "paid out"
    output.show(moved, f"  {dollars(abs(moved.amount))} USD {done}; the desk has {dollars(moved.cash)} USD of cash.")
    return 0


def activity_of(desk_id: str, wish: Payment) -> Activity:
    """What is to happen to the account. Raises BadConfiguration for what cannot be read."""
    amount = _amount(wish.amount)
    if not 0 < len(wish.reason.strip()) <= LONGEST_REASON:
        message = f"a reason has 1 to {LONGEST_REASON} characters, for whoever reads the log"
        raise BadConfiguration(message)
    return Activity(
        activity_id=_named(wish.again) or f"{desk_id}/{wish.kind}-{uuid4().hex[:12]}",
        kind=wish.kind,
        amount=amount if wish.kind is ActivityKind.DEPOSIT else -amount,
        occurred_at=datetime.now(UTC),
        words=plain(wish.reason.strip()),
    )


async def paid(settings: Settings, books: DeskBooks, market: Market, activity: Activity, trace_id: str) -> Moved:
    """Pay in or out on paper. Raises BadConfiguration where the broker itself moves its money, and for too much."""
    broker: Broker = broker_of(settings, books.engine, market)
    if not isinstance(broker, PaperBroker):
        message = f"money moves at {broker.name} itself; the books follow its statement at the next reconciliation"
        raise BadConfiguration(message)
    if activity.amount + (await books.ledger.portfolio(books.desk_id)).cash > MOST_CASH:
        raise BadConfiguration(f"a desk on paper holds {MOST_CASH:,} USD at most: its books count no further")
    await _move(books, broker, activity, trace_id)
    held = await books.ledger.portfolio(books.desk_id)
    return Moved(capital_event_id=activity.activity_id, amount=activity.amount, cash=held.cash)


async def listing(settings: Settings, output: Output) -> int:
    """Everything that changed the cash without a trade, the oldest first."""
    async with books_of(reach(settings).database, settings.desk.id) as books, transaction(books.engine) as connection:
        events = await capital_of_desk(connection, books.desk_id)
    table = grid("when", "kind", ">dollars", "symbol", "~why")
    sums: dict[str, Decimal] = {}
    for event in events:
        sums[event.kind] = sums.get(event.kind, Decimal(0)) + event.amount
        when = f"{event.occurred_at:%Y-%m-%d %H:%M}"
        table.add_row(when, event.kind, gain(event.amount), event.symbol or "", plain(event.reason))
    totals = pairs([(kind.replace("_", " "), f"{dollars(amount)} USD") for kind, amount in sums.items()])
    output.show(events, title(f"Capital of {settings.desk.id}"), totals, "", table)
    return 0


async def _move(books: DeskBooks, broker: PaperBroker, activity: Activity, trace_id: str) -> None:
    moved = await broker.move_money(books.desk_id, activity)
    capital = capital_of_activity(books.desk_id, moved)
    if capital is not None:
        await books.ledger.change_capital(capital_changed(capital, trace_id))


def _amount(said: str) -> Decimal:
    try:
        return _AMOUNT.validate_python(said)
    except ValidationError as error:
        raise BadConfiguration(f"not an amount of dollars and cents: {said}") from error


def _named(said: str | None) -> str | None:
    try:
        return None if said is None else _ID.validate_python(said)
    except ValidationError as error:
        raise BadConfiguration(f"not an id of a capital event: {said}") from error
