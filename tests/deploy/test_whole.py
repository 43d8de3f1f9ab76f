"""The services of the Compose file as processes, each with the environment that Compose would give it and no more."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic_core import from_json
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database
from adapters.temporal.versions import BUILD, DEPLOYMENT
from tests.deploy.conftest import WORKERS as WORKERS_PASSWORD
from tests.deploy.rules import ROOT, WORKERS, compose
from worker import GRACE

SYMBOLS = ("AAPL", "DUK", "INTC", "KO", "MSFT", "WMT")
PATIENCE_SECONDS = 90
ENV = {"WORKER_DB_PASSWORD": WORKERS_PASSWORD, "TEMPORAL_DB_PASSWORD": "unused"}


def filled(value: str, env: dict[str, str]) -> str:
    """A value of the Compose file with its variables filled in; one that must be there and is not is an error."""

    def one(found: re.Match[str]) -> str:
        name, how, other = found.groups()
        assert how == ":-" or env.get(name), f"{name}: {other}"
        return env.get(name) or other

    return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", one, value)


@dataclass
class Machine:
    """Where the services run: one folder, and the servers at their loopback addresses."""

    folder: Path
    env: dict[str, str]
    servers: dict[str, str]

    def environment(self, service: str) -> dict[str, str]:
        given = compose()["services"][service]["environment"]
        own = {name: filled(str(value), self.env) for name, value in given.items()}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **own, **self.servers}

    def command(self, service: str) -> list[str]:
        words = [str(word) for word in compose()["services"][service]["command"]]
        program, *rest = (word.replace("/tmp/", f"{self.folder}/{service}-") for word in words)  # noqa: S108  a container's
        return [sys.executable, str(ROOT / program), *rest]

    def health(self, service: str) -> Path:
        return self.folder / f"{service}-serving"

    def run(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / words[0]), *words[1:]] if words else self.command(service)
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(service),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, service: str) -> subprocess.Popen[bytes]:
        said = (self.folder / f"{service}.log").open("wb")
        with said:
            return subprocess.Popen(
                self.command(service), cwd=self.folder, env=self.environment(service), stdout=said, stderr=said
            )


@pytest.fixture
def machine(empty: Database, temporal: WorkflowEnvironment) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="machine-"))
    (folder / "data").symlink_to(ROOT / "data")
    servers = {
        "DB_HOST": empty.host,
        "DB_PORT": str(empty.port),
        "DB_NAME": empty.name,
        "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        # One machine has one port of a number.
        "METRICS_PORT": "",
        "METRICS_TEMPORAL_PORT": "",
    }
    yield Machine(folder, {**ENV, "DB_PASSWORD": empty.password.get_secret_value()}, servers)
    shutil.rmtree(folder)


@pytest.mark.faults
def test_three_workers_that_know_only_their_own_trade_together(machine: Machine) -> None:
    migrated = machine.run("migrations")
    assert migrated.returncode == 0, migrated.stderr
    workers = {name: machine.start(name) for name in WORKERS}
    try:
        served(machine, workers)
        done = machine.run("desk", "starter.py", "run", *SYMBOLS, "--json")
        assert done.returncode == 0, done.stderr + logs(machine)
        report = from_json(done.stdout)["report"]
        assert (report["outcome"], report["findings"]) == ("traded", [])
        audited = machine.run("desk", "starter.py", "audit", "--json")
        assert from_json(audited.stdout)["findings"] == []
    finally:
        for each in workers.values():
            each.send_signal(signal.SIGTERM)
        codes = {name: each.wait(GRACE.total_seconds() + 10) for name, each in workers.items()}
    assert codes == dict.fromkeys(WORKERS, 0)
    assert not any(machine.health(name).exists() for name in WORKERS)


@pytest.mark.faults
def test_workers_of_a_build_wait_until_it_is_current_and_then_trade_by_the_clock(machine: Machine) -> None:
    assert machine.run("migrations").returncode == 0
    machine.servers |= {DEPLOYMENT: "trading", BUILD: "one", "DESK_ID": "builds"}
    workers = {name: machine.start(name) for name in WORKERS}
    try:
        served(machine, workers)
        assert clock(machine) == set()
        made = machine.run("desk", "starter.py", "rollout", "current", "one", "--json")
        assert made.returncode == 0, made.stderr + logs(machine)
        assert [one["state"] for one in from_json(made.stdout)["builds"]] == ["current"]
        done = machine.run("desk", "starter.py", "run", *SYMBOLS, "--json")
        assert from_json(done.stdout)["report"]["outcome"] == "traded"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not clock(machine):
            assert time.monotonic() < deadline, logs(machine)
    finally:
        for each in workers.values():
            each.send_signal(signal.SIGTERM)
        codes = {name: each.wait(GRACE.total_seconds() + 10) for name, each in workers.items()}
    assert codes == dict.fromkeys(WORKERS, 0)


def clock(machine: Machine) -> set[str]:
    """The schedules that the server has."""
    listed = machine.run("desk", "starter.py", "schedules", "list", "--json")
    return {one["name"] for one in from_json(listed.stdout) if one["is_made"]}


def served(machine: Machine, workers: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until Temporal knows of every worker."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(machine.health(name).exists() for name in workers):
        assert all(each.poll() is None for each in workers.values()), logs(machine)
        assert time.monotonic() < deadline, logs(machine)
        time.sleep(0.1)


def logs(machine: Machine) -> str:
    return "\n".join(path.read_text() for path in sorted(machine.folder.glob("*.log")))


def test_a_password_that_is_missing_stops_compose() -> None:
    assert filled("${A:-b}", {}) == "b"
    assert filled("${A:-b}c", {"A": "a"}) == "ac"
    with pytest.raises(AssertionError, match="A: say it"):
        filled("${A:?say it}", {})
