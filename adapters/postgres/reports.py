"""What a person asks of the books: orders, trades, events and equity. Every function only reads."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import AwareDatetime
from sqlalchemy import case, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import tables
from adapters.postgres.engine import transaction
from trading.events import EventType
from trading.instruments import Side, Symbol
from trading.money import Dollars, Identifier, Price, Quantity, Record
from trading.orders import OPEN, Leg, OrderKind, OrderState
from trading.trades import Trade


class OrderLine(Record):
    """An order in one line: shares asked and filled, dollars a share on average, dollars of commission."""

    client_order_id: Identifier
    cycle_id: Identifier
    symbol: Symbol
    side: Side
    leg: Leg
    kind: OrderKind
    quantity: Quantity
    filled_quantity: Quantity
    average_price: Price | None
    commission: Dollars
    limit_price: Price | None
    stop_price: Price | None
    state: OrderState
    reason: str | None
    recorded_at: AwareDatetime


class EventLine(Record):
    """A line of the audit log, with its number in the desk's whole log."""

    sequence: int
    occurred_at: AwareDatetime
    type: EventType
    aggregate_id: Identifier
    trace_id: Identifier
    data: dict[str, object]
    hash: str


class EquityMark(Record):
    """What the desk was worth at a moment, in dollars."""

    marked_at: AwareDatetime
    equity: Dollars
    cash: Dollars


class Identity(Record):
    """Who the application is in the database, whether it could change the log, and what time it is there."""

    role: str
    may_change_events: bool
    server_version: str
    now: AwareDatetime


class Reports:
    """Questions about one desk's books."""

    def __init__(self, engine: AsyncEngine, desk_id: str) -> None:
        self._engine = engine
        self._desk_id = desk_id

    async def orders(self, *, limit: int, open_only: bool = False, cycle_id: str | None = None) -> list[OrderLine]:
        """The newest orders, oldest of them first; denied and protective ones among them."""
        orders = tables.orders
        where = [orders.c.desk_id == self._desk_id]
        if open_only:
            where.append(orders.c.state.in_(sorted(OPEN)))
        if cycle_id is not None:
            where.append(orders.c.cycle_id == cycle_id)
        newest = orders.c.recorded_at.desc(), orders.c.client_order_id.desc()
        query = select(orders, *_filled()).where(*where).order_by(*newest).limit(limit)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_order_line(dict(row)) for row in reversed(rows)]

    async def trades(self, *, limit: int) -> list[Trade]:
        """The newest round trips, oldest of them first."""
        trades = tables.trades
        newest = trades.c.opened_at.desc(), trades.c.trade_id.desc()
        query = select(trades).where(trades.c.desk_id == self._desk_id).order_by(*newest).limit(limit)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Trade.model_validate({name: _plain(row[name]) for name in Trade.model_fields}) for row in reversed(rows)]

    async def events(self, *, limit: int, cycle_id: str | None = None, after: int | None = None) -> list[EventLine]:
        """Lines of the log in their order: the newest, or those that follow number `after`."""
        events = tables.events
        where = [events.c.desk_id == self._desk_id]
        if cycle_id is not None:
            where.append(events.c.aggregate_id == cycle_id)
        if after is not None:
            where.append(events.c.sequence > after)
        order = events.c.sequence.desc() if after is None else events.c.sequence
        columns = [events.c[name] for name in EventLine.model_fields]
        query = select(*columns).where(*where).order_by(order).limit(limit)
        async with transaction(self._engine) as connection:
            lines = [EventLine.model_validate(row) for row in (await connection.execute(query)).mappings()]
        return lines if after is not None else lines[::-1]

    async def equity(self, *, limit: int) -> list[EquityMark]:
        """The newest marks of equity, oldest of them first."""
        marks = tables.equity_marks
        columns = [marks.c[name] for name in EquityMark.model_fields]
        newest = select(*columns).where(marks.c.desk_id == self._desk_id).order_by(marks.c.marked_at.desc()).limit(limit)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return [EquityMark.model_validate(row) for row in reversed(rows)]

    async def is_open(self) -> bool:
        """Whether this desk has books at all."""
        ours = tables.system_state.c.desk_id == self._desk_id
        async with transaction(self._engine) as connection:
            return (await connection.execute(select(tables.system_state.c.desk_id).where(ours))).first() is not None


async def identity(connection: AsyncConnection) -> Identity:
    """Who we are to the database."""
    query = text(
        """SELECT current_user AS role, clock_timestamp() AS now, current_setting('server_version') AS server_version,
        has_table_privilege('events', 'UPDATE, DELETE, TRUNCATE') AS may_change_events"""
    )
    return Identity.model_validate((await connection.execute(query)).mappings().one())


def _filled() -> tuple[object, ...]:
    raise NotImplementedError


def _order_line(row: dict[str, object]) -> OrderLine:
    raise NotImplementedError


def _plain(value: object) -> object:
    """A number without the zeros that its column adds."""
    return value.normalize() if isinstance(value, Decimal) else value
