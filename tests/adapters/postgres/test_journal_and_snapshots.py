from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.snapshots import PostgresSnapshots
from tests.adapters.postgres.desk import NOON, at, quote
from trading.agents.questions import Agent, ModelCall, Question, Repair, Reply, Stop, Usage
from trading.errors import BooksDisagree
from trading.instruments import Instrument
from trading.market import Adjustment, Indicators, Snapshot, SymbolFacts


def call(reply: str, **asked: object) -> ModelCall:
    usual: dict[str, object] = {
        "agent": Agent.DATA,
        "model": "rules",
        "system": "You are asked.",
        "user": "AAPL?",
        "answer_schema": {"type": "object"},
        "facts": {"large": 1e16, "minus_zero": -0.0, "third": 1 / 3, "NUL": "\0"},
        "parameters": {"temperature": 0.0},
        "prompt_version": "data-1",
    }
    question = Question.model_validate(usual | asked)
    return ModelCall(
        call_id=question.call_id,
        question=question,
        reply=Reply(text=reply, model="rules"),
        replied_at=NOON,
        latency_seconds=0.25,
    )


def snapshot(minutes: int = 0) -> Snapshot:
    indicators = dict.fromkeys(Indicators.model_fields, 1 / 3) | {"return_1d": -0.0, "macd": 1e-17, "atr_14": 1e16}
    facts = SymbolFacts(
        instrument=Instrument(symbol="AAPL", name="Apple \u2206", sector="Technology"),
        quote=quote("AAPL", "187.250000")["AAPL"],
        indicators=Indicators.model_validate(indicators),
        bars=320,
        last_session_on=date(2024, 2, 29),
        average_volume_20=10**7,
    )
    return Snapshot(
        provider="file", adjustment=Adjustment.ALL, as_of=NOON, taken_at=at(minutes), symbols=(facts,), dropped=()
    )


async def test_a_reply_is_found_again_under_its_question(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    assert await journal.find(call("yes").call_id) is None
    await journal.keep(call("yes"))

    found = await journal.find(call("yes").call_id)
    assert found == call("yes")
    assert found is not None
    assert found.question.call_id == found.call_id


@pytest.mark.parametrize(
    "cost_usd", [None, Decimal(0), Decimal("0.000000001"), Decimal("0.0125"), Decimal("123456789.5")]
)
async def test_a_reply_with_its_stop_its_price_and_its_repair_is_found_as_it_came(
    engine: AsyncEngine, cost_usd: Decimal | None
) -> None:
    told = Reply(
        text="{",
        model="claude-sonnet-5-5",
        stop=Stop.TRUNCATED,
        detail="max_tokens",
        usage=Usage(input_tokens=3 * 10**9, output_tokens=8192, cache_read_tokens=900, cache_write_tokens=0),
        cost_usd=cost_usd,
        request_id="req_1",
    )
    asked = call("", repair=Repair(said="{", wrong="not one JSON object")).model_copy(update={"reply": told})
    journal = PostgresJournal(engine)
    await journal.keep(asked)

    found = await journal.find(asked.call_id)
    assert found == asked
    assert found is not None
    assert found.question.call_id == asked.call_id


async def test_a_row_of_a_worker_of_the_revision_before_is_still_read(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    await journal.keep(call("yes"))
    older = "INSERT INTO model_calls ({0}) SELECT {1} FROM model_calls"
    kept = (
        "agent, model, prompt_version, parameters, system_text, user_text, facts, answer_schema, reply_text, "
        "reply_model, replied_at, latency_seconds"
    )
    async with transaction(engine) as connection:
        await connection.execute(text(older.format(f"call_id, {kept}", f"'older', {kept}")))

    found = await journal.find("older")
    assert found is not None
    assert found.reply == Reply(text="yes", model="rules")


async def test_the_first_reply_stays(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    for reply in ("first", "second"):
        await journal.keep(call(reply))

    found = await journal.find(call("first").call_id)
    assert found is not None
    assert found.reply.text == "first"


async def test_a_reply_that_no_database_takes_is_kept_all_the_same(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    odd = call("NUL \0, whole \U0001f600", user="\0?")
    await journal.keep(odd)

    found = await journal.find(odd.call_id)
    assert found is not None
    assert found.reply.text == "NUL \ufffd, whole \U0001f600"
    assert found.question.user == "\ufffd?"


async def test_a_snapshot_comes_back_as_it_was_seen(engine: AsyncEngine) -> None:
    snapshots = PostgresSnapshots(engine)
    for minutes in (0, 5):
        await snapshots.keep("paper", snapshot(minutes))

    loaded = await snapshots.load(snapshot().snapshot_id)
    assert loaded == snapshot()
    assert loaded.snapshot_id == snapshot().snapshot_id


async def test_a_snapshot_that_is_missing_or_was_changed_is_refused(engine: AsyncEngine, owner: AsyncEngine) -> None:
    snapshots = PostgresSnapshots(engine)
    with pytest.raises(BooksDisagree, match="no snapshot"):
        await snapshots.load("0" * 32)
    await snapshots.keep("paper", snapshot())
    async with transaction(owner) as connection:
        await connection.execute(text("UPDATE snapshots SET body = replace(body::text, '187.25', '187.26')::json"))
    with pytest.raises(BooksDisagree, match="not what was stored"):
        await snapshots.load(snapshot().snapshot_id)
