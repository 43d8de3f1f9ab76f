"""Who only reads can do nothing else, whatever statement it were to send."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.looking_up.reading import patient
from adapters.looking_up.telling import Untold
from adapters.postgres.engine import Database, owner_engine, reader_engine, transaction
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import DESK, opening
from trading.errors import BadConfiguration
from trading.inquiry_views import SHAPES

FORBIDDEN = (
    "INSERT INTO reading.events (desk_id) VALUES ('x')",
    "INSERT INTO public.equity_marks VALUES ('x', now(), 1, 1)",
    "UPDATE public.orders SET state = 'filled'",
    "UPDATE reading.orders SET state = 'filled'",
    "DELETE FROM public.trades",
    "TRUNCATE public.snapshots",
    "CREATE TABLE reading.mine (n int)",
    "DROP VIEW reading.events",
    "ALTER VIEW reading.events RENAME TO mine",
    "CREATE ROLE mine",
    "COPY reading.events TO '/tmp/events'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT * FROM public.events",
    "SELECT * FROM public.model_calls",
    "SELECT * FROM public.alembic_version",
    "SELECT rolpassword FROM pg_authid",
    "SELECT nextval('public.paper_orders_number_seq')",
    "DO $$ BEGIN UPDATE public.orders SET state = 'filled'; END $$",
)


# Of the session's own, gone with it: whoever lifts the first lock may make one, and has harmed nobody.
FORBIDDEN_UNLESS_LIFTED = ("CREATE TEMP TABLE mine (n int)",)


@pytest.fixture
async def own_login(database: Database) -> AsyncIterator[AsyncEngine]:
    """A reader with a login of its own, which may become nobody else."""
    owner = owner_engine(database)
    name = f"reads_{database.name}"
    async with transaction(owner) as connection:
        await connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE trading_reader"))
    login = database.model_copy(update={"user": name, "password": SecretStr("secret")})
    engine = reader_engine(login, seconds=2)
    yield engine
    await engine.dispose()
    async with transaction(owner) as connection:
        await connection.execute(text(f"DROP ROLE {name}"))
    await owner.dispose()


@pytest.mark.parametrize("writes", ["read only", "read write"])
async def test_nothing_is_written_and_nothing_read_but_views(
    reader: AsyncEngine, engine: AsyncEngine, writes: str
) -> None:
    """Also where somebody has switched off the first of the two locks, that transactions only read."""
    opened, cash = opening(DESK)
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    lifted = writes == "read write"
    for statement in (*FORBIDDEN, *(() if lifted else FORBIDDEN_UNLESS_LIFTED)):
        async with reader.connect() as connection:
            await connection.execute(text(f"SET TRANSACTION {writes}"))
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(text(statement))
            assert _state(refused.value) in {"42501", "25006", "0LP01", "42809", "55000"}, statement


async def test_one_with_a_login_of_its_own_becomes_nobody_else(own_login: AsyncEngine) -> None:
    for statement in (
        "SET ROLE trading_app",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT set_config('role', 'trading_app', true)",
    ):
        async with own_login.connect() as connection:
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text(statement))
    async with own_login.connect() as connection:
        await connection.execute(text("RESET ROLE"))
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text("SELECT * FROM public.events"))


async def test_a_statement_that_takes_too_long_is_ended_and_said_to_be_too_much(database: Database) -> None:
    hasty = reader_engine(database, seconds=0.1)
    with pytest.raises(Untold, match="shorter time"):
        async with patient(), transaction(hasty) as connection:
            await connection.execute(text("SELECT pg_sleep(10)"))
    await hasty.dispose()


async def test_one_statement_is_one_statement(reader: AsyncEngine) -> None:
    """A second one behind a semicolon is not even read."""
    async with reader.connect() as connection:
        with pytest.raises(DBAPIError, match="multiple commands"):
            await connection.execute(text("SELECT 1; SELECT 2"))


async def test_every_view_that_may_be_named_is_there_with_its_columns(reader: AsyncEngine) -> None:
    async with transaction(reader) as connection:
        for name, shape in SHAPES.items():
            columns = ", ".join(("desk_id", *shape.columns))
            await connection.execute(text(f"SELECT {columns} FROM {name} WHERE desk_id = 'x'"))  # noqa: S608  names
        every = "SELECT table_name FROM information_schema.views WHERE table_schema = 'reading'"
        views = set((await connection.execute(text(every))).scalars())
        of_desks = await connection.execute(
            text(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = 'reading' "
                "AND column_name = 'desk_id'"
            )
        )
        assert views == set(of_desks.scalars()) >= set(SHAPES)


async def test_where_the_views_are_missing_their_tables_stay_closed(database: Database) -> None:
    owner = await asyncpg.connect(
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password.get_secret_value(),
        database=database.name,
    )
    await owner.execute("DROP SCHEMA reading CASCADE")
    await owner.close()
    engine = reader_engine(database, seconds=2)
    with pytest.raises(BadConfiguration, match="refuses the permission"):
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT * FROM events"))
    await engine.dispose()


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", ""))
