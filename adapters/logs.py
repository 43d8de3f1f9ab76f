"""The log: structlog, for people on a console or for machines as JSON; safe in workflows."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from trading.errors import TradingError


def configure(*, form: str, level: str) -> None:
    """Send every line, ours and the libraries', through one formatter on standard error.

    `form` is `console` or `json`; `level` the least level that is written.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        temporal_context,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(foreseen)
    renderers: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        final,
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderers))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
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
