"""What the log makes of failures: a line for those that have a name, a traceback for a bug."""

from __future__ import annotations

import logging

import pytest
from temporalio.exceptions import ApplicationError

from adapters import logs
from trading.errors import LedgerUnavailable, TradingError, UnknownSymbol


def logged(cause: Exception) -> logging.LogRecord:
    """The SDK's line about an activity that failed for this reason, as it comes from the handler's filter."""
    error = ApplicationError(str(cause), type=type(cause).__name__)
    error.__cause__ = cause
    record = logging.LogRecord("sdk", logging.WARNING, "", 0, "failed (%s)", ("mark",), (type(error), error, None))
    assert logs.foreseen(record)
    return record


@pytest.mark.parametrize("cause", [UnknownSymbol("no bars of NOPE"), LedgerUnavailable("100 % away")])
def test_a_failure_that_has_a_name_is_a_line(cause: TradingError) -> None:
    record = logged(cause)
    assert record.getMessage() == f"{type(cause).__name__}: {cause}: failed (mark)"
    assert record.exc_info is None


def test_a_bug_keeps_its_traceback() -> None:
    record = logged(KeyError("mark"))
    assert record.getMessage() == "failed (mark)"
    assert record.exc_info


def test_a_line_without_a_failure_is_left_alone() -> None:
    record = logging.LogRecord("desk", logging.INFO, "", 0, "done %d", (7,), None)
    assert logs.foreseen(record)
    assert record.getMessage() == "done 7"
