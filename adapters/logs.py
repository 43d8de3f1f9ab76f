"""The log: structlog, for people on a console or for machines as JSON; safe in workflows."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from adapters.redaction import Redaction
from trading.errors import BadConfiguration, TradingError

MOST_FILE_BYTES = 10_000_000
"""Of a file of log lines; then it becomes the one before it, of which there are `FILES_BEFORE`."""
FILES_BEFORE = 3


# What moves a terminal's cursor, ends its line or turns its text round: C0 and C1, the separators, the directions.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MULTILINE = frozenset({"exception", "stack"})


def configure(*, form: str, level: str, redact: Redaction | None = None) -> None:
    """Send every line, ours and the libraries', through one formatter on standard error, without secrets.

    `form` is `console` or `json`; `level` the least level that is written. What has the shape of a secret is masked
    whatever `redact` knows.
    """
    masked = redact or Redaction()
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(foreseen)
    handler.setFormatter(_formatter(final, lambda _, __, line: masked(line)))
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    _let_pass(logging.getLevelNamesMapping()[level.upper()])


def write_also(file: Path, redact: Redaction, *, level: str = "info") -> None:
    """Send every line besides into a file of JSON lines, without secrets, for whoever looks it up later.

    The file is turned over when it is full. Raises BadConfiguration when it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=MOST_FILE_BYTES, backupCount=FILES_BEFORE, encoding="utf-8")
        os.chmod(file, 0o600)  # noqa: PTH101  of this very file
    except OSError as error:
        raise BadConfiguration(f"LOG_FILE: {file} cannot be written: {error.strerror}") from error
    handler.addFilter(foreseen)
    handler.setFormatter(_formatter(structlog.processors.JSONRenderer(), lambda _, __, line: redact(line)))
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.addHandler(handler)
    _let_pass(min(root.level, handler.level))


def _formatter(*last: Any) -> structlog.stdlib.ProcessorFormatter:
    meta, trace = structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_shared(), processors=[meta, trace, escaped, *last])


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        temporal_context,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _let_pass(level: int) -> None:
    """Let every line of at least this level come as far as the handlers, each of which has its own."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.setLevel(level)
    # At every look at a database's revision it says how it looks.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, root.level))
    # They write each request's address, and some addresses are secrets: a webhook's is its key.
    for client in ("httpx2", "httpcore2"):
        logging.getLogger(client).setLevel(max(logging.WARNING, root.level))


def foreseen(record: logging.LogRecord) -> bool:
    """Say an activity's failure that an adapter has named in its own words; only a bug keeps its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ApplicationError) and isinstance(error.__cause__, TradingError):
        record.msg, record.args, record.exc_info = f"{error}: {record.getMessage()}", (), None
    return True


def escaped(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write control characters as what they are: no text of others moves a cursor, or makes a second line of one."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _plain(value, several=name in _MULTILINE)
    return event


def _plain(text: str, *, several: bool) -> str:
    def named(found: re.Match[str]) -> str:
        return found[0] if several and found[0] in "\n\t" else ascii(found[0])[1:-1]

    return _CONTROL.sub(named, text)


def temporal_context(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say which workflow or activity speaks; a replaying workflow has said it before and is silent."""
    if workflow.in_workflow():
        if workflow.unsafe.is_replaying():
            raise structlog.DropEvent
        event["workflow_id"] = workflow.info().workflow_id
    elif activity.in_activity():
        info = activity.info()
        event.update(workflow_id=info.workflow_id, activity=info.activity_type, attempt=info.attempt)
    return event
