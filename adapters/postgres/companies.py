"""Company facts in Postgres, one row a symbol, for all desks and workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.market_tables import companies as table
from trading.companies import Company
from trading.events import printable


class PostgresCompanies:
    """The port `Companies`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, symbols: Sequence[str]) -> Mapping[str, Company]:
        """What is known of these symbols, however old."""
        query = select(table).where(table.c.symbol.in_(symbols))
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {row["symbol"]: Company.model_validate(dict(row)) for row in rows}

    async def keep(self, companies: Sequence[Company]) -> None:
        """Store facts; a row that is newer stays. Rows go in by symbol, so that two writers cannot lock each other."""
        if not companies:
            return
        rows = [_row(company) for company in sorted(companies, key=lambda company: company.symbol)]
        put = insert(table)
        newer = {column.name: put.excluded[column.name] for column in table.columns if not column.primary_key}
        statement = put.on_conflict_do_update(
            index_elements=[table.c.symbol], set_=newer, where=table.c.known_at <= put.excluded.known_at
        )
        async with transaction(self._engine) as connection:
            await connection.execute(statement, rows)


def _row(company: Company) -> dict[str, object]:
    row = company.model_dump()
    for name in ("fundamentals", "earnings"):
        told = getattr(company, name)
        row[name] = None if told is None else told.model_dump(mode="json")
    return {name: printable(value) if isinstance(value, str) else value for name, value in row.items()}
