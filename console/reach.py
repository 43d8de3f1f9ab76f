"""Where the servers of a desk are. Worker and starter look here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import embedded
from adapters.postgres.engine import Database
from settings import DatabaseSettings, Settings
from trading.errors import BadConfiguration


@dataclass(frozen=True)
class Reach:
    """Where the servers are: those that the settings name, else the embedded ones of a running `make run`."""

    database: Database
    temporal_address: str | None
    ui_url: str | None = None


def reach(settings: Settings) -> Reach:
    """Find the servers. Raises BadConfiguration in one line when there is no database."""
    endpoints = embedded.running(settings.desk.home)
    if endpoints is not None:
        return embedded_reach(endpoints, settings.database)
    database = named_database(settings.database)
    if database is None:
        mend = "start one with `make run`, or set DB_HOST and TEMPORAL_ADDRESS"
        raise BadConfiguration(f"no desk is running on {settings.desk.home}: {mend}")
    return Reach(database=database, temporal_address=None)


def embedded_reach(endpoints: embedded.Endpoints, named: DatabaseSettings) -> Reach:
    """The embedded servers; a database that is named comes before theirs."""
    own = endpoints.database
    database = Database(host=own.host, port=own.port, name=own.name, user=own.user, password=own.password)
    return Reach(
        database=named_database(named) or database,
        temporal_address=endpoints.temporal_address,
        ui_url=endpoints.ui_url,
    )


def named_database(named: DatabaseSettings) -> Database | None:
    """The database that the settings name; None when they name none."""
    if named.host is None:
        return None
    return Database(host=named.host, port=named.port, name=named.name, user=named.user, password=named.password)
