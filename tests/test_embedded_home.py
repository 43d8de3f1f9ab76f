"""The embedded servers' home, their ports and the database's place: what is remembered, refused and cleaned up."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedded import (
    BadHome,
    Home,
    PortChoice,
    PortInUse,
    PostgresServer,
    running,
    serve,
)
from embedded.place import OUTSIDE, Tenant, find_place, reachable_programs, remove_place, sweep
from embedded.ports import choose_ports


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that does not exist yet."""
    return tmp_path / "desk"


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's database may lie outside the home")


def test_ports_are_remembered_and_replaced_when_another_program_took_one(home: Path) -> None:
    folder = prepared(home)
    first = choose_ports(PortChoice(), folder.ports)
    assert choose_ports(PortChoice(), folder.ports) == first
    with _listener(first.ui):
        moved = choose_ports(PortChoice(), folder.ports)
    assert moved.ui != first.ui
    assert (moved.temporal, moved.database) == (first.temporal, first.database)
    folder.ports.write_text("not ports")
    assert len(set(choose_ports(PortChoice(), folder.ports).model_dump().values())) == 3


@pytest.mark.parametrize(
    ("name", "setting"), [("temporal", "DESK_TEMPORAL_PORT"), ("ui", "DESK_UI_PORT"), ("database", "DESK_DB_PORT")]
)
def test_a_configured_port_in_use_is_refused_by_port_and_setting(home: Path, name: str, setting: str) -> None:
    folder = prepared(home)
    with _listener(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} of {setting} is in use"):
            choose_ports(PortChoice.model_validate({name: port}), folder.ports)
    assert getattr(choose_ports(PortChoice.model_validate({name: port}), folder.ports), name) == port


def test_two_settings_may_not_ask_for_one_port(home: Path) -> None:
    folder = prepared(home)
    port = choose_ports(PortChoice(), folder.ports).ui
    with pytest.raises(PortInUse, match="DESK_DB_PORT"):
        choose_ports(PortChoice(temporal=port, database=port), folder.ports)


@pytest.mark.parametrize("where", ["a-file", "a-file/desk", "/proc/desk"])
async def test_a_folder_that_cannot_hold_state_is_refused_in_one_line(tmp_path: Path, where: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(BadHome, match=r"^\S+ cannot hold the desk's state \(.+\): choose another folder$"):
        async with serve(tmp_path / where, testing=True):
            pytest.fail("it has nowhere to write")


@pytest.mark.parametrize("said", ["", "{}", "[]", "\x00garbage"])
def test_damaged_endpoints_of_a_live_owner_are_named(home: Path, said: str) -> None:
    folder = prepared(home)
    folder.secret()
    with folder.owned():
        folder.endpoints.write_text(said)
        with pytest.raises(BadHome, match=rf"endpoints\.json is damaged: stop process {os.getpid()}"):
            running(home)


def test_an_emptied_password_file_is_named(home: Path) -> None:
    folder = prepared(home)
    folder.password.touch()
    with pytest.raises(BadHome, match=r"postgres\.password is empty"):
        PostgresServer(folder, 20_000)


@pytest.mark.usefixtures("as_root")
def test_roots_database_lies_outside_a_closed_home_and_opens_no_folder(tmp_path: Path, home: Path) -> None:
    closed = tmp_path.parent
    closed.chmod(0o700)
    place = find_place(prepared(home), disposable=True)
    assert OUTSIDE in place.data.parents
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert find_place(Home(home)).data == place.data, "remembered"
    sweep()
    assert place.data.parent.exists(), "its home is there"
    home.rename(tmp_path / "moved")
    assert find_place(Home(tmp_path / "moved")).data == place.data, "it follows its home"
    shutil.copytree(tmp_path / "moved", home)
    with pytest.raises(BadHome, match=r"desk is a copy of .*moved"):
        find_place(Home(home))
    shutil.rmtree(tmp_path / "moved")
    remove_place(Home(home))
    assert not place.data.parent.exists()
    Home(home).id.write_text(place.data.parent.name)
    with pytest.raises(BadHome, match=r"the database of .*desk is gone from"):
        find_place(Home(home))


def test_databases_of_homes_that_are_gone_are_removed_but_those_of_value_only_after_a_month(tmp_path: Path) -> None:
    kept, old, disposable, foreign = (tmp_path / name for name in ("kept", "old", "disposable", "foreign"))
    for folder in (kept, old, disposable, foreign):
        folder.mkdir()
        tenant = Tenant(home=tmp_path / "no-such-home", disposable=folder == disposable)
        (folder / "tenant.json").write_text(tenant.model_dump_json() if folder != foreign else "whatever")
    month_ago = time.time() - 31 * 86_400
    os.utime(old / "tenant.json", (month_ago, month_ago))
    sweep(tmp_path, seconds=-1)
    assert disposable.exists(), "no time was left for it"
    sweep(tmp_path)
    assert {folder.name for folder in tmp_path.iterdir()} == {"kept", "foreign"}


def test_programs_in_a_closed_folder_are_copied_to_where_their_account_can_run_them(tmp_path: Path) -> None:
    installed, outside = tmp_path / "closed" / "pginstall18", tmp_path / "outside"
    (installed / "bin").mkdir(parents=True)
    (installed / "bin" / "postgres").touch(mode=0o700)
    (installed / "bin" / "readme").touch(mode=0o600)
    (tmp_path / "closed").chmod(0o700)
    copy = reachable_programs(installed, outside)
    assert copy.parent == outside
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in (copy / "bin").iterdir()}
    assert modes == {"postgres": "0o755", "readme": "0o644"}
    assert reachable_programs(installed, outside) == copy
    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o700


def prepared(home: Path) -> Home:
    folder = Home(home)
    folder.prepare()
    return folder


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", port)) as listener:
        yield listener
