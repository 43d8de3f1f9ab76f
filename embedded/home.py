"""The folder that holds the embedded servers' state, and the lock that says who owns it."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.errors import AlreadyRunning, BadHome

LOCK_TRIES = 30
LOCK_PAUSE_SECONDS = 0.01


class Home:
    """One desk's folder.

    lock · endpoints.json     while an owner runs: whose it is, and where its servers answer
    ports.json · id           remembered from start to start
    postgres.password         of the database's owner role, readable by nobody else
    postgres/ · temporal.db   the state itself (as root the database may lie elsewhere, see `place`)
    postgres.log · temporal.log
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.lock = self.path / "lock"
        self.endpoints = self.path / "endpoints.json"
        self.ports = self.path / "ports.json"
        self.id = self.path / "id"
        self.password = self.path / "postgres.password"
        self.postgres = self.path / "postgres"
        self.temporal = self.path / "temporal.db"

    def log_of(self, server: str) -> Path:
        """The file that a server's own words go to."""
        return self.path / f"{server}.log"

    def prepare(self) -> None:
        """Make the folder and see that it can be written; `BadHome` when not.

        Run as root it may be passed through by others, never listed: the database's account has to reach its part.
        """
        try:
            self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            probe = self.path / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            reason = "it is a file" if self.path.is_file() else error.strerror
            raise BadHome(f"{self.path} cannot hold the desk's state ({reason}): choose another folder") from error

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the lock, which dies with its holder; `AlreadyRunning` when another process has it.

        `flock`, not `lockf`: a record lock is lost when any file handle of the process on that file is closed.
        """
        handle = self._acquire()
        try:
            yield
        finally:
            self.lock.unlink(missing_ok=True)
            os.close(handle)

    def owner(self) -> int | None:
        """The pid of the process that holds the lock, None when nobody does."""
        try:
            handle = os.open(self.lock, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise BadHome(f"{self.lock} cannot be read ({error.strerror}): run as its owner") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.read(handle, 20)
            return int(said) if said.isdigit() else None
        finally:
            os.close(handle)
        return None

    def secret(self) -> str:
        """The password of the database's owner role, made at the first call."""
        if not self.password.exists():
            write_whole(self.password, secrets.token_urlsafe(24))
        return self.read(self.password)

    def read(self, path: Path) -> str:
        """The text of one of the home's small files; `BadHome` when it is damaged."""
        try:
            text = path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadHome(f"{path} cannot be read ({error}): restore it, or run as its owner") from error
        if not text:
            raise BadHome(f"{path} is empty: restore it from a backup, or remove {self.path} to start anew")
        return text

    def _acquire(self) -> int:
        for _ in range(LOCK_TRIES):  # a look by `owner` holds it for a moment, too
            handle = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o644)
            if _locked(handle) and self._is_current(handle):
                os.truncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
            os.close(handle)
            time.sleep(LOCK_PAUSE_SECONDS)
        raise AlreadyRunning(self.path, self.owner())

    def _is_current(self, handle: int) -> bool:
        """Whether the locked file is still the one that the name leads to: an owner removes it when it leaves."""
        try:
            return os.path.samestat(os.fstat(handle), self.lock.stat())
        except FileNotFoundError:
            return False


def write_whole(path: Path, text: str) -> None:
    """Write a small private file so that no reader and no crash ever sees half of it."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
