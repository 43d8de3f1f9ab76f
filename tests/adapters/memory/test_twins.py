"""Books in memory beside those in Postgres: the same calls, the same answers, the same books to the last seal."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.ledger import MemoryLedger
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.memory.twins import Twins
from tests.adapters.memory.walks import Step, Walk, steps

_numbers = count(1)
UNTIMED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def now() -> datetime:
    return datetime.now(UTC)


async def walked(engine: AsyncEngine, walk: list[Step]) -> None:
    await Twins(PostgresLedger(engine), MemoryLedger(now)).walk(Walk(f"twin-{next(_numbers)}"), walk)


@pytest.mark.faults
@given(st.lists(steps, min_size=20, max_size=40))
@settings(UNTIMED, max_examples=5)
async def test_whatever_is_asked_both_answer_the_same(engine: AsyncEngine, walk: list[Step]) -> None:
    await walked(engine, walk)


@pytest.mark.soak
@given(st.lists(steps, min_size=30, max_size=150))
@settings(UNTIMED, max_examples=40)
async def test_however_long_they_are_asked_both_answer_the_same(engine: AsyncEngine, walk: list[Step]) -> None:
    await walked(engine, walk)
