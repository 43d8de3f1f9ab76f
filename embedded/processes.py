"""Server processes: started so that they cannot outlive their owner, awaited, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog

from embedded.errors import EmbeddedError, ServerFailed

TETHER = Path(__file__).with_name("tether.py")
POLL_SECONDS = 0.02
START_SECONDS = 60.0
ATTEMPT_SECONDS = 2.0
STOP_SECONDS = 10.0
LOG_BYTES = 10_000_000

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True)
class Command:
    """What to run: absolute program first; `death_signal` comes when the owner dies; no `user`: the present one."""

    name: str
    argv: tuple[str, ...]
    log: Path
    death_signal: signal.Signals
    user: str | None = None


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own: Ctrl-C reaches the owner only, which then ends its servers in order.

    The environment is empty but for a path: the owner's keys are none of a server's business.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedError("servers start from the main thread: Linux ends them with the thread that started them")
    _make_room(command.log)
    tether = (sys.executable, "-I", "-S", str(TETHER), str(int(command.death_signal)), str(os.getpid()))
    with command.log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  our own argument list, no shell
            [*tether, command.user or "-", *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            start_new_session=True,
        )


async def run(command: Command) -> None:
    """Run a command to its end; `ServerFailed` when it exits other than 0."""
    process = spawn(command)
    try:
        if not await has_exited(process, START_SECONDS) or process.returncode != 0:
            raise failure(command, process)
    finally:
        await end(process, signal.SIGKILL)


async def until_ready(
    command: Command, process: subprocess.Popen[bytes], is_ready: Callable[[], Awaitable[bool]]
) -> None:
    """Wait until the server answers; `ServerFailed` when it ends before that, or is silent for `START_SECONDS`."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while not await _within(ATTEMPT_SECONDS, is_ready):
        if process.poll() is not None or asyncio.get_running_loop().time() > deadline:
            raise failure(command, process)
        await asyncio.sleep(POLL_SECONDS)


async def _within(seconds: float, is_ready: Callable[[], Awaitable[bool]]) -> bool:
    """One look at a server: a connection that it took, but does not serve yet, may be silent for very long."""
    try:
        async with asyncio.timeout(seconds):
            return await is_ready()
    except TimeoutError:
        return False


def failure(command: Command, process: subprocess.Popen[bytes]) -> ServerFailed:
    """The error that says how a server ended and what it said last."""
    end_of_it = "does not answer" if process.poll() is None else f"ended with exit code {process.returncode}"
    said = command.log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
    return ServerFailed(f"{command.name} {end_of_it}; it said last: {said[0][:300]} (more in {command.log})")


async def has_exited(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process ends within so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while process.poll() is None:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


async def end(process: subprocess.Popen[bytes] | None, *signals: signal.Signals) -> None:
    """Send each signal in turn, ten seconds apart, until the process is gone; the last resort is SIGKILL."""
    for each in (*signals, signal.SIGKILL):
        if process is None or process.poll() is not None:
            return
        process.send_signal(each)
        await has_exited(process, STOP_SECONDS)


async def end_leftovers(name: str, found: Callable[[], list[psutil.Process]], polite: signal.Signals) -> None:
    """End processes that a dead owner left behind, each named in a log line; `found` looks for them anew."""
    for process in (leftovers := found()):
        log.warning("ending a server that a dead owner left behind", server=name, pid=process.pid)
    for each in (polite, signal.SIGKILL):
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        _send(each, leftovers)
        while leftovers and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            leftovers = found()
    if leftovers:
        pids = ", ".join(str(process.pid) for process in leftovers)
        raise EmbeddedError(f"{name} of a dead owner still runs and does not end: end process {pids} yourself")


def processes_where(matches: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """The live processes that match, leaving out those we may not look into and those that end meanwhile."""
    found = []
    for process in psutil.process_iter():
        try:
            if matches(process):
                found.append(process)
        except psutil.Error:
            continue
    return found


def processes_in(folder: Path) -> list[psutil.Process]:
    """The processes whose working directory a folder is: the Postgres server of a database, and all its parts."""
    return processes_where(lambda process: process.cwd() == str(folder))


def _send(each: signal.Signals, processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):  # gone meanwhile, or not ours to end: the caller looks again
            process.send_signal(each)


def _make_room(path: Path) -> None:
    """Put a log that has grown large aside, over the one put aside before."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))
