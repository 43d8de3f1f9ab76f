"""The log's chain as the page shows it: sealed, looked at to its end in parts, and an edit is found."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from adapters.postgres.engine import owner_engine
from console.chain import ChainLook
from tests.web.api import Api

LOSE = text(
    """
    WITH gone AS (
        DELETE FROM events WHERE desk_id = 'main'
        AND sequence = (SELECT event_count FROM system_state WHERE desk_id = 'main') RETURNING *
    ) INSERT INTO lost SELECT * FROM gone
    """
)


@pytest.fixture
async def edited(desk: Api) -> AsyncIterator[None]:
    """The third line of the log says something else, by the owner's hand, until the test is over."""
    engine = owner_engine(desk.desk.found.database)
    change = text("UPDATE events SET trace_id = :said WHERE desk_id = 'main' AND sequence = 3 RETURNING trace_id")
    async with engine.begin() as connection:
        before = await connection.execute(text("SELECT trace_id FROM events WHERE desk_id = 'main' AND sequence = 3"))
        was = before.scalar_one()
        await connection.execute(text("ALTER TABLE events DISABLE TRIGGER ALL"))
        await connection.execute(change, {"said": "forged"})
    yield
    async with engine.begin() as connection:
        await connection.execute(change, {"said": was})
        await connection.execute(text("ALTER TABLE events ENABLE TRIGGER ALL"))
    await engine.dispose()


async def test_the_end_of_the_log_is_told_and_that_all_of_it_is_sound(desk: Api) -> None:
    told = (await desk.get("/api/chain")).json()
    (newest,) = (await desk.get("/api/events", params={"limit": 1})).json()["items"]
    assert (told["length"], told["head"]) == (newest["sequence"], newest["hash"])
    assert (told["sealed_until"], told["findings"]) == (newest["occurred_at"], [])
    seen = (await desk.post("/api/chain/verify")).json()
    assert (seen["whole"], seen["checked"], seen["found"]) == (True, told["length"], [])
    assert (await desk.get("/api/chain")).json()["verified"] == seen


@pytest.mark.usefixtures("edited")
async def test_a_line_that_was_edited_is_named_and_then_nothing_is_called_whole(desk: Api) -> None:
    seen = (await desk.post("/api/chain/verify")).json()
    assert seen["whole"] is False
    (found,) = seen["found"]
    assert found.endswith("its content is not what was sealed")
    assert (await desk.get("/api/chain")).json()["verified"] == seen


async def test_a_look_that_has_no_time_goes_on_where_it_stopped(desk: Api) -> None:
    look = ChainLook(desk.desk.books.engine, "main", batch=5)
    first = await look.look(seconds=-1)
    assert (first.checked, first.whole, first.found) == (5, False, ())
    second = await look.look()
    assert (second.whole, second.began_at) == (True, first.began_at)
    assert second.checked == second.length > first.checked


async def test_a_log_that_lost_its_newest_line_is_not_whole(desk: Api) -> None:
    engine = owner_engine(desk.desk.found.database)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE events DISABLE TRIGGER ALL"))
        await connection.execute(text("CREATE TABLE lost (LIKE events)"))
        await connection.execute(LOSE)
    try:
        seen = (await desk.post("/api/chain/verify")).json()
        assert (seen["whole"], seen["checked"]) == (False, seen["length"] - 1)
        assert "the ledger counted" in seen["found"][0]
        assert (await desk.get("/api/chain")).json()["sealed_until"] is None
    finally:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO events SELECT * FROM lost"))
            await connection.execute(text("DROP TABLE lost"))
            await connection.execute(text("ALTER TABLE events ENABLE TRIGGER ALL"))
        await engine.dispose()


async def test_a_desk_without_books_has_no_chain(desk: Api) -> None:
    alone = ChainLook(desk.desk.books.engine, "nowhere")
    with pytest.raises(Exception, match="the books know no desk nowhere"):
        await alone.look()
