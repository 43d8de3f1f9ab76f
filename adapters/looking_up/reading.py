"""The views of one desk, on connections that cannot write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, TableClause, column, select, table
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Boolean, Date, Numeric, Text, TypeEngine

from adapters.looking_up.telling import Untold
from adapters.postgres.engine import READING_SCHEMA, consistent, transaction
from trading.errors import LedgerUnavailable
from trading.inquiry_limits import STATEMENT_SECONDS
from trading.inquiry_views import SHAPES, Kind, View

_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Text(),
    Kind.NUMBER: Numeric(asdecimal=True),
    Kind.TIME: TIMESTAMP(timezone=True),
    Kind.DAY: Date(),
    Kind.FLAG: Boolean(),
}
_CANCELLED = "57014"


class Whose(NamedTuple):
    """Which desk is looked at, and as it was when."""

    desk_id: str
    as_of: datetime


def view(name: View, *documents: str) -> TableClause:
    """A view with its columns, and those of its JSON documents that are asked for."""
    columns = [column(each, _TYPES[kind]) for each, kind in SHAPES[name].columns.items()]
    more = [column(each, JSONB) for each in documents]
    return table(name.value, column("desk_id", Text), *columns, *more, schema=READING_SCHEMA)


def of_desk(source: TableClause, whose: Whose, at: str | None) -> Select[Any]:
    """All rows of one desk, none of which is of later than the moment that is looked at."""
    query = select(source).where(source.c.desk_id == whose.desk_id)
    return query if at is None else query.where(source.c[at] <= whose.as_of)


class Reader:
    """One or more statements at one instant. Raises LedgerUnavailable when that may be tried again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def rows(self, query: Select[Any]) -> Sequence[Mapping[Any, Any]]:
        """The rows of one query."""
        async with self.connection() as connection:
            found: Sequence[Mapping[Any, Any]] = (await connection.execute(query)).mappings().all()
        return found

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads. Raises Untold where a statement took longer than it may."""
        async with patient(), transaction(consistent(self.engine)) as connection:
            yield connection


@asynccontextmanager
async def patient() -> AsyncIterator[None]:
    """Say of a statement that was ended for its length that it was too much to ask: again it would be."""
    try:
        yield
    except LedgerUnavailable as error:
        if getattr(getattr(error.__cause__, "orig", None), "sqlstate", None) != _CANCELLED:
            raise
        message = f"that took longer than {STATEMENT_SECONDS:g} seconds: ask for a shorter time, or of one cycle"
        raise Untold(message) from error
