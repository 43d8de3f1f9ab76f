"""Books in memory with one open desk of 100,000 dollars, in the place of those in Postgres."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.memory.ledger import MemoryLedger
from tests.adapters.postgres.desk import opening


def now() -> datetime:
    """The clock of this machine, which is the database's too."""
    return datetime.now(UTC)


@pytest.fixture
async def ledger() -> MemoryLedger:
    ledger = MemoryLedger(now)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    return ledger
