"""A question of each agent, an answer that it can read, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.trading.agents.cases import ASK, PROMPTS, assessment, books, candidate, facts, proposal, snapshot
from trading.agents import data, debate, meta, risk, validator
from trading.agents.facts import Books
from trading.agents.questions import Agent, Question

_BOOKS = Books.of(books(), "AAPL")
_SEEN = snapshot(facts())


@dataclass(frozen=True)
class Asked:
    """What one agent is asked. `good` is its answer; `line` the key of its list, where it answers with one."""

    question: Question
    good: dict[str, Any]
    read: Callable[[str], object]
    line: str | None = None


ASKED = {
    Agent.DATA: Asked(
        data.question(PROMPTS[Agent.DATA], facts(), _BOOKS, _SEEN.as_of, ASK),
        {
            "symbol": "AAPL",
            "action": "buy",
            "confidence": 0.7,
            "weight": None,
            "quantity": 10,
            "stop": 97.5,
            "target": 104.5,
            "horizon_days": 20,
            "reasoning": "Up.",
        },
        lambda text: data.read(text, "AAPL"),
    ),
    Agent.RISK: Asked(
        risk.question(PROMPTS[Agent.RISK], [proposal()], _BOOKS, _SEEN, ASK),
        {"symbol": "AAPL", "approved": True, "adjusted_quantity": 50, "risk_score": 0.2, "concerns": ["Late."]},
        lambda text: risk.read(text, [proposal()]),
        "assessments",
    ),
    Agent.VALIDATOR: Asked(
        validator.question(PROMPTS[Agent.VALIDATOR], validator.Case(proposal(), assessment()), snapshot(facts()), ASK),
        {
            "symbol": "AAPL",
            "approved": True,
            "confidence": 0.6,
            "patterns": ["uptrend"],
            "concerns": [],
            "reasoning": "Up.",
        },
        lambda text: validator.read(text, "AAPL"),
    ),
    Agent.BULL: Asked(
        debate.question(PROMPTS[Agent.BULL], debate.Case(candidate()), _SEEN, ASK),
        {"symbol": "AAPL", "conviction": 0.7, "points": ["It rises."], "rebuttal": ""},
        lambda text: debate.read(text, "AAPL", Agent.BULL),
    ),
    Agent.META: Asked(
        meta.question(PROMPTS[Agent.META], meta.Weighed([candidate()], _BOOKS), _SEEN, ASK),
        {"symbol": "AAPL", "verdict": "EXECUTE", "quantity": 50, "rationale": "Best."},
        lambda text: meta.read(text, [candidate()]),
        "decisions",
    ),
}
QUESTION = ASKED[Agent.DATA].question
