"""The way to the database: where it is, three roles to come as, and one place where its failures get our names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

import asyncpg
from pydantic import Field, SecretStr
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from adapters.tracing import spans
from trading.errors import LedgerUnavailable, TradingError, UnusableDatabase
from trading.money import Record

APPLICATION_ROLE = "trading_app"
READER_ROLE = "trading_reader"
READING_SCHEMA = "reading"
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

# The same transaction may succeed later: connections and resources by class, conflicts and shutdowns one by one.
_RETRYABLE_CLASSES = frozenset({"08", "53", "57", "58"})
_RETRYABLE_STATES = frozenset(
    {
        "40001",  # serialisation failure
        "40P01",  # deadlock
        "55P03",  # a lock was not to be had in time
        "25P03",  # idle in transaction for too long
    }
)
_UNUSABLE = {
    "28000": "refuses the user",
    "28P01": "refuses the password",
    "3D000": "does not exist",
    "22023": "is not migrated",  # asked for at connection: the application's role is not there yet
    "42P01": "is not migrated",
    "42501": "refuses the permission",
    "42704": "lacks something",
}


class Database(Record):
    """Where Postgres listens and who comes. The password is never shown."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    name: str
    user: str
    password: SecretStr = SecretStr("")

    @property
    def url(self) -> URL:
        """The address for SQLAlchemy."""
        return URL.create(
            "postgresql+asyncpg",
            username=self.user,
            password=self.password.get_secret_value() or None,
            host=self.host,
            port=self.port,
            database=self.name,
        )


class Patience(Record):
    """How long a database is waited for, in seconds, before it counts as unavailable."""

    connect: Seconds = 3
    # An activity's own ten seconds are longer, so that the failure it sees is ours and says what happened: a frozen
    # server costs this much, and two seconds more to close the connection that is silent.
    command: Seconds = 7
    pool: Seconds = 5


class _Pool(AsyncAdaptedQueuePool):
    """Connections that end with their engine: also one that is in use by then, as soon as it comes back.

    Who was still at work gives it back to a pool that nobody empties any more: the server would keep it.
    """

    _ended = False

    def dispose(self) -> None:
        """End what is here, and from now on what comes back."""
        self._ended = True
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self._ended:
            record.close()
        else:
            super()._do_return_conn(record)


def application_engine(database: Database, *, pool_size: int = 5, patience: Patience = Patience()) -> AsyncEngine:  # noqa: B008  frozen
    """Connections that may do what the application may: append to the log, never change it."""
    # Half the pool again for a burst; an embedded server allows 100 connections and three processes share it.
    return _engine(database, {"role": APPLICATION_ROLE}, patience, pool_size=pool_size, max_overflow=pool_size)


def reader_engine(database: Database, *, seconds: Seconds, pool_size: int = 2) -> AsyncEngine:
    """Connections that may only read, and only the views of `reading`, which go by the names of the tables.

    The server ends a statement that takes longer than so many seconds.
    """
    settings = {
        "role": READER_ROLE,
        # The views hide the tables of their names; what compares vectors is in `public`.
        "search_path": f"{READING_SCHEMA}, public",
        "default_transaction_read_only": "on",
        "statement_timeout": f"{int(seconds * 1000)}ms",
        "lock_timeout": f"{int(seconds * 1000)}ms",
    }
    return _engine(database, settings, Patience(), pool_size=pool_size, max_overflow=pool_size)


def owner_engine(database: Database) -> AsyncEngine:
    """The one connection of the tables' owner, for migrations only."""
    return _engine(database, {}, Patience(), pool_size=1, max_overflow=0)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction: committed when the block ends, rolled back when it raises.

    Raises LedgerUnavailable when the same transaction may succeed later, BadConfiguration when the database is not what
    the settings say. After an unanswered commit it is unknown whether it happened: repeat it, every method may be.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except TradingError:
        raise
    except (DBAPIError, PoolTimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        named = _named(error, engine.url)
        if named is None:
            raise
        raise named from error


def consistent(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, for reading several statements at one instant."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _engine(database: Database, settings: dict[str, str], patience: Patience, **pool: int) -> AsyncEngine:
    arguments: dict[str, Any] = {
        "timeout": patience.connect,
        "command_timeout": patience.command,
        "server_settings": {
            "application_name": "trading-desk",
            # A client that freezes inside a transaction must not keep the desk's rows locked.
            "idle_in_transaction_session_timeout": "30s",
            **settings,
        },
    }
    engine = create_async_engine(
        database.url,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        poolclass=_Pool,
        pool_timeout=patience.pool,
        pool_pre_ping=True,
        json_serializer=partial(json.dumps, allow_nan=False),
        json_deserializer=json.loads,
        hide_parameters=True,
        **pool,
    )
    spans.see(engine)
    return engine


def _named(error: BaseException, url: URL) -> TradingError | None:
    """Our name for a database's failure, None when it is neither the network's fault nor the settings'."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = str(getattr(cause, "sqlstate", None) or "")
    where = f"the database {url.database} at {url.host}:{url.port}"
    line = (str(cause).splitlines() or [""])[0].removeprefix(f"{type(cause).__name__}: ") or type(cause).__name__
    if state in _UNUSABLE:
        return UnusableDatabase(f"{where} {_UNUSABLE[state]}: {line}")
    lost = isinstance(error, PoolTimeoutError | OSError) or getattr(error, "connection_invalidated", False)
    # A migration under a running worker makes its prepared plans invalid, once.
    lost = lost or type(cause).__name__ == "InvalidCachedStatementError"
    if lost or state in _RETRYABLE_STATES or state[:2] in _RETRYABLE_CLASSES:
        return LedgerUnavailable(f"{where} is unavailable: {line}")
    return None
