"""Replies of models in one SQLite file, by the hash of their question: what a backtest has paid for once."""

from __future__ import annotations

import sqlite3
import zlib
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from trading.agents.questions import Agent, ModelCall
from trading.errors import BadConfiguration, LedgerUnavailable

_WAIT_SECONDS = 30.0
"""For another run that writes to the same file."""
_TABLE = """
CREATE TABLE IF NOT EXISTS model_calls (
    call_id TEXT PRIMARY KEY, agent TEXT NOT NULL, model TEXT NOT NULL,
    input_tokens INTEGER, output_tokens INTEGER, cost_usd TEXT, call BLOB NOT NULL
) STRICT
"""


class Usual(NamedTuple):
    """What the kept calls of one agent to one model took, on the average. `usd` None where no price is known."""

    calls: int
    tokens: float
    usd: Decimal | None


class ReplyFile:
    """Keeps each call, compressed, in a transaction of its own: what was kept survives whoever dies next."""

    def __init__(self, path: Path) -> None:
        """Open the file or make it. Raises BadConfiguration where that cannot be."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
            self._file.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise BadConfiguration(f"{path}: replies of models cannot be kept there: {error}") from error

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had. Raises LedgerUnavailable for a file that cannot be read."""
        try:
            row = self._file.execute("SELECT call FROM model_calls WHERE call_id = ?", (call_id,)).fetchone()
            return None if row is None else ModelCall.model_validate_json(zlib.decompress(row[0]))
        except (sqlite3.Error, zlib.error, ValidationError) as error:
            raise LedgerUnavailable(f"{self._path}: {_line(error)}") from error

    async def keep(self, call: ModelCall) -> None:
        """Store a reply; the first one kept stays. Raises LedgerUnavailable, as on a full disk."""
        question, reply = call.question, call.reply
        used = (None, None) if reply.usage is None else (reply.usage.input_tokens, reply.usage.output_tokens)
        cost = None if reply.cost_usd is None else f"{reply.cost_usd:f}"
        packed = zlib.compress(call.model_dump_json().encode())
        row = (call.call_id, question.agent.value, question.model, *used, cost, packed)
        try:
            self._file.execute("INSERT OR IGNORE INTO model_calls VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {_line(error)}") from error

    def usual(self, agent: Agent, model: str) -> Usual | None:
        """What such calls took so far; None where none is kept that says it."""
        query = (
            "SELECT count(*), avg(input_tokens + output_tokens), avg(CAST(cost_usd AS REAL)), count(cost_usd)"
            " FROM model_calls WHERE agent = ? AND model = ? AND input_tokens IS NOT NULL"
        )
        try:
            calls, tokens, usd, priced = self._file.execute(query, (agent.value, model)).fetchone()
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {_line(error)}") from error
        return Usual(calls, tokens, Decimal(repr(usd)) if priced == calls else None) if calls else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
