"""One check of the doctor's: how it is run, and what it answers with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum

from temporalio.service import RPCError

from embedded import EmbeddedError
from trading.errors import TradingError
from trading.money import Record


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(Record):
    """One check: what is required, what was found, and what to do when they differ. A warning stops no cycle."""

    id: str
    status: Health
    required: str
    found: str
    mend: str = ""


class Unwell(Exception):
    """Not as required."""

    def __init__(self, found: str, mend: str, *, status: Health = Health.FAIL) -> None:
        super().__init__(found)
        self.mend = mend
        self.status = status


async def check(name: str, required: str, find: Callable[[], Awaitable[str]]) -> Check:
    """Run one check; what goes wrong in it is what it found."""
    try:
        return Check(id=name, status=Health.OK, required=required, found=await find())
    except Unwell as unwell:
        return Check(id=name, status=unwell.status, required=required, found=str(unwell), mend=unwell.mend)
    except (TradingError, EmbeddedError, OSError) as error:
        return failed(name, required, error)
    except RPCError as error:
        return Check(id=name, status=Health.FAIL, required=required, found=f"Temporal: {error.message}")


def failed(name: str, required: str, error: Exception) -> Check:
    """A check that could not even begin; our errors say `what: how to mend it`."""
    what, _, mend = " ".join(str(error).split()).partition(": ")
    return Check(id=name, status=Health.FAIL, required=required, found=what, mend=mend)
