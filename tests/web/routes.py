"""Every operation of the API as it describes itself, filled in, so that what holds for all is asked of all."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

PLAIN = "x"


@dataclass(frozen=True)
class Operation:
    """One: its address with places for what is named there, what else it takes, and a body of its own example."""

    method: str
    path: str
    parameters: tuple[dict[str, Any], ...] = ()
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def asked(self, **values: Any) -> dict[str, Any]:
        """A request with these values of parameters, in words as they are put into an address."""
        path = self.path
        query: dict[str, Any] = {}
        headers: dict[str, Any] = {}
        for one in self.parameters:
            name, place = one["name"], one["in"]
            value = values.get(name)
            if place == "path":
                plain = "1" if _types(one["schema"]) & {"integer"} else "2026-11-20" if _dated(one["schema"]) else PLAIN
                path = path.replace("{" + name + "}", quote(str(plain if value is None else value), safe=""))
            elif value is not None or one.get("required"):
                (headers if place == "header" else query)[name] = "AAPL" if value is None else value
        return {"method": self.method, "path": path, "params": query, "headers": headers, "json": self.body}


@dataclass
class Described:
    """What an API says of itself."""

    document: dict[str, Any]
    operations: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path, methods in self.document["paths"].items():
            for method, one in methods.items():
                found = tuple(one.get("parameters", ()))
                self.operations.append(Operation(method.upper(), path, found, self._example(one)))

    def _example(self, operation: dict[str, Any]) -> Any:
        if "requestBody" not in operation:
            return None
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema["examples"][0]


def texts(parameter: dict[str, Any]) -> bool:
    """Whether a parameter takes words."""
    return "string" in _types(parameter["schema"])


def numbers(parameter: dict[str, Any]) -> bool:
    """Whether it takes a number or a day."""
    return bool(_types(parameter["schema"]) & {"integer", "number"}) or _dated(parameter["schema"])


def with_words(body: Any, word: str) -> Iterator[Any]:
    """The body as often as it has words, in each another of them replaced."""
    for way in _ways(body):
        changed = deepcopy(body)
        inside = changed
        for step in way[:-1]:
            inside = inside[step]
        inside[way[-1]] = word
        yield changed


def _ways(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    if isinstance(body, str):
        yield way
    for step, inside in steps:
        yield from _ways(inside, (*way, step))


def _types(schema: dict[str, Any]) -> set[str]:
    inner = [schema, *schema.get("anyOf", ())]
    inner += [one["items"] for one in inner if "items" in one]
    return {one.get("type", "string") for one in inner}


def _dated(schema: dict[str, Any]) -> bool:
    return any(one.get("format") == "date" for one in (schema, *schema.get("anyOf", ())))
