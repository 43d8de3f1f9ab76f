"""The lives of one worker, seen from outside: born, armed with a death, killed, born again at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess

from tests.fakes.faulty import KILLED
from tests.faults.doom import Death, Trace
from tests.faults.doomed import Life, live

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02

_forks = multiprocessing.get_context("forkserver")
# Everything is imported once, before any Temporal client lives in that process; a life begins in a fork of it.
_forks.set_forkserver_preload(["tests.faults.doomed", "worker"])


class Lives:
    """One worker's process at a time; `body` is what it does with its life."""

    def __init__(self, life: Life, body: Callable[[Life], None] = live) -> None:
        self._life = life
        self._body = body
        self._process: ForkServerProcess | None = None
        self._armed = life.folder / "armed"
        self.trace = Trace(life.folder)
        self.deaths = 0

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.exitcode is None

    async def begin(self) -> float:
        """Bring the next life up; when it was ready, in monotonic seconds."""
        self._process = _forks.Process(target=self._body, args=(self._life,), daemon=True)
        self._process.start()
        pid = self._process.pid
        await _until(lambda: bool(self.trace.of("ready", pid)) or not self.is_alive, "a worker to be ready")
        return self.trace.of("ready", pid)[-1][0]

    async def end(self) -> int:
        """When it has ended, how it did."""
        process = self._process
        assert process is not None
        await _until(lambda: process.exitcode is not None, "a worker to end")
        self.deaths += 1
        return process.exitcode if process.exitcode is not None else KILLED

    async def kill(self) -> int:
        """End it as the kernel would."""
        if self._process is not None:
            self._process.kill()
        return await self.end()

    async def terminate(self) -> int:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()
        return await self.end()

    def arm(self, death: Death) -> None:
        """Tell the present life where it dies."""
        fresh = self._armed.with_suffix(".new")
        fresh.write_text(f"{death}\n")
        fresh.rename(self._armed)

    async def reached(self) -> None:
        """Wait until it stands where it was armed."""
        await _until(lambda: bool(self.trace.of("reached")), "a worker to come to its place")


async def _until(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}")
        await asyncio.sleep(LOOK_SECONDS)
