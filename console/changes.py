"""How much a desk has gained or lost since the close of the day before, and of the week before."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from adapters.postgres.breaker import read_facts
from adapters.postgres.engine import transaction
from console.desk import DeskBooks
from settings import Settings
from trading.breaker_rules import BreakerLook
from trading.money import Dollars, Ratio, Record


class Change(Record):
    """Dollars since a close: `base` is the equity then, with what was paid in and out since; `part` is of it.

    Null where nothing is known of before.
    """

    base: Dollars | None
    usd: Dollars | None
    part: Annotated[Ratio | None, Field(examples=[0.0123])]


class Changes(Record):
    """What the desk is worth as of its newest mark, and how that changed since the last closes before."""

    as_of: AwareDatetime | None
    equity: Dollars
    day: Change
    week: Change


async def changes_of(books: DeskBooks, settings: Settings) -> Changes:
    """As the circuit breaker counts them, gains included: days and weeks begin at the exchange's midnight."""
    zone, rules = settings.schedule.timezone, settings.breaker.rules
    look = BreakerLook(desk_id=books.desk_id, rules=rules, zone=zone, at=datetime.now(UTC))
    breaker = await books.ledger.breaker(books.desk_id)
    held = await books.ledger.portfolio(books.desk_id)
    async with transaction(books.engine) as connection:
        facts = await read_facts(connection, breaker, look)
    return Changes(
        as_of=held.marked_at,
        equity=facts.equity,
        day=_change(facts.equity, facts.day_base),
        week=_change(facts.equity, facts.week_base),
    )


def _change(equity: Decimal, base: Decimal | None) -> Change:
    if base is None:
        return Change(base=None, usd=None, part=None)
    return Change(base=base, usd=equity - base, part=float((equity - base) / base) if base > 0 else None)
