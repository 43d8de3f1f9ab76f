"""What a question to the desk may look up, by the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.looking_up.memory import Remembering, Unembedded
from adapters.looking_up.tools import LookingUp, Places
from adapters.postgres.engine import Database, reader_engine
from adapters.postgres.memory import PostgresMemory
from adapters.redaction import Redaction
from settings import Settings
from trading.errors import BadConfiguration
from trading.inquiry_limits import STATEMENT_SECONDS
from wiring.memory import embedder_of

LOG_LINES = Path("logs") / "desk.jsonl"
"""Where `up` writes its log lines, within the desk's home."""


def tools_of(settings: Settings, database: Database, client: Client | None = None) -> LookingUp:
    """Every tool. Its connections are a reader's: by a login of their own where one is set, else by the role alone."""
    engine = reader_engine(reader_of(settings, database), seconds=STATEMENT_SECONDS)
    places = Places(
        limits=settings.trading.limits,
        log_file=log_file_of(settings),
        prometheus_url=settings.asking.prometheus_url,
        client=client,
        remembering=_remembering(settings, engine),
    )
    return LookingUp(engine, places, redaction_of(settings, database))


def _remembering(settings: Settings, engine: AsyncEngine) -> Remembering | Unembedded:
    """Where memories are, and who embeds a question: by a vendor only where his key is."""
    memory = PostgresMemory(engine)
    try:
        return Remembering(memory, embedder_of(settings))
    except BadConfiguration as error:
        return Unembedded(memory, str(error))


def reader_of(settings: Settings, database: Database) -> Database:
    """The same database, by the login that may only read where there is one."""
    asking = settings.asking
    if not asking.db_user:
        return database
    return database.model_copy(update={"user": asking.db_user, "password": asking.db_password})


def log_file_of(settings: Settings) -> Path | None:
    """The file of log lines: the one that is named, else that of `up` where it is."""
    if settings.log.file is not None:
        return settings.log.file
    usual = settings.desk.home / LOG_LINES
    return usual if usual.exists() else None


def redaction_of(settings: Settings, database: Database | None = None) -> Redaction:
    """What masks every secret of the settings, and that of the database."""
    return Redaction([*secrets_in(settings), *(secrets_in(database) if database else ())])


def secrets_in(held: object) -> Iterator[str]:
    """Every secret in a tree of settings."""
    if isinstance(held, SecretStr):
        yield held.get_secret_value()
    elif isinstance(held, BaseModel):
        for name in type(held).model_fields:
            yield from secrets_in(getattr(held, name))
    elif isinstance(held, dict):
        for each in held.values():
            yield from secrets_in(each)
    elif isinstance(held, tuple | list):
        for each in held:
            yield from secrets_in(each)
