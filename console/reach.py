"""Where the servers of a desk are. Worker and starter look here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import embedded
from adapters.temporal import connection
from settings import DatabaseSettings, Settings
from trading.errors import BadConfiguration

if TYPE_CHECKING:
    from adapters.postgres.engine import Database


@dataclass(frozen=True)
class Reach:
    """Where the servers are; no address of Temporal when its own variables tell it."""

    database: Database
    temporal_address: str | None
    ui_url: str | None = None


def reach(settings: Settings) -> Reach:
    """The servers that the settings name, else the embedded ones of a running `make run`.

    Raises BadConfiguration in one line when there are neither, or only half of them is named.
    """
    named = named_reach(settings.database)
    if named is not None:
        return named
    endpoints = embedded.running(settings.desk.home)
    if endpoints is None:
        mend = "start one with `make run`, or set DB_HOST and TEMPORAL_ADDRESS"
        raise BadConfiguration(f"no desk is running on {settings.desk.home}: {mend}")
    return embedded_reach(endpoints)


def embedded_reach(endpoints: embedded.Endpoints) -> Reach:
    """The embedded servers."""
    database = _database(endpoints.database)
    return Reach(database=database, temporal_address=endpoints.temporal_address, ui_url=endpoints.ui_url)


def named_reach(named: DatabaseSettings) -> Reach | None:
    """The servers that are named; None when none is. Books and workflows of two desks must not be mixed."""
    names_temporal = "target_host" in connection.named()
    if names_temporal != (named.host is not None):
        message = "TEMPORAL_ADDRESS and DB_HOST go together: set both, or neither to use the embedded servers"
        raise BadConfiguration(message)
    if named.host is None:
        return None
    return Reach(database=_database(named), temporal_address=None)


def _database(at: DatabaseSettings | embedded.Database) -> Database:
    from adapters.postgres.engine import Database  # noqa: PLC0415  20 MB that nobody needs where no desk runs

    return Database(host=str(at.host), port=at.port, name=at.name, user=at.user, password=at.password)
