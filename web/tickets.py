"""Leave to read one run's files for some minutes, in the address: a frame and a link can send no header."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Annotated

from pydantic import Field

from trading.money import Record

SECONDS = 600
PARAMETER = "ticket"
_MOST_DIGITS = 12


class Ticket(Record):
    """What is put behind an address below `path` as `?ticket=…`, until it ends."""

    path: Annotated[str, Field(examples=["/api/backtests/sma_cross-20261120-1/files/"])]
    ticket: Annotated[str, Field(examples=["1795651200-" + "0" * 64])]
    seconds: Annotated[int, Field(examples=[SECONDS])]


class Tickets:
    """Makes and knows them: by a key of this process, so that none outlives it and none is kept."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def made(self, folder: str, now: float | None = None) -> Ticket:
        """One for all that lies right below this folder, which ends in a slash."""
        ends = f"{int((time.time() if now is None else now) + SECONDS)}"
        return Ticket(path=folder, ticket=f"{ends}-{self._seal(folder, ends)}", seconds=SECONDS)

    def opens(self, path: str, said: str, now: float | None = None) -> bool:
        """Whether this is one for that address, and has not ended."""
        ends, _, seal = said.partition("-")
        if not (ends.isascii() and ends.isdigit() and len(ends) <= _MOST_DIGITS and seal.isascii()):
            return False
        folder = path[: path.rfind("/") + 1]
        return hmac.compare_digest(self._seal(folder, ends), seal) and (time.time() if now is None else now) < int(ends)

    def _seal(self, folder: str, ends: str) -> str:
        return hmac.new(self._key, f"{ends} {folder}".encode(), hashlib.sha256).hexdigest()
