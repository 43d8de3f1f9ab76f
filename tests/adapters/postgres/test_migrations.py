from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import (
    alert_tables,
    backtest_tables,
    closing_tables,
    inquiry_tables,
    market_tables,
    memory_tables,
    paper_tables,
    sleeve_tables,
    spend_tables,
    strategy_tables,
)
from adapters.postgres.engine import Database, application_engine, owner_engine, transaction
from adapters.postgres.migrations import MIGRATIONS, migrate, revision
from adapters.postgres.tables import metadata
from trading.errors import BadConfiguration, LedgerUnavailable

HEAD = "0026"
SHAPE = """
SELECT 'column', format('%s.%s %s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (adrelid, adnum) = (c.oid, attnum)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
ORDER BY 1, 2
"""


@pytest.fixture
async def empty(database: Database) -> AsyncIterator[AsyncEngine]:
    """The owner's way into a database that was never migrated."""
    engine = owner_engine(database)
    async with transaction(engine) as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    yield engine
    await engine.dispose()


async def shape(engine: AsyncEngine) -> list[str]:
    async with transaction(engine) as connection:
        return [f"{kind} {what}" for kind, what in await connection.execute(text(SHAPE)) if "alembic" not in what]


@pytest.mark.faults
async def test_the_migrated_schema_is_the_one_the_code_knows(empty: AsyncEngine, database: Database) -> None:
    assert paper_tables.paper_orders.metadata is metadata
    assert closing_tables.daily_closes.metadata is metadata
    assert inquiry_tables.inquiries.metadata is metadata
    assert market_tables.companies.metadata is metadata
    assert alert_tables.alert_readings.metadata is metadata
    assert sleeve_tables.sub_positions.metadata is metadata
    assert spend_tables.model_spend.metadata is metadata
    assert backtest_tables.backtests.metadata is metadata
    assert memory_tables.memories.metadata is metadata
    assert strategy_tables.told_of_strategy.table is metadata.tables["events"]
    async with transaction(empty) as connection:
        await connection.execute(text("CREATE EXTENSION vector"))
        await connection.run_sync(metadata.create_all)
    known = await shape(empty)
    async with transaction(empty) as connection:
        await connection.run_sync(metadata.drop_all)

    await migrate(database)
    assert await shape(empty) == known
    assert len(known) > 200


async def test_migrating_twice_or_at_once_is_migrating_once(empty: AsyncEngine, database: Database) -> None:
    assert await revision(empty) == (None, HEAD)

    assert await asyncio.gather(*(migrate(database) for _ in range(3))) == [HEAD] * 3
    assert await migrate(database) == HEAD
    assert await revision(empty) == (HEAD, HEAD)


async def test_a_migration_killed_half_way_has_not_happened_and_runs_again(
    empty: AsyncEngine, database: Database
) -> None:
    blocker = await asyncpg.connect(
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password.get_secret_value(),
        database=database.name,
    )
    # A name taken by an open transaction: the migration comes as far as its sixth table, and waits there.
    await blocker.execute("BEGIN; CREATE TABLE trades (); SET LOCAL lock_timeout = 0")
    migrating = asyncio.create_task(migrate(database))
    kill = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"""
    killed = False
    async with asyncio.timeout(10):
        while not killed:
            async with transaction(empty) as connection:
                killed = bool((await connection.execute(text(kill))).all())
    with pytest.raises(LedgerUnavailable, match="connection"):
        await migrating
    await blocker.execute("ROLLBACK")
    await blocker.close()

    assert await shape(empty) == []
    assert await migrate(database) == HEAD


async def test_the_application_may_ask_for_the_revision(database: Database) -> None:
    engine = application_engine(database)
    assert await revision(engine) == (HEAD, HEAD)
    await engine.dispose()


async def test_a_database_that_was_never_migrated_is_named(empty: AsyncEngine, database: Database) -> None:
    assert await revision(empty) == (None, HEAD)
    async with transaction(empty) as connection:
        await connection.execute(text("GRANT USAGE ON SCHEMA public TO trading_app"))
    engine = application_engine(database)
    with pytest.raises(BadConfiguration, match="is not migrated"):
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT * FROM orders"))
    await engine.dispose()


TRADED = (
    """INSERT INTO system_state (desk_id, trading_state, event_count, event_head, opened_at)
    VALUES ('old', 'ACTIVE', 0, '', now()), ('idle', 'ACTIVE', 0, '', now())""",
    """INSERT INTO capital_events (capital_event_id, desk_id, kind, amount, occurred_at)
    VALUES ('old/opening-deposit', 'old', 'deposit', 1000, now()), ('idle/x', 'idle', 'deposit', 7, now())""",
    """INSERT INTO paper_orders (client_order_id, desk_id, symbol, side, leg, kind, quantity, as_of, state,
        filled_quantity, fill_count, received_at)
    SELECT name, 'old', 'KO', side, leg, 'market', 10, now(), 'filled', filled, 1, now()
    FROM (VALUES ('b', 'buy', 'entry', 10), ('s', 'sell', 'exit', 4)) AS o (name, side, leg, filled)""",
    """INSERT INTO paper_fills (fill_id, client_order_id, symbol, side, quantity, price, commission, filled_at)
    VALUES ('b.f1', 'b', 'KO', 'buy', 10, 20.005, 1, now()), ('s.f1', 's', 'KO', 'sell', 4, 25, 0.5, now())""",
)


@pytest.mark.faults
async def test_desks_that_traded_before_accounts_were_kept_have_theirs(empty: AsyncEngine, database: Database) -> None:
    await upgrade(empty, "0005")
    async with transaction(empty) as connection:
        for statement in TRADED:
            await connection.execute(text(statement))
    await migrate(database)
    async with transaction(empty) as connection:
        cash = {row.desk_id: row.cash for row in await connection.execute(text("SELECT * FROM paper_accounts"))}
        assert cash == {"old": Decimal("898.45"), "idle": Decimal(7)}  # 1000 − 200.05 − 1 + 100 − 0.50
        (held,) = (await connection.execute(text("SELECT symbol, quantity, mark FROM paper_positions"))).all()
        assert tuple(held) == ("KO", 6, 25)
        told = (await connection.execute(text("SELECT activity_id, amount FROM paper_activities ORDER BY 1"))).all()
        assert [tuple(row) for row in told] == [("idle/x", 7), ("old/opening-deposit", 1000)]


async def upgrade(engine: AsyncEngine, revision: str) -> None:
    """Bring a database to an older revision than this code's."""

    def run(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, revision)

    async with transaction(engine) as connection:
        await connection.run_sync(run)
