"""Runs of several desks in one database: each desk sees its own, and those from before are the first desk's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import Database, transaction
from adapters.postgres.migrations import migrate
from tests.adapters.postgres.test_migrations import empty, upgrade
from trading.backtesting import RunKind, RunRow, RunStatus
from trading.errors import BooksDisagree

__all__ = ["empty"]


def row(run_id: str, **changes: Any) -> RunRow:
    fields: dict[str, Any] = {"run_id": run_id, "kind": RunKind.SWEEP, "strategy": "sma_cross", "symbols": ("AAPL",)}
    days = {"from_on": date(2016, 1, 4), "to_on": date(2016, 6, 1), "status": RunStatus.RUNNING}
    return RunRow.model_validate({**fields, **days, **changes})


async def test_a_desk_sees_its_own_runs_and_takes_no_others_name(engine: AsyncEngine) -> None:
    every, ours, theirs = (PostgresRuns(engine, one) for one in (None, "main", "other"))
    mine = await every.begin(row("mine"))
    other = await every.begin(row("theirs", desk_id="other"))
    assert (mine.desk_id, other.desk_id) == ("main", "other")
    assert [await ours.find(one) for one in ("mine", "theirs")] == [mine, None]
    assert ([one.run_id for one in await ours.listed(9)], await theirs.listed(9)) == (["mine"], [other])
    assert {one.run_id for one in await every.listed(9)} == {"mine", "theirs"}
    with pytest.raises(BooksDisagree, match="kept before with other content"):
        await theirs.begin(row("mine", desk_id="other"))


@pytest.mark.faults
@pytest.mark.parametrize(("desks", "owner"), [(("late", "early"), "early"), ((), "main")])
async def test_runs_from_before_are_the_desks_that_was_opened_first(
    empty: AsyncEngine, database: Database, desks: tuple[str, ...], owner: str
) -> None:
    await upgrade(empty, "0023")
    async with transaction(empty) as connection:
        for number, desk in enumerate(desks):
            await connection.execute(
                text(
                    """INSERT INTO system_state (desk_id, trading_state, event_count, event_head, opened_at)
                    VALUES (:desk, 'ACTIVE', 0, '', timestamptz '2026-01-09' - make_interval(days => :number))"""
                ),
                {"desk": desk, "number": number},
            )
        await connection.execute(
            text(
                """INSERT INTO backtests (run_id, kind, name, strategy, symbols, from_on, to_on, status, trials,
                    spent_usd, folder, asked, card, metrics)
                VALUES ('old', 'sweep', '', 'sma_cross', '[]', '2016-01-04', '2016-06-01', 'running', 1,
                    0, '', '{}', '{}', '{}')"""
            )
        )
    await migrate(database)
    (kept,) = await PostgresRuns(empty).listed(9)
    assert (kept.run_id, kept.desk_id) == ("old", owner)
