"""Model calls in Postgres: every reply that ever arrived, under the hash of its question."""

from __future__ import annotations

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import spending
from adapters.postgres.engine import transaction
from adapters.postgres.tables import model_calls
from trading.agents.budget import Choice
from trading.agents.questions import ModelCall, Question, Reply, Usage
from trading.events import printable
from trading.spending import Attempt, Settlement, SpendAsked


class PostgresJournal:
    """The port `Journal`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        query = select(model_calls).where(model_calls.c.call_id == call_id)
        async with transaction(self._engine) as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else _call(row)

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Store a reply, and with it what it took; the first one kept stays.

        Characters that no database takes are kept as U+FFFD.
        """
        async with transaction(self._engine) as connection:
            await connection.execute(insert(model_calls).values(_row(call)).on_conflict_do_nothing())
            if settled is not None:
                await spending.settle(connection, settled)

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Reserve the most that a call may take, if there is room for it; once an attempt."""
        async with transaction(self._engine) as connection:
            return await spending.reserve(connection, asked)

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer; it goes on to count where it may have been charged."""
        async with transaction(self._engine) as connection:
            await spending.drop(connection, attempt, charged=charged)


def _row(call: ModelCall) -> dict[str, object]:
    question, reply = call.question, call.reply
    return {
        "call_id": call.call_id,
        "agent": question.agent,
        "model": question.model,
        "prompt_version": question.prompt_version,
        "prompt_hash": question.prompt_hash,
        "parameters": question.parameters,
        "system_text": printable(question.system),
        "user_text": printable(question.user),
        "facts": question.facts,
        "answer_schema": question.answer_schema,
        "repair": question.repair and question.repair.model_dump(mode="json"),
        "reply_text": printable(reply.text),
        "reply_model": reply.model,
        "replied_at": call.replied_at,
        "latency_seconds": call.latency_seconds,
        "stop": reply.stop,
        "detail": printable(reply.detail),
        "cost_usd": reply.cost_usd,
        "request_id": reply.request_id,
        "desk_id": call.desk_id,
        "cycle_id": call.cycle_id,
        **(reply.usage.model_dump() if reply.usage else {}),
    }


def _call(row: RowMapping) -> ModelCall:
    asked = {name: row[name] for name in Question.model_fields if name in row}
    question = Question.model_validate({**asked, "system": row["system_text"], "user": row["user_text"]})
    told = {name: row[name] for name in ("stop", "detail", "cost_usd", "request_id")}
    # A provider that tells one of the counts tells them all.
    counts = {name: row[name] for name in Usage.model_fields}
    usage = None if row["input_tokens"] is None else Usage.model_validate(counts)
    reply = Reply(text=row["reply_text"], model=row["reply_model"], usage=usage, **told)
    kept = {name: row[name] for name in ("call_id", "replied_at", "latency_seconds", "desk_id", "cycle_id")}
    return ModelCall(question=question, reply=reply, **kept)
