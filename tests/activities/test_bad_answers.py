"""Every kind of bad answer from every agent: no order for what it was about, one repair, each reply stored once."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.fakes import model
from tests.fakes.asking import AskingSteps
from tests.fakes.model import Says, ScriptedModel, Words
from tests.fakes.steps import ordered
from tests.making import FOUR, cycle
from trading.agents.questions import Agent, Question
from trading.cycle import run_cycle
from trading.docket import CycleOutcome
from trading.errors import ModelUnavailable
from trading.events import EventType, canonical

SYMBOLS = ("AAPL", "XOM")
GOOD: dict[Agent, Says] = {
    Agent.DATA: model.buys("10"),
    Agent.RISK: model.approves,
    Agent.VALIDATOR: model.agrees,
    Agent.META: model.executes,
}
# A number that each agent must give, and a word from a closed list.
NUMBER = {
    Agent.DATA: "confidence",
    Agent.RISK: "risk_score",
    Agent.VALIDATOR: "confidence",
    Agent.META: "quantity",
}
WORD = {Agent.DATA: "action", Agent.RISK: "approved", Agent.VALIDATOR: "approved", Agent.META: "verdict"}
SIZE = {Agent.DATA: "quantity", Agent.RISK: "adjusted_quantity", Agent.VALIDATOR: "confidence", Agent.META: "quantity"}
Spoils = Callable[[Agent, dict[str, Any]], str]


def _with(place: dict[Agent, str], raw: str) -> Spoils:
    """The good answer with one value written as it stands, whether JSON has such a value or not."""

    def spoils(agent: Agent, good: dict[str, Any]) -> str:
        _line(good)[place[agent]] = "@@@"
        return canonical(good).replace('"@@@"', raw)

    return spoils


def _line(good: dict[str, Any]) -> dict[str, Any]:
    """The part of an answer that is about one symbol."""
    for key in ("assessments", "decisions"):
        if key in good:
            first: dict[str, Any] = good[key][0]
            return first
    return good


def _changed(change: Callable[[dict[str, Any]], object]) -> Spoils:
    def spoils(agent: Agent, good: dict[str, Any]) -> str:
        change(_line(good))
        return json.dumps(good)

    return spoils


def _around(frame: str) -> Spoils:
    return lambda agent, good: frame.replace("GOOD", canonical(good))


KINDS: dict[str, Spoils] = {
    "nothing": _around(""),
    "malformed": lambda agent, good: canonical(good)[:-2],
    "prose around it": _around("Surely! GOOD I hope this helps."),
    "a code fence": _around("```json\nGOOD\n```"),
    "two objects": _around("GOODGOOD"),
    "a list of it": _around("[GOOD]"),
    "a trailing comma": lambda agent, good: canonical(good)[:-1] + ",}",
    "deep nesting": _around("[" * 100_000),
    "ten megabytes": _around('"' + "x" * 10_000_000 + '"'),
    "a missing key": _changed(lambda line: line.popitem()),
    "an extra key": _changed(lambda line: line.update(approved_by="the owner")),
    "a repeated key": lambda agent, good: canonical(good).replace("{", '{"symbol":"TSLA",').replace("[]", "[]"),
    "a word for a number": _with(NUMBER, '"ten"'),
    "a thousands separator": _with(SIZE, "1,000"),
    "a list for a number": _with(NUMBER, "[1]"),
    "NaN": _with(NUMBER, "NaN"),
    "Infinity": _with(NUMBER, "Infinity"),
    "minus five": _with(NUMBER, "-5"),
    "1e400": _with(NUMBER, "1e400"),
    "1.7": _with(NUMBER, "1.7"),
    "nothing of it": _with(SIZE, "0"),
    "an unknown side": _with(WORD, '"short"'),
    "a symbol not asked": _changed(lambda line: line.update(symbol="TSLA")),
    "a Cyrillic look-alike": _changed(lambda line: line.update(symbol="\u0410" + line["symbol"][1:])),
    "lower case": _changed(lambda line: line.update(symbol=line["symbol"].lower())),
}
# A Validator is free to have no confidence; what it says of that is its own affair.
READABLE = {("nothing of it", Agent.VALIDATOR)}


def _bad(agent: Agent, spoils: Spoils) -> Says:
    """A model that spoils what this agent says of AAPL, and of the batch that it is in."""

    def says(question: Question) -> Words:
        good: Any = json.loads(canonical(GOOD[agent](question)))
        return spoils(agent, good) if _line(good)["symbol"] == "AAPL" else good

    return says


@pytest.mark.parametrize(("kind", "agent"), sorted({*product(KINDS, FOUR)} - READABLE))
async def test_a_bad_answer_ends_in_no_order_and_is_repaired_once(kind: str, agent: Agent) -> None:
    scripted = ScriptedModel({agent: _bad(agent, KINDS[kind])})
    steps = AskingSteps(scripted)
    report = await run_cycle(steps, cycle(*SYMBOLS))

    assert report.findings == ()
    alone = agent in {Agent.DATA, Agent.VALIDATOR}
    assert [symbol for _, symbol, _ in ordered(steps)] == (["XOM"] if alone else [])
    assert report.outcome is not CycleOutcome.FAILED
    asked = [question for question in scripted.asked if question.agent is agent]
    about = [question for question in asked if not alone or "AAPL" in canonical(question.facts)]
    assert [question.repair is not None for question in about] == [False, True]
    assert steps.journal.kept == len(steps.journal.calls) == len(scripted.asked)
    causes = [e.data["cause"] for e in steps.desk.events.values() if e.type is EventType.AGENT_ABSTAINED]
    assert causes == ["UnreadableAnswer"]


async def test_a_provider_that_is_down_all_day_fails_every_cycle_and_trades_nothing() -> None:
    down: Says = lambda _: ModelUnavailable("overloaded")  # noqa: E731  a script is one line an agent
    steps = AskingSteps(ScriptedModel(dict.fromkeys(Agent, down)))
    for number in range(1, 11):
        report = await run_cycle(steps, cycle(*SYMBOLS, number=number))
        assert (report.outcome, report.reason) == (CycleOutcome.FAILED, "no model answered: overloaded")
        assert report.findings == ()
    assert ordered(steps) == []
    assert sum(event.type is EventType.CYCLE_FAILED for event in steps.desk.events.values()) == 10


async def test_one_symbol_without_an_answer_does_not_fail_the_cycle() -> None:
    def stays_away(question: Question) -> Words:
        return ModelUnavailable("overloaded") if question.facts["symbol"] == "AAPL" else model.buys("10")(question)

    report = await run_cycle(AskingSteps(ScriptedModel({Agent.DATA: stays_away})), cycle(*SYMBOLS))
    assert report.outcome is CycleOutcome.TRADED
