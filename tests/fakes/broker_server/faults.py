"""Planned faults: what happens to a request instead of the ordinary, by its kind and its number.

| fault                    | the request takes effect | the client gets                              |
|--------------------------|--------------------------|----------------------------------------------|
| `silence(seconds)`       | as it says               | nothing, and then the end of the connection  |
| `slow(seconds)`          | yes, at once             | the ordinary answer, late                    |
| `reset()`                | as it says               | a connection that is reset                   |
| `failure(status)`        | as it says               | an error page of a proxy                     |
| `garbage(kind)`          | yes                      | 200 and a body that is not what was asked for |
| `too_many(retry_after)`  | no                       | 429                                          |
| `refusal(status, ...)`   | no                       | 4xx with Alpaca's code                       |
| `late(...)`              | yes, and nobody finds it | what the fault inside of it says             |
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Literal

PAGE = b"<html><head><title>%d</title></head><body><center><h1>%d</h1></center><hr>nginx</body></html>"
GARBAGE = {
    "html": b"<!doctype html><html><body>Sign in to continue</body></html>",
    "truncated": b'{"id":"61e69015-8549-4bfd-b9c3-01e75843f47d","client_ord',
    "empty": b"",
    "list": b"[]",
    "wrong": b'{"orders": {"of": "another shape"}, "status": 7}',
    "null": b"null",
}
Garbage = Literal["html", "truncated", "empty", "list", "wrong", "null"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One request's fate. `effect`: whether the brokerage does what was asked; `status` None: the ordinary answer."""

    effect: bool = False
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    cut: Literal["", "close", "reset"] = ""
    hidden_seconds: float = 0.0
    hidden_lookups: int = 0


def silence(seconds: float = 30.0, *, accepted: bool) -> Fault:
    """Say nothing for so long, then hang up: longer than the client waits, it is a time-out."""
    return Fault(effect=accepted, wait=seconds, cut="close")


def slow(seconds: float) -> Fault:
    """Take effect at once and answer late."""
    return Fault(effect=True, wait=seconds)


def reset(*, accepted: bool) -> Fault:
    """Reset the connection in place of an answer."""
    return Fault(effect=accepted, cut="reset")


def failure(status: int = 500, *, accepted: bool) -> Fault:
    """Answer with the error page of some proxy: no JSON."""
    return Fault(accepted, status, PAGE % (status, status), {"Content-Type": "text/html"})


def garbage(kind: Garbage = "html") -> Fault:
    """Take effect and answer 200 with what cannot be read as an answer."""
    json_or_not = "text/html" if kind == "html" else "application/json"
    return Fault(effect=True, status=200, body=GARBAGE[kind], headers={"Content-Type": json_or_not})


def too_many(retry_after: float | str | None = 1) -> Fault:
    """Refuse for the rate; `retry_after` is seconds, or an HTTP date, or absent."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault(status=429, body=_error(42910000, "rate limit exceeded"), headers=headers)


def refusal(status: int, code: int, message: str) -> Fault:
    """Refuse with Alpaca's code and words."""
    return Fault(status=status, body=_error(code, message))


def late(answer: Fault | None = None, *, seconds: float = 0.0, lookups: int = 0) -> Fault:
    """Accept an order that look-ups and lists miss, for some time or so many times; `answer` is the POST's own fate."""
    return replace(answer or Fault(effect=True), effect=True, hidden_seconds=seconds, hidden_lookups=lookups)


def _error(code: int, message: str) -> bytes:
    return json.dumps({"code": code, "message": message}).encode()


class Faults:
    """The plan. A kind of request is a method and a path, each with `*` for any: `("GET", "/v2/orders*")`.

    `order` narrows it to the requests that name this client order id: its POST, its look-up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[tuple[str, str, str, list[Fault | None]]] = []
        self._chances: list[tuple[str, str, float, Random, tuple[Fault, ...]]] = []

    def plan(self, method: str, path: str, *faults: Fault | None, order: str = "") -> None:
        """The fates of the next requests of a kind, in turn; None is the ordinary."""
        with self._lock:
            self._planned.append((method, path, order, list(faults)))

    def chance(self, method: str, path: str, probability: float, *faults: Fault, seed: int) -> None:
        """Let each request of a kind that no plan has spoken for meet one of these faults with a probability."""
        with self._lock:
            self._chances.append((method, path, probability, Random(seed), faults))

    def clear(self, order: str = "") -> None:
        """Nothing goes wrong from now on, or nothing that was planned for this order."""
        with self._lock:
            self._planned = [planned for planned in self._planned if order and planned[2] != order]
            self._chances = self._chances if order else []

    @property
    def left(self) -> int:
        """How many planned fates no request has met."""
        with self._lock:
            return sum(len(faults) for *_, faults in self._planned)

    def next(self, method: str, path: str, order: str = "") -> Fault | None:
        """The fate of a request that has come; `order` is the client order id that it names, if any."""
        with self._lock:
            for of_method, of_path, of_order, faults in self._planned:
                is_meant = of_order in {"", order} and fnmatchcase(method, of_method) and fnmatchcase(path, of_path)
                if faults and is_meant:
                    return faults.pop(0)
            for of_method, of_path, probability, random, some in self._chances:
                if fnmatchcase(method, of_method) and fnmatchcase(path, of_path) and random.random() < probability:
                    return random.choice(some)
        return None
