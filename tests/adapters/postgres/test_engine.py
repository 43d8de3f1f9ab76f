from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from adapters.postgres.engine import Database, application_engine, consistent, transaction
from adapters.postgres.ledger import PostgresLedger
from embedded.ports import free_port
from tests.adapters.postgres.desk import DESK, opening
from trading.errors import BooksDisagree, LedgerUnavailable, TradingError, UnusableDatabase

WRONG = "a-wrong-password"


async def failure(database: Database) -> TradingError:
    engine = application_engine(database)
    with pytest.raises(TradingError) as caught:
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT 1"))
    await engine.dispose()
    return caught.value


async def meet(first: Callable[[], Awaitable[None]], second: Callable[[], Awaitable[None]]) -> list[BaseException]:
    results = await asyncio.gather(first(), second(), return_exceptions=True)
    return [result for result in results if result is not None]


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"password": SecretStr(WRONG)}, UnusableDatabase, "refuses the password"),
        ({"name": "nowhere"}, UnusableDatabase, "nowhere at .* does not exist"),
        ({"port": 0}, LedgerUnavailable, "is unavailable: .*Connect call failed"),
    ],
)
async def test_a_database_that_cannot_be_used_is_named_in_one_line_without_a_password(
    database: Database, change: dict[str, object], kind: type[TradingError], says: str
) -> None:
    if "port" in change:
        change = {"port": free_port()}
    error = await failure(database.model_copy(update=change))

    assert type(error) is kind
    assert re.search(says, str(error))
    for secret in (WRONG, database.password.get_secret_value()):
        assert secret not in str(error)
        assert secret not in repr(database)
    assert "\n" not in str(error)


async def test_what_is_in_use_when_the_engine_ends_ends_with_its_work(engine: AsyncEngine, database: Database) -> None:
    mine = application_engine(database)
    held, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        async with transaction(mine) as connection:
            pid: int = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            held.set()
            await go_on.wait()
        return pid

    working = asyncio.create_task(work())
    await held.wait()
    pool = mine.pool
    await mine.dispose()
    go_on.set()
    pid = await working
    query = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    async with asyncio.timeout(20):
        while True:
            async with transaction(engine) as connection:
                if not (await connection.execute(query, {"pid": pid})).scalar_one():
                    break
            await asyncio.sleep(0.01)
    assert isinstance(pool, QueuePool)
    assert pool.checkedin() == 0


async def test_a_connection_ended_by_the_server_is_worth_another_try(engine: AsyncEngine, owner: AsyncEngine) -> None:
    async def work() -> None:
        async with transaction(engine) as connection:
            pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with transaction(owner) as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await connection.execute(text("SELECT 1"))

    with pytest.raises(LedgerUnavailable):
        await work()
    async with transaction(engine) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_deadlock_is_worth_another_try(engine: AsyncEngine) -> None:
    ledger = PostgresLedger(engine)
    for desk in ("one", "two"):
        opened, cash = opening(desk)
        await ledger.open_desk(opened, cash=cash)
    ready = asyncio.Barrier(2)

    async def lock(*desks: str) -> None:
        async with transaction(engine) as connection:
            for desk in desks:
                await _touch(connection, desk)
                if desk == desks[0]:
                    await ready.wait()

    errors = await meet(lambda: lock("one", "two"), lambda: lock("two", "one"))
    assert [type(error) for error in errors] == [LedgerUnavailable]


async def test_a_serialisation_failure_is_worth_another_try(engine: AsyncEngine) -> None:
    opened, cash = opening()
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    repeatable = engine.execution_options(isolation_level="REPEATABLE READ")

    async def be_late() -> None:
        async with transaction(repeatable) as late:
            await late.execute(text("SELECT 1 FROM system_state"))
            async with transaction(engine) as early:
                await _touch(early, DESK)
            await _touch(late, DESK)

    with pytest.raises(LedgerUnavailable, match="could not serialize"):
        await be_late()


async def test_reading_at_one_instant_sees_nothing_that_comes_between_and_writes_nothing(engine: AsyncEngine) -> None:
    ledger = PostgresLedger(engine)
    async with transaction(consistent(engine)) as connection:
        count = text("SELECT count(*) FROM system_state")
        assert (await connection.execute(count)).scalar_one() == 0
        opened, cash = opening()
        await ledger.open_desk(opened, cash=cash)
        assert (await connection.execute(count)).scalar_one() == 0
        with pytest.raises(Exception, match="read-only transaction"):
            await _touch(connection, DESK)


async def test_a_bug_keeps_its_own_name_and_ours_pass_through(engine: AsyncEngine) -> None:
    statement = text("INSERT INTO equity_marks VALUES ('nobody', now(), 0, 0)")
    with pytest.raises(IntegrityError):
        async with transaction(engine) as connection:
            await connection.execute(statement)
    with pytest.raises(BooksDisagree):
        async with transaction(engine):
            raise BooksDisagree("ours")


async def _touch(connection: AsyncConnection, desk: str) -> None:
    await connection.execute(text("UPDATE system_state SET reason = 'x' WHERE desk_id = :desk"), {"desk": desk})
