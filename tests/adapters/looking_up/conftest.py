"""A reader of the test's database, and tools over it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.looking_up.tools import LookingUp, Places
from adapters.postgres.engine import Database, reader_engine
from adapters.redaction import Redaction


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[AsyncEngine]:
    """Connections of the role that only reads."""
    engine = reader_engine(database, seconds=30)  # how long a query takes is no matter here
    yield engine
    await engine.dispose()


@pytest.fixture
def tools(reader: AsyncEngine) -> LookingUp:
    """Every tool, with nothing but the books to look into."""
    return LookingUp(reader, Places(), Redaction(["hunter2-hunter2"]))
