"""Every way in which a model's answer goes wrong, as it comes over the wire, and what must become of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from tests.adapters.wire import server
from tests.adapters.wire.asked import Asked
from tests.adapters.wire.dialects import Dialect
from tests.adapters.wire.server import Script, sends
from trading.agents.questions import Agent

Fate = Literal["later", "ModelRefused", "unreadable", "cut", "refused"]
Wrong = Callable[[dict[str, Any], Agent, Random], str]

# A number of the answer, one that must lie between 0 and 1, and a word of a closed list, by agent.
_NUMBER = {
    Agent.DATA: "quantity",
    Agent.RISK: "adjusted_quantity",
    Agent.VALIDATOR: "confidence",
    Agent.BULL: "conviction",
    Agent.META: "quantity",
}
_FRACTION = {
    Agent.DATA: "confidence",
    Agent.RISK: "risk_score",
    Agent.VALIDATOR: "confidence",
    Agent.BULL: "conviction",
    Agent.META: "quantity",
}
_WORD: dict[Agent, dict[str, Any]] = {
    Agent.DATA: {"action": "short"},
    Agent.RISK: {"approved": "yes"},
    Agent.VALIDATOR: {"patterns": ["moon"]},
    Agent.BULL: {"points": "It rises."},
    Agent.META: {"verdict": "MAYBE"},
}
_CONTRADICTION: dict[Agent, dict[str, Any]] = {
    Agent.DATA: {"stop": 200, "target": 100},
    Agent.RISK: {"approved": True, "adjusted_quantity": 0},
    Agent.VALIDATOR: {"approved": None},
    Agent.BULL: {"points": ["It rises."] * 6},
    Agent.META: {"verdict": "EXECUTE", "quantity": 0},
}


@dataclass(frozen=True)
class Kind:
    """One way to go wrong: what is sent, and what the desk must make of it."""

    name: str
    fate: Fate
    script: Callable[[Dialect, Asked, Random], Script]
    timeout_seconds: float = 20


def text_of(asked: Asked, **changes: Any) -> str:
    """The good answer of an agent with some of its values changed."""
    return _wrapped(asked, json.dumps({**asked.good, **changes}))


def _wrapped(asked: Asked, line: str) -> str:
    return f'{{"{asked.line}": [{line}]}}' if asked.line else line


def _says(name: str, wrong: Wrong) -> Kind:
    """A readable reply whose text is wrong."""

    def script(dialect: Dialect, asked: Asked, random: Random) -> Script:
        line = wrong(dict(asked.good), asked.question.agent, random)
        return sends(200, dialect.says(_wrapped(asked, line)))

    return Kind(name, "unreadable", script)


def _answers(name: str, whole: Callable[[str, Random], str]) -> Kind:
    """A readable reply in which something is wrong around the answer."""
    return Kind(
        name, "unreadable", lambda dialect, asked, random: sends(200, dialect.says(whole(text_of(asked), random)))
    )


def _with(change: Callable[[Agent], dict[str, Any]]) -> Wrong:
    return lambda good, agent, _: json.dumps({**good, **change(agent)})


def _raw(number: str) -> Wrong:
    """A number that no JSON writer of Python's would write."""

    def wrong(good: dict[str, Any], agent: Agent, _: Random) -> str:
        return json.dumps({**good, _NUMBER[agent]: "@"}).replace('"@"', number)

    return wrong


def _status(name: str, status: int, code: str, fate: Fate, **headers: str) -> Kind:
    return Kind(name, fate, lambda dialect, asked, random: sends(status, dialect.fails(code, "As planned."), **headers))


def _on_the_wire(name: str, script: Script, timeout_seconds: float = 20) -> Kind:
    return Kind(name, "later", lambda dialect, asked, random: script, timeout_seconds)


def _without(good: dict[str, Any], random: Random) -> str:
    good.pop(random.choice(list(good)))
    return json.dumps(good)


def _doubled(good: dict[str, Any], random: Random) -> str:
    key = random.choice(list(good))
    return json.dumps(good)[:-1] + f", {json.dumps(key)}: {json.dumps(good[key])}}}"


def _zero(agent: Agent) -> dict[str, Any]:
    """One who is sure of nothing is a readable one, so his nought stands where a yes or no, or a text, belongs."""
    instead = {Agent.VALIDATOR: "approved", Agent.BULL: "rebuttal"}
    return {instead.get(agent, _NUMBER[agent]): 0}


KINDS = (
    _status("429", 429, "rate_limit_error", "later", retry_after="2"),
    _status("429 spend", 429, "insufficient_quota", "ModelRefused"),
    _status("529", 529, "overloaded_error", "later"),
    _status("500", 500, "api_error", "later"),
    _status("503", 503, "api_error", "later"),
    _status("401", 401, "authentication_error", "ModelRefused"),
    _status("404 retired model", 404, "not_found_error", "ModelRefused"),
    _on_the_wire("closed unanswered", server.closes_unasked),
    _on_the_wire("read time-out", server.is_silent, 0.1),
    _on_the_wire("reset mid-body", server.resets_mid_body),
    _answers("empty", lambda text, random: random.choice(["", " ", "\n"])),
    Kind(
        "truncated",
        "cut",
        lambda dialect, asked, random: sends(200, dialect.cuts(text_of(asked)[: random.randrange(1, 40)])),
    ),
    Kind("refusal", "refused", lambda dialect, asked, random: sends(200, dialect.refuses("I won't."))),
    Kind("tool call", "unreadable", lambda dialect, asked, random: sends(200, dialect.calls)),
    _answers("malformed", lambda text, random: text[: random.randrange(1, len(text) - 1)]),
    _answers(
        "in prose", lambda text, random: random.choice([f"Here: {text}", f"{text} Done.", f"```json\n{text}\n```"])
    ),
    _answers("two objects", lambda text, random: text + random.choice(["", "\n", " , "]) + text),
    _answers("trailing comma", lambda text, random: f"{text[:-1]},{text[-1]}"),
    _says("wrong types", lambda good, agent, random: json.dumps({**good, random.choice(list(good)): {}})),
    _says("missing key", lambda good, agent, random: _without(good, random)),
    _says("extra key", lambda good, agent, random: json.dumps({**good, f"note{random.randrange(9)}": 1})),
    _says("duplicate key", lambda good, agent, random: _doubled(good, random)),
    _answers("deep nesting", lambda text, random: "[" * (n := random.randrange(200, 60_000)) + "]" * n),
    _answers("10 MB", lambda text, random: text[:-1] + " " * 10_000_000 + "}"),
    _says("NaN", _raw("NaN")),
    _says("Infinity", _raw("-Infinity")),
    _says("-5", _raw("-5")),
    _says("0", _with(_zero)),
    _says("1e400", _raw("1e400")),
    _says('"ten"', _with(lambda agent: {_NUMBER[agent]: "ten"})),
    _says('"1,000"', _with(lambda agent: {_NUMBER[agent]: "1,000"})),
    _says("1.7", _with(lambda agent: {_FRACTION[agent]: 1.7})),
    _says("unknown word", _with(lambda agent: _WORD[agent])),
    _says("not asked", _with(lambda agent: {"symbol": "TSLA"})),
    _says("look-alike", _with(lambda agent: {"symbol": "\u0410APL"})),
    _says("lower case", _with(lambda agent: {"symbol": "aapl"})),
    _says("contradiction", _with(lambda agent: _CONTRADICTION[agent])),
)
