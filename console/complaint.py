"""What went wrong, in one line: what it is, and how to mend it. A bug is not foreseen, and keeps its traceback."""

from __future__ import annotations

import sys
import traceback

from pydantic import ValidationError
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from console.output import plain
from embedded import EmbeddedError
from trading.errors import BadMarketData, BooksDisagree, LedgerUnavailable, TradingError, UnknownSymbol


def complain(program: str, error: Exception) -> int:
    """Say on standard error why a program ends, and answer with its exit code."""
    line = complaint(error)
    if line is None:
        traceback.print_exception(error)
    else:
        print(f"{program}: {line}", file=sys.stderr)  # noqa: T201  the one line a person needs
    return 1


def complaint(error: BaseException) -> str | None:
    """One line for a person, None when the error is a bug of ours."""
    match error:
        case TradingError() | EmbeddedError():
            words = str(error) + _mend(error)
        case RPCError():
            words = f"Temporal: {error.message}; look with `starter.py doctor`"
        case WorkflowUpdateFailedError():
            words = f"the desk refuses: {error.cause}"
        case ValidationError():
            first = error.errors(include_url=False, include_input=False)[0]
            words = f"{error.title}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        case ConnectionError() | PermissionError() | FileNotFoundError():
            words = f"{error.strerror or error}: {error.filename or ''}; look with `starter.py doctor`"
        case _:
            return None
    return plain(" ".join(words.split()))


def _mend(error: Exception) -> str:
    """What to do about errors that are raised where nobody knows the operator's settings."""
    for kind, mend in _MENDS.items():
        if isinstance(error, kind):
            return f"; {mend}"
    return ""


_MENDS: dict[type[Exception], str] = {
    LedgerUnavailable: "start the database, or correct DB_HOST and DB_PORT",
    BadMarketData: "repair or remove the file, or set MARKET_DATA_DIR to another folder",
    UnknownSymbol: "name another symbol, or set MARKET_DATA_DIR or MARKET_PROVIDERS",
    BooksDisagree: "look with `starter.py audit`",
}
