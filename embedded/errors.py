"""What can be wrong with the embedded servers: each message is one line that says what, and how to mend it.

EmbeddedError
├── AlreadyRunning    another process owns this home
├── BadHome           the folder cannot hold the servers' state, or what it holds is damaged
├── PortInUse         a port that the settings ask for is taken
└── ServerFailed      a server did not start
"""

from __future__ import annotations

from pathlib import Path


class EmbeddedError(Exception):
    """The embedded servers cannot run here as asked."""


class AlreadyRunning(EmbeddedError):
    """Another process owns this home; `pid` is its id, None while it has not yet said it."""

    def __init__(self, home: Path, pid: int | None) -> None:
        owner = f"process {pid}" if pid else "another process"
        super().__init__(f"a desk is already running on {home} ({owner}): stop it, or choose another folder")
        self.pid = pid


class BadHome(EmbeddedError):
    """The folder cannot hold the servers' state, or what it holds is damaged."""


class PortInUse(EmbeddedError):
    """A port that the settings ask for is taken by another program."""

    def __init__(self, port: int, setting: str) -> None:
        super().__init__(f"port {port} of {setting} is in use: stop what listens there, or change or unset {setting}")
        self.port = port
        self.setting = setting


class ServerFailed(EmbeddedError):
    """A server ended, or stayed silent, before it answered."""
