"""A ledger over a real database, with one open desk of 100,000 dollars."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database, owner_engine
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import opening


@pytest.fixture
async def ledger(engine: AsyncEngine) -> PostgresLedger:
    ledger = PostgresLedger(engine)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    return ledger


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[AsyncEngine]:
    """The way in of someone who may do everything."""
    engine = owner_engine(database)
    yield engine
    await engine.dispose()
