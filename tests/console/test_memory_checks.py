"""What the doctor says of the desk's memory."""

from __future__ import annotations

from functools import partial

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database, owner_engine
from console import server_checks
from console.check import Check, Health, check
from settings import MemorySettings, ModelSettings, Settings

SMALL, OPENAI = "wordllama", "openai:text-embedding-3-small"


async def looked(engine: AsyncEngine, embedder: str = SMALL, *, enabled: bool = True, **models: object) -> Check:
    remembers = MemorySettings(embedder=embedder, enabled=enabled)
    settings = Settings(memory=remembers, models=ModelSettings.model_validate(models))
    return await check("memory", "", partial(server_checks.memory, settings, engine))


async def test_pgvector_and_the_embedder_are_named(engine: AsyncEngine) -> None:
    found = await looked(engine)
    assert (found.status, found.found.startswith("pgvector 0."), found.found.endswith(SMALL)) == (Health.OK, True, True)
    assert (await looked(engine, enabled=False)).found == "off: MEMORY_ENABLED is false"


async def test_a_database_without_pgvector_is_warned_of(database: Database) -> None:
    plain = owner_engine(database.model_copy(update={"name": "postgres"}))
    try:
        found = await looked(plain)
    finally:
        await plain.dispose()
    assert (found.status, found.found) == (Health.WARN, "pgvector is not there")
    assert "CREATE EXTENSION vector" in found.mend


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_an_embedder_that_cannot_answer_is_told_of(engine: AsyncEngine) -> None:
    assert (await looked(engine, OPENAI, openai_api_key=None)).status is Health.FAIL
    found = await looked(engine, OPENAI, openai_api_key=SecretStr("sk-1"), openai_base_url="http://127.0.0.1:9/v1")
    assert (found.status, "MEMORY_EMBEDDER" in found.mend) == (Health.WARN, True)
