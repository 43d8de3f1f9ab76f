"""Which ports the embedded servers listen on: asked for, remembered from the last start, or free ones."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, Field, ValidationError

from embedded.errors import EmbeddedError, PortInUse
from embedded.home import write_whole

LOOPBACK = "127.0.0.1"
# Below the range that systems hand out for outgoing connections (32768 and up on Linux, 49152 by IANA's table),
# so that a remembered port is not taken for a moment by some client when the desk comes back.
FREE_PORTS = range(20_000, 30_000)
TRIES = 200

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Port = Annotated[int, Field(ge=1, le=65535)]


class PortChoice(BaseModel, frozen=True, extra="forbid"):
    """The ports that the settings ask for; None leaves the choice to the desk."""

    temporal: Port | None = None
    ui: Port | None = None
    database: Port | None = None


SETTINGS = {"temporal": "DESK_TEMPORAL_PORT", "ui": "DESK_UI_PORT", "database": "DESK_DB_PORT"}
"""The setting that each port is configured by."""


class Ports(BaseModel, frozen=True, extra="forbid"):
    """The ports in use, all on the loopback address."""

    temporal: Port
    ui: Port
    database: Port


def choose_ports(wanted: PortChoice, remembered_in: Path) -> Ports:
    """The three ports of this start, remembered for the next; `PortInUse` when one that was asked for is taken."""
    remembered = _remembered(remembered_in)
    chosen: dict[str, int] = {}
    for name, setting in SETTINGS.items():
        asked: int | None = getattr(wanted, name)
        if asked is not None:
            if asked in chosen.values() or not is_free(asked):
                raise PortInUse(asked, setting)
            chosen[name] = asked
    for name in SETTINGS.keys() - chosen.keys():
        chosen[name] = _keep_or_find(name, remembered, chosen.values())
    ports = Ports(**chosen)
    write_whole(remembered_in, ports.model_dump_json())
    return ports


def is_free(port: int) -> bool:
    """Whether a server can listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as the servers do: closing connections are no hindrance
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(taken: Collection[int] = ()) -> int:
    """A port nobody listens on now, other than those already `taken`."""
    for _ in range(TRIES):
        port = secrets.choice(FREE_PORTS)
        if port not in taken and is_free(port):
            return port
    settings = ", ".join(SETTINGS.values())
    raise EmbeddedError(f"no free port between {FREE_PORTS.start} and {FREE_PORTS.stop}: choose them by {settings}")


def _keep_or_find(name: str, remembered: Ports | None, taken: Collection[int]) -> int:
    if remembered is not None:
        before: int = getattr(remembered, name)
        if before not in taken and is_free(before):
            return before
        log.warning("the port of the last start is in use, taking another", server=name, port=before)
    return free_port(taken)


def _remembered(path: Path) -> Ports | None:
    try:
        return Ports.model_validate_json(path.read_text())
    except FileNotFoundError:
        return None
    except (ValidationError, UnicodeDecodeError):
        log.warning("the remembered ports are unreadable, choosing new ones", file=str(path))
        return None
