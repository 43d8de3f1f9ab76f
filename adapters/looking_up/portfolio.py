"""`portfolio_at`: the books folded up to a moment, valued by the prices that the desk knew then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import TIMESTAMP, cast

from adapters.looking_up.events import EVENTS
from adapters.looking_up.reading import Reader, Whose, of_desk, patient, view
from adapters.looking_up.telling import Told, Untold, moment, table
from adapters.postgres.closes import PostgresCloses
from trading.closing import DailyClose
from trading.events import EventType
from trading.inquiry_arguments import PortfolioAt
from trading.inquiry_views import View
from trading.statement_at import Seen, Source, StatementAt, statement_at

# Of so many looks at the market and closes the newest price of each symbol is taken.
_MOST_LOOKS = 200
_MOST_CLOSES = 10
_CLOSES = view(View.DAILY_CLOSES, "body")
_MARKS = view(View.EQUITY_MARKS)
_COLUMNS = ("symbol", "shares", "cost", "price", "value", "unrealised", "priced_at", "priced_by")


class _Kept(NamedTuple):
    close: DailyClose
    event_id: str


async def portfolio_at(reader: Reader, whose: Whose, asked: PortfolioAt) -> Told:
    """Cash, positions and equity at a moment; and what the ledger itself kept of that moment, or just before it."""
    at = min(asked.at or whose.as_of, whose.as_of)
    closes = PostgresCloses(reader.engine)
    async with patient():
        known = await closes.known(whose.desk_id)
        if known is None or known.begun_at > at:
            begun = "it has none" if known is None else f"they begin at {moment(known.begun_at)}"
            message = f"the desk had no books at {moment(at)}: {begun}"
            raise Untold(message)
        # What was paid in has the world's time, also where prices are of the past.
        kept = await _closes(reader, whose, at)
        until = max([at, *(one.close.until_at for one in kept[:1])])
        history = await closes.history(whose.desk_id, until)
    looks = await _looks(reader, whose, at)
    statement = statement_at(history, at, until, [*looks, *(_prices_of(one.close) for one in kept)])
    lines = [*_summary(statement), *await _kept_words(reader, whose, statement, kept)]
    return Told(lines, [one.event_id for one in kept], len(statement.held))


def _summary(statement: StatementAt) -> Iterator[str]:
    yield f"at {moment(statement.at)}: cash {statement.cash} + positions = equity {statement.equity} dollars"
    yield f"realised by closing positions since the opening: {statement.realised} dollars"
    if not statement.held:
        yield "nothing was held"
        return
    rows = [
        dict(
            zip(
                _COLUMNS,
                (
                    one.position.symbol,
                    one.position.quantity,
                    one.position.cost_basis,
                    one.position.mark,
                    one.position.value,
                    one.unrealised,
                    one.priced_at,
                    one.source.name.lower(),
                ),
                strict=True,
            )
        )
        for one in statement.held
    ]
    yield from table(_COLUMNS, rows)


async def _kept_words(reader: Reader, whose: Whose, statement: StatementAt, kept: list[_Kept]) -> list[str]:
    """What the ledger wrote down at the time, to compare."""
    before = of_desk(_MARKS, whose, "marked_at").where(_MARKS.c.marked_at <= statement.at)
    marks = await reader.rows(before.order_by(_MARKS.c.marked_at.desc()).limit(1))
    said = [f"the ledger's last mark until then: equity {m['equity']} at {moment(m['marked_at'])}" for m in marks]
    if kept:
        newest = kept[0].close
        words = "without a price of all" if newest.equity is None else f"equity {newest.equity}"
        said.append(f"the close kept of {newest.session_on} ({kept[0].event_id}): {words}, cash {newest.cash}")
        if newest.closes_at == statement.at and newest.equity not in {None, statement.equity}:
            said.append("it differs: something of before that bell was told to the books after the close was made")
    return said


async def _closes(reader: Reader, whose: Whose, at: datetime) -> list[_Kept]:
    query = of_desk(_CLOSES, whose, "closes_at").where(_CLOSES.c.closes_at <= at)
    rows = await reader.rows(query.order_by(_CLOSES.c.closes_at.desc()).limit(_MOST_CLOSES))
    closes = [DailyClose.model_validate(row["body"]) for row in rows]
    return [_Kept(one, f"{one.desk_id}/{EventType.DAY_CLOSED}/{one.session_on}") for one in closes]


def _prices_of(close: DailyClose) -> Seen:
    prices = {line.symbol: line.price for line in close.symbols if line.price is not None}
    return Seen(close.closes_at, Source.CLOSE, prices)


async def _looks(reader: Reader, whose: Whose, at: datetime) -> list[Seen]:
    seen_at = cast(EVENTS.c.data["as_of"].astext, TIMESTAMP(timezone=True))
    query = of_desk(EVENTS, whose, "occurred_at").where(EVENTS.c.type == EventType.SNAPSHOT_TAKEN, seen_at <= at)
    rows = await reader.rows(query.order_by(seen_at.desc(), EVENTS.c.sequence.desc()).limit(_MOST_LOOKS))
    return [
        Seen(
            datetime.fromisoformat(row["data"]["as_of"]),
            Source.SNAPSHOT,
            {symbol: Decimal(price) for symbol, price in row["data"].get("prices", {}).items()},
        )
        for row in rows
    ]
