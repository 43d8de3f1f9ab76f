"""A model whose words a test writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trading.agents.questions import Agent, Question, Reply
from trading.events import canonical

Words = dict[str, Any] | str | Exception
Says = Callable[[Question], Words]


class ScriptedModel:
    """Answers by agent: as scripted, else yes to everything. Scripted exceptions are raised, questions kept."""

    def __init__(self, script: Mapping[Agent, Says] | None = None) -> None:
        self.asked: list[Question] = []
        self._script: dict[Agent, Says] = {
            Agent.DATA: buys("10"),
            Agent.RISK: approves,
            Agent.VALIDATOR: agrees,
            Agent.BULL: argues(0.7),
            Agent.BEAR: argues(0.3),
            Agent.META: executes,
            **(script or {}),
        }

    async def answer(self, question: Question) -> Reply:
        self.asked.append(question)
        said = self._script[question.agent](question)
        if isinstance(said, Exception):
            raise said
        return Reply(text=said if isinstance(said, str) else canonical(said), model="scripted")


def signal(question: Question, action: str, **changes: object) -> dict[str, Any]:
    """A readable signal of this action about the symbol that was asked for."""
    plain = {"confidence": 0.5, "weight": None, "quantity": None, "stop": None, "target": None, "horizon_days": 5}
    return {"symbol": question.facts["symbol"], "action": action, **plain, "reasoning": "as scripted", **changes}


def price(question: Question) -> float:
    """The price that the DataAgent is told."""
    figures = question.facts["figures"]
    assert isinstance(figures, dict)
    return float(str(figures["price"]))


def buys(quantity: str, **changes: object) -> Says:
    """Buys so many shares of whatever it is asked for."""
    return lambda question: signal(question, "buy", quantity=int(quantity), **changes)


def holds(question: Question) -> Words:
    return signal(question, "hold")


def sells(question: Question) -> Words:
    return signal(question, "sell")


def approves(question: Question) -> Words:
    return {"assessments": [assessment(one, approved=True) for one in listed(question, "proposals")]}


def refuses(question: Question) -> Words:
    return {"assessments": [assessment(one, approved=False) for one in listed(question, "proposals")]}


def assessment(proposal: Mapping[str, Any], *, approved: bool) -> dict[str, Any]:
    """A readable line of the RiskManager's, about all that is proposed or nothing of it."""
    quantity = int(float(proposal["quantity"])) if approved else 0
    size = {"symbol": proposal["symbol"], "approved": approved, "adjusted_quantity": quantity}
    return {**size, "risk_score": 0.3, "concerns": []}


def agrees(question: Question) -> Words:
    return _validation(question, approved=True)


def disagrees(question: Question) -> Words:
    return _validation(question, approved=False)


def argues(conviction: float, **changes: object) -> Says:
    """One point on whatever candidate it is asked about."""

    def says(question: Question) -> Words:
        candidate: Any = question.facts["candidate"]
        point = f"{question.agent} as scripted"
        plain = {"symbol": candidate["proposal"]["symbol"], "conviction": conviction, "points": [point]}
        return {**plain, "rebuttal": "", **changes}

    return says


def executes(question: Question) -> Words:
    return {"decisions": [decision(one, "EXECUTE") for one in listed(question, "candidates")]}


def declines(question: Question) -> Words:
    return {"decisions": [decision(one, "DO_NOT_EXECUTE") for one in listed(question, "candidates")]}


def decision(candidate: Mapping[str, Any], verdict: str) -> dict[str, Any]:
    """A readable line of the MetaAgent's, about all that is left or nothing of it."""
    proposal = candidate["proposal"]
    quantity = int(float(proposal["quantity"])) if verdict == "EXECUTE" else 0
    return {"symbol": proposal["symbol"], "verdict": verdict, "quantity": quantity, "rationale": "as scripted"}


def _validation(question: Question, *, approved: bool) -> Words:
    proposal: Any = question.facts["proposal"]
    words = {"confidence": 0.6, "patterns": [], "concerns": [], "reasoning": "as scripted"}
    return {"symbol": proposal["symbol"], "approved": approved, **words}


def listed(question: Question, key: str) -> list[Any]:
    """What a question lists under a key of its facts."""
    found = question.facts[key]
    assert isinstance(found, list)
    return found


def looks_up(*lookups: Mapping[str, Any]) -> dict[str, Any]:
    """The Inquirer's answer that asks for these look-ups, each with what it says beside its tool."""
    silent = dict.fromkeys(("since", "until", "at", "symbol", "cycle_id", "trace_id", "strategy_id", "text", "level"))
    silent |= dict.fromkeys(("limit", "view", "order_by", "total_by", "most"))
    lists: dict[str, Any] = {"types": [], "where": [], "descending": True}
    return {"lookups": [{**silent, **lists, **one} for one in lookups], "answer": None}


def concludes(text: str, *citations: str, kind: str = "answered") -> dict[str, Any]:
    """The Inquirer's answer that says this."""
    return {"lookups": [], "answer": {"kind": kind, "text": text, "citations": [*citations]}}
