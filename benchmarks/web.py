"""`make bench-web`: the HTTP API of a desk with a year's log under load, beside a bare application in the same run.

The desk is `starter.py up` as anybody starts it: API, workers and servers in one process tree, paced for the measure by
WEB_REQUESTS_PER_SECOND. `wrk` asks over eight connections, on the same cores. Ratios say more than requests a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
from rich.console import Console
from rich.table import Table

import embedded
from adapters.postgres.engine import application_engine
from benchmarks.year import write_year
from console.reach import Reach, embedded_reach

ROOT = Path(__file__).parents[1]
PATHS = (
    "/health",
    "/page/main.js",
    "/api/me",
    "/api/portfolio",
    "/api/positions",
    "/api/orders",
    "/api/cycles",
    "/api/events",
    "/api/equity",
    "/api/breaker",
    "/metrics",
)
OWN = {"X-Trading-Desk": "1"}
CONNECTIONS, NOTES, WAIT_SECONDS = 8, 40, 120.0
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_QUANTILES = re.compile(r"\b(?:50|99)%\s+([\d.]+)(us|ms|s)\b")
_ERRORS = re.compile(r"(?:Non-2xx or 3xx responses: |Socket errors: )(.*)")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What one address stood: requests a second, milliseconds, and answers that were none."""

    rate: float
    p50: float
    p99: float
    errors: int


def main() -> int:
    """Start, fill, load and tell; 1 when something was not answered, or wrk is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000, help="lines of the log")
    parser.add_argument("--seconds", type=int, default=5, help="of load on each address")
    parser.add_argument("--listeners", type=int, default=50, help="who listen to the log at once")
    asked = parser.parse_args()
    console = Console(width=120)
    if shutil.which("wrk") is None:
        console.print("There is no wrk here: apt-get install wrk")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(asked, Path(folder), console))


async def _measured(asked: argparse.Namespace, home: Path, console: Console) -> int:
    port, bare = _free_port(), _free_port()
    with _process("-m", "benchmarks.bare", str(bare)), _process("starter.py", "up", **_variables(home, port)):
        async with _client(port) as desk, _client(bare) as least:
            await _answers(least, "/health")
            await _answers(desk, "/health")
            found = await _ended(desk, home)
            began = time.perf_counter()
            engine = application_engine(found.database)
            count = await write_year(engine, found.database, "main", asked.events)
            await engine.dispose()
            console.print(f"{count:,} more lines of the log in {time.perf_counter() - began:.0f} s")
            first = _loaded(bare, "/health", asked.seconds)
            loads = {path: _loaded(port, path, asked.seconds) for path in PATHS}
            sizes = {path: len((await desk.get(path)).content) for path in PATHS}
            console.print(_table(first, loads, sizes))
            console.print(await _heard(desk, asked.listeners))
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, one process")
    return int(any(load.errors for load in loads.values()))


def _variables(home: Path, port: int) -> dict[str, str]:
    paced = {"WEB_REQUESTS_PER_SECOND": "10000", "WEB_BURST": "100000", "WEB_LISTENERS": "500", "LOG_LEVEL": "warning"}
    return {"DESK_HOME": str(home / "desk"), "WEB_PORT": str(port), **paced}


@contextmanager
def _process(*words: str, **variables: str) -> Iterator[None]:
    """A program of ours, until the block is left."""
    quiet = subprocess.DEVNULL
    command = [sys.executable, *words]
    running = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=quiet, stderr=quiet)  # noqa: S603  ours
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=WAIT_SECONDS)


@asynccontextmanager
async def _client(port: int) -> AsyncIterator[httpx2.AsyncClient]:
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=OWN, timeout=WAIT_SECONDS, trust_env=False, limits=limits
    ) as client:
        yield client


async def _answers(client: httpx2.AsyncClient, path: str) -> None:
    """Wait until it does."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                if (await client.get(path)).is_success:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.2)


async def _ended(desk: httpx2.AsyncClient, home: Path) -> Reach:
    """Wait for the first cycle's end; where the servers are."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            answer = await desk.get("/api/cycles")
            items = answer.json()["items"] if answer.is_success else []
            if items and items[0]["ended_at"]:
                break
            await asyncio.sleep(0.5)
    endpoints = embedded.running(home / "desk")
    assert endpoints  # noqa: S101  it has answered
    return embedded_reach(endpoints)


def _loaded(port: int, path: str, seconds: int) -> Load:
    """Let wrk ask for so long, after a second that nobody counts."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "--latency", f"http://127.0.0.1:{port}{path}"]
    subprocess.run([*command, "-d1"], check=True, capture_output=True)  # noqa: S603  as below
    told = subprocess.run([*command, f"-d{seconds}"], check=True, capture_output=True, text=True).stdout  # noqa: S603
    (rate,) = _RATE.findall(told)
    p50, p99 = (float(number) * _MILLISECONDS[unit] for number, unit in _QUANTILES.findall(told))
    errors = sum(int(number) for found in _ERRORS.findall(told) for number in re.findall(r"\d+", found))
    return Load(float(rate), p50, p99, errors)


def _table(bare: Load, loads: dict[str, Load], sizes: dict[str, int]) -> Table:
    table = Table(title=f"{CONNECTIONS} connections; ratio: the bare application's requests a second over this one's")
    for column in ("address", "bytes", "requests/s", "ratio", "p50 ms", "p99 ms", "errors"):
        table.add_column(column, justify="left" if column == "address" else "right")
    rows = {"bare application": bare, **loads}
    for name, load in rows.items():
        size = f"{sizes[name]:,}" if name in sizes else ""
        times = (f"{load.p50:.1f}", f"{load.p99:.1f}", str(load.errors))
        table.add_row(name, size, f"{load.rate:,.0f}", f"{bare.rate / load.rate:.1f}", *times)
    return table


async def _heard(desk: httpx2.AsyncClient, count: int) -> str:
    """How long a note takes to be heard by so many listeners: from its asking to its line."""
    heard: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        tasks = []
        for _ in range(count):
            answer = await stack.enter_async_context(desk.stream("GET", "/api/live"))
            answer.raise_for_status()
            tasks.append(asyncio.create_task(_listen(answer, heard)))
        asked: dict[str, float] = {}
        for number in range(NOTES):
            asked[f"note {number}"] = time.perf_counter()
            (await desk.post("/api/events", json={"text": f"note {number}"})).raise_for_status()
            await asyncio.sleep(0.1)
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.gather(*tasks)
    took = [(at - asked[text]) * 1000 for text, moments in heard.items() for at in moments]
    p50, p99 = np.percentile(took, [50, 99])
    return f"{NOTES} notes to {count} listeners: {len(took):,} heard, p50 {p50:.0f} ms, p99 {p99:.0f} ms"


async def _listen(answer: httpx2.Response, heard: dict[str, list[float]]) -> None:
    """Hear every note."""
    left = NOTES
    async for line in answer.aiter_lines():
        if found := re.search(r'"text":"(note \d+)"', line):
            heard.setdefault(found[1], []).append(time.perf_counter())
            left -= 1
        if not left:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
