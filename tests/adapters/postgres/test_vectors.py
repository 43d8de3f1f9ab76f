"""The vectors' extension: who may not create it is told what an administrator runs, and then goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database, owner_engine, transaction
from adapters.postgres.migrations import migrate
from trading.errors import BadConfiguration

NAME = "plain_owner"


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[AsyncEngine]:
    """A superuser's way into an empty database that belongs to somebody who is none."""
    engine = owner_engine(database)
    await run(
        engine,
        "DROP SCHEMA public, reading CASCADE",
        f"CREATE ROLE {NAME} LOGIN CREATEROLE PASSWORD 'word'",
        f"GRANT trading_app, trading_reader TO {NAME} WITH ADMIN OPTION",
        f"CREATE SCHEMA public AUTHORIZATION {NAME}",
        f"GRANT CREATE ON DATABASE {database.name} TO {NAME}",
    )
    yield engine
    await run(engine, f"DROP OWNED BY {NAME} CASCADE", f"DROP ROLE {NAME}")
    await engine.dispose()


async def run(engine: AsyncEngine, *statements: str) -> None:
    async with transaction(engine) as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_who_may_not_create_it_is_told_what_an_administrator_runs(owner: AsyncEngine, database: Database) -> None:
    plain = database.model_copy(update={"user": NAME, "password": SecretStr("word")})
    with pytest.raises(BadConfiguration) as refused:
        await migrate(plain)
    assert f"an administrator runs psql -d {database.name} -c 'CREATE EXTENSION vector' once" in str(refused.value)
    assert "\n" not in str(refused.value)
    await run(owner, "CREATE EXTENSION vector")
    assert await migrate(plain) >= "0018"
