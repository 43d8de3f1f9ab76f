"""Model calls in Postgres: every reply that ever arrived, under the hash of its question."""

from __future__ import annotations

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.tables import model_calls
from trading.agents.questions import ModelCall, Question, Reply
from trading.events import printable


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

    async def keep(self, call: ModelCall) -> None:
        """Store a reply; the first one kept stays. Characters that no database takes are kept as U+FFFD."""
        async with transaction(self._engine) as connection:
            await connection.execute(insert(model_calls).values(_row(call)).on_conflict_do_nothing())


def _row(call: ModelCall) -> dict[str, object]:
    question = call.question
    return {
        "call_id": call.call_id,
        "agent": question.agent,
        "model": question.model,
        "prompt_version": question.prompt_version,
        "parameters": question.parameters,
        "system_text": printable(question.system),
        "user_text": printable(question.user),
        "facts": question.facts,
        "answer_schema": question.answer_schema,
        "reply_text": printable(call.reply.text),
        "reply_model": call.reply.model,
        "replied_at": call.replied_at,
        "latency_seconds": call.latency_seconds,
    }


def _call(row: RowMapping) -> ModelCall:
    asked = {name: row[name] for name in Question.model_fields if name in row}
    question = Question.model_validate({**asked, "system": row["system_text"], "user": row["user_text"]})
    reply = Reply(text=row["reply_text"], model=row["reply_model"])
    told = {name: row[name] for name in ("call_id", "replied_at", "latency_seconds")}
    return ModelCall(question=question, reply=reply, **told)
