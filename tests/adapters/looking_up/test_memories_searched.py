"""Memories by what they mean: of one desk, as they were known then, by the role that only reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.looking_up.memory import Remembering, Unembedded
from adapters.looking_up.tools import LookingUp, Places
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.memory import PostgresMemory
from adapters.redaction import Redaction
from tests.adapters.looking_up.looking import look
from tests.adapters.postgres.desk import opening
from tests.making import AT, DESK
from tests.memories import EMBEDDER, outcome, pointing, remembered
from trading.errors import ModelRefused
from trading.inquiry import Tool
from trading.memory_ports import Vector


class Pointing:
    """Embeds every text along the axis that it names."""

    name = EMBEDDER

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        if "refuse" in texts[0]:
            raise ModelRefused("too long")
        return [pointing(int(text)) for text in texts]


async def two_desks(engine: AsyncEngine) -> None:
    ledger, memory = PostgresLedger(engine), PostgresMemory(engine)
    for desk in (DESK, "other"):
        opened, cash = opening(desk)
        await ledger.open_desk(opened, cash=cash)
        kept = [remembered("AAPL", 1, desk_id=desk), remembered("MSFT", 2, desk_id=desk)]
        await memory.remember(kept, [pointing(0), pointing(1)], EMBEDDER)
    await memory.resolve([(f"{DESK}/cycle-1-AAPL-entry", outcome("-80", days=9))])


async def test_the_nearest_come_first_with_their_outcome_as_it_was_known(
    engine: AsyncEngine, reader: AsyncEngine
) -> None:
    await two_desks(engine)
    memory = PostgresMemory(reader)
    tools = LookingUp(reader, Places(remembering=Remembering(memory, Pointing())), Redaction())
    told = await look(tools, Tool.SEARCH_MEMORY, text="0")
    assert (told.rows, told.ids[0], "other" in told.text) == (2, f"{DESK}/cycle-1-AAPL-entry", False)
    assert "-80" in told.text
    assert "-0.08" in told.text
    before = await look(tools, Tool.SEARCH_MEMORY, text="0", symbol="AAPL", as_of=AT + timedelta(days=8))
    assert (before.rows, "pending" in before.text, "-80" in before.text) == (1, True, False)
    mine, theirs = f"{DESK}/cycle-1-AAPL-entry", "other/cycle-1-AAPL-entry"
    assert await tools.known(DESK, [mine, theirs, "x"]) == {mine}
    rows = await look(tools, Tool.QUERY_VIEW, view="memories", where=[{"column": "won", "value": False}])
    assert (rows.rows, rows.ids[0]) == (1, mine)
    refused = await look(tools, Tool.SEARCH_MEMORY, text="refuse")
    assert refused.error == "the words could not be embedded: too long"


async def test_without_an_embedder_memories_are_known_all_the_same(engine: AsyncEngine, reader: AsyncEngine) -> None:
    await two_desks(engine)
    places = Places(remembering=Unembedded(PostgresMemory(reader), "LLM_OPENAI_API_KEY is not set"))
    tools = LookingUp(reader, places, Redaction())
    told = await look(tools, Tool.SEARCH_MEMORY, text="0")
    assert told.error == "words cannot be embedded here: LLM_OPENAI_API_KEY is not set"
    assert await tools.known(DESK, [f"{DESK}/cycle-2-MSFT-entry"]) == {f"{DESK}/cycle-2-MSFT-entry"}
