"""The embedded Temporal server and PostgreSQL of `make run` and of the tests.

`serve` owns a home and runs both; `running` tells other processes where they answer. `TemporalServer` and
`PostgresServer` are the same servers one by one, for tests that kill them.
"""

from __future__ import annotations

from embedded.errors import AlreadyRunning, BadHome, EmbeddedError, PortInUse, ServerFailed
from embedded.home import Home
from embedded.ports import PortChoice
from embedded.postgres import Database, PostgresServer
from embedded.supervisor import Endpoints, running, serve
from embedded.temporal import NAMESPACE, TemporalServer

__all__ = [
    "NAMESPACE",
    "AlreadyRunning",
    "BadHome",
    "Database",
    "EmbeddedError",
    "Endpoints",
    "Home",
    "PortChoice",
    "PortInUse",
    "PostgresServer",
    "ServerFailed",
    "TemporalServer",
    "running",
    "serve",
]
