"""The embedded PostgreSQL: the packaged server as a direct child, on a loopback port, with a password."""

from __future__ import annotations

import shutil
import signal
import subprocess

import asyncpg
from pydantic import BaseModel, Field, SecretStr

from embedded.errors import BadHome
from embedded.home import Home, write_whole
from embedded.place import Place, find_place, remove_place
from embedded.ports import LOOPBACK
from embedded.processes import Command, end, end_leftovers, processes_in, run, spawn, until_ready

DATABASE = "trading"
OWNER = "postgres"
NOT_YET = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, TimeoutError)


class Database(BaseModel, frozen=True):
    """Where the books are: the embedded database and its owner role. The password is never written with the rest."""

    host: str = LOOPBACK
    port: int
    name: str = DATABASE
    user: str = OWNER
    password: SecretStr = Field(exclude=True)

    def url(self, scheme: str = "postgresql") -> str:
        """The address with the password in it: for a driver, never for a log."""
        return f"{scheme}://{self.user}:{self.password.get_secret_value()}@{self.host}:{self.port}/{self.name}"


class PostgresServer:
    """One server on one home's database: started, stopped, or killed and started again at the same address.

    `disposable` is for tests: no waiting for the disk, so that a power cut (not a crash) could lose data.
    """

    name = "postgres"

    def __init__(self, home: Home, port: int, *, disposable: bool = False) -> None:
        self.database = Database(port=port, password=SecretStr(home.secret()))
        self._home = home
        self._disposable = disposable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Start it, made from nothing at first, and wait until its database answers; `ServerFailed` when not."""
        place = find_place(self._home, disposable=self._disposable)
        # The home's lock is the authority: whoever sits in the folder now was left behind, and its pid file is void.
        await end_leftovers(self.name, lambda: processes_in(place.data), signal.SIGQUIT)
        if not place.data.exists():
            await self._create(place)
        (place.data / "postmaster.pid").unlink(missing_ok=True)
        command = self._command(place, "postgres", "-D", str(place.data), *self._options())
        self._process = spawn(command)
        await until_ready(command, self._process, self._answers)
        await self._have_database()

    async def stop(self) -> None:
        """Ask for a fast shutdown (transactions are rolled back), then for an immediate one."""
        await end(self._process, signal.SIGINT, signal.SIGQUIT)

    async def kill(self) -> None:
        """End it as a crash would."""
        await end(self._process, signal.SIGKILL)

    async def remove(self) -> None:
        """End it and remove its database: for tests, whose databases are worth nothing afterwards."""
        await self.kill()
        remove_place(self._home)

    async def _create(self, place: Place) -> None:
        """Make the database under another name, then move it into place whole: a crash leaves no half of it."""
        unfinished = place.data.with_name(".postgres-new")
        password = place.data.with_name(".postgres-password")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        write_whole(password, self.database.password.get_secret_value())
        for path in (unfinished, password):
            place.give(path)
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        access = (f"--username={OWNER}", "--auth=scram-sha-256", f"--pwfile={password}")
        sync = ("--no-sync",) if self._disposable else ()
        try:
            await run(self._command(place, "initdb", f"--pgdata={unfinished}", *access, *locale, *sync))
        finally:
            password.unlink()
        unfinished.rename(place.data)

    def _command(self, place: Place, program: str, *arguments: str) -> Command:
        return Command(
            name=program,
            argv=(str(place.programs / program), *arguments),
            log=self._home.log_of(self.name),
            death_signal=signal.SIGINT,
            user=place.user,
        )

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": self.database.host,
            "port": str(self.database.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "fsync": "off" if self._disposable else "on",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    async def _answers(self) -> bool:
        try:
            connection = await self._connect()
        except NOT_YET:
            return False
        await connection.close()
        return True

    async def _have_database(self) -> None:
        connection = await self._connect()
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection to the database that always exists."""
        books = self.database
        password = books.password.get_secret_value()
        try:
            return await asyncpg.connect(
                host=books.host,
                port=books.port,
                user=books.user,
                password=password,
                database="postgres",
                ssl=False,
                timeout=5,
            )
        except asyncpg.InvalidPasswordError as error:
            raise BadHome(f"{self._home.password} is not the database's password: restore it from a backup") from error
