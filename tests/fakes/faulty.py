"""Any port, with planned faults around its calls; neither side knows."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

P = TypeVar("P")
KILLED = 137  # what a shell reports of SIGKILL


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned fault: at which call (the first is 1) of which method, before or after its effect, and what happens.

    `error` raises `raises`, `delay` sleeps `seconds`, `die` ends the process as SIGKILL would. An error or a death
    before the effect is also the end of the call: `both` is for delays.
    """

    method: str
    call: int
    when: Literal["before", "after", "both"]
    what: Literal["error", "delay", "die"]
    raises: type[Exception] = RuntimeError
    seconds: float = 0.0

    async def happen(self) -> None:
        """Let it happen now."""
        if self.what == "die":
            os._exit(KILLED)
        if self.what == "delay":
            await asyncio.sleep(self.seconds)
        else:
            raise self.raises(f"planned: call {self.call} of {self.method}, {self.when}")


class Faulty:
    """Passes every call on to a port and lets the planned faults happen around it; `calls` counts calls by method."""

    def __init__(self, port: object, script: Iterable[Fault]) -> None:
        self.calls: Counter[str] = Counter()
        self._port = port
        self._script = tuple(script)
        if strangers := [fault.method for fault in self._script if not hasattr(port, fault.method)]:
            raise AttributeError(f"{type(port).__name__} has no {', '.join(strangers)}")

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        return self._around(name, member) if callable(member) else member

    def _around(self, name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(*arguments: object, **named: object) -> object:
            self.calls[name] += 1
            number = self.calls[name]
            await self._faults(name, number, "before")
            answer = await method(*arguments, **named)
            await self._faults(name, number, "after")
            return answer

        return call

    async def _faults(self, name: str, number: int, moment: str) -> None:
        for fault in self._script:
            if (fault.method, fault.call) == (name, number) and fault.when in {moment, "both"}:
                await fault.happen()


def faulty(port: P, *script: Fault) -> P:
    """A port with faults, as its own type: what is wrapped answers to the same calls."""
    return cast("P", Faulty(port, script))
