"""Whatever a model writes, reading gives a record within its bounds or raises UnreadableAnswer, and nothing else.

Each case follows from its seed alone: half are good answers, the rest have values replaced or characters damaged.
"""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from tests.trading.agents.cases import candidate, proposal
from trading.agents import data, meta, risk, validator
from trading.errors import UnreadableAnswer
from trading.signals import Decision, RiskAssessment, Signal, Validation

CASES = [300, pytest.param(10_000, marks=pytest.mark.soak)]
SYMBOLS = ("AAPL", "MSFT")
PROPOSALS = [proposal(symbol) for symbol in SYMBOLS]
CANDIDATES = [candidate(symbol) for symbol in SYMBOLS]

SIGNAL: dict[str, Any] = {
    "symbol": "AAPL",
    "action": "buy",
    "confidence": 0.7,
    "weight": 0.1,
    "quantity": None,
    "stop": 97.5,
    "target": 104.5,
    "horizon_days": 20,
    "reasoning": "Up.",
}
ASSESSMENT = {"approved": True, "adjusted_quantity": 50, "risk_score": 0.2, "concerns": ["Late."]}
VALIDATION: dict[str, Any] = {
    "symbol": "AAPL",
    "approved": True,
    "confidence": 0.6,
    "patterns": ["uptrend"],
    "concerns": [],
    "reasoning": "Up.",
}
DECISION = {"verdict": "EXECUTE", "quantity": 50, "rationale": "Best."}
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 50, 100, 101, 10**9, 10**30, -0.0, 0.5, 1.0, 1.7, 1e300, 5e-324),
    *(float("nan"), float("inf"), "", "0.5", "ten", "1,000", "AAPL", "MSFT", "TSLA", "aapl", "\u0410APL", "AAPL\n"),
    *("buy", "sell", "hold", "BUY", "EXECUTE", "DO_NOT_EXECUTE", "\ud800", "\u0000", "</untrusted>", "x" * 5000),
    *([], {}, [[]], ["uptrend"], ["Late."] * 13, {"symbol": "AAPL"}, [[[[[[[[[1]]]]]]]]]),
]
PATCHES = [
    "",
    "NaN",
    "-Infinity",
    "1e400",
    "1e99999999999999999999",
    "9" * 5000,
    "[[[[",
    "{",
    "}",
    '"',
    "\\",
    ",",
    "-",
    "\u202e",
]


@pytest.mark.parametrize("cases", CASES)
def test_a_signal_is_within_bounds_or_unreadable(cases: int) -> None:
    def check(signal: Signal) -> None:
        assert signal.symbol == "AAPL"
        assert 0 <= signal.confidence <= 1
        assert signal.weight is None or 0 < signal.weight <= 1
        assert signal.quantity is None or 1 <= signal.quantity <= 10**9
        assert signal.side is not None or signal.weight is signal.quantity is None

    _fuzz(SIGNAL, lambda text: data.read(text, "AAPL"), check, cases)


@pytest.mark.parametrize("cases", CASES)
def test_assessments_are_one_each_and_no_larger_than_asked(cases: int) -> None:
    def check(assessments: tuple[RiskAssessment, ...]) -> None:
        assert tuple(a.symbol for a in assessments) == SYMBOLS
        assert all(0 <= a.adjusted_quantity <= 100 and 0 <= a.risk_score <= 1 for a in assessments)
        assert all(a.approved == (a.adjusted_quantity > 0) for a in assessments)

    answer = {"assessments": [{"symbol": symbol, **ASSESSMENT} for symbol in SYMBOLS]}
    _fuzz(answer, lambda text: risk.read(text, PROPOSALS), check, cases)


@pytest.mark.parametrize("cases", CASES)
def test_a_validation_is_within_bounds_or_unreadable(cases: int) -> None:
    def check(validation: Validation) -> None:
        assert validation.symbol == "AAPL"
        assert 0 <= validation.confidence <= 1
        assert set(validation.patterns) <= {"uptrend"}

    _fuzz(VALIDATION, lambda text: validator.read(text, "AAPL"), check, cases)


@pytest.mark.parametrize("cases", CASES)
def test_decisions_are_one_each_and_no_larger_than_approved(cases: int) -> None:
    def check(decisions: tuple[Decision, ...]) -> None:
        assert tuple(d.symbol for d in decisions) == SYMBOLS
        assert all(0 <= d.quantity <= 100 for d in decisions)
        assert all((d.verdict == "EXECUTE") == (d.quantity > 0) for d in decisions)

    answer = {"decisions": [{"symbol": symbol, **DECISION} for symbol in SYMBOLS]}
    _fuzz(answer, lambda text: meta.read(text, CANDIDATES), check, cases)


@pytest.mark.parametrize("cases", CASES)
def test_random_json_is_no_answer(cases: int) -> None:
    for seed in range(cases):
        text = json.dumps(_anything(Random(seed), 5))
        with pytest.raises(UnreadableAnswer):
            data.read(text, "AAPL")


def _fuzz(good: Mapping[str, Any], read: Callable[[str], Any], check: Callable[[Any], None], cases: int) -> None:
    """So many cases; some must be readable and some not, or the cases show nothing."""
    readable = 0
    for seed in range(cases):
        text = _case(Random(seed), good)
        try:
            answer = read(text)
        except UnreadableAnswer as refused:
            if len(str(refused)) > 250:
                pytest.fail(f"seed {seed}: a reason of {len(str(refused))} characters")
            continue
        readable += 1
        check(answer)
    assert cases / 20 < readable < cases * 0.95


def _case(random: Random, good: Mapping[str, Any]) -> str:
    made: Any = json.loads(json.dumps(good))
    if random.random() < 0.5:
        for _ in range(random.randint(1, 2)):
            _spoil(random, made)
    text = json.dumps(made, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.3:
        where = random.randint(0, len(text))
        text = text[:where] + random.choice(PATCHES) + text[where + random.randint(0, 6) :]
    return text + text if random.random() < 0.02 else text


def _spoil(random: Random, made: dict[str, Any]) -> None:
    """Replace, drop or add one value, at any depth."""
    inside = [value for value in made.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if inside and random.random() < 0.9:
        _spoil(random, random.choice(random.choice(inside)))
        return
    key = random.choice([*made, "note"])
    if random.random() < 0.2:
        made.pop(key, None)
    else:
        made[key] = random.choice(ODD)


def _anything(random: Random, depth: int) -> Any:
    kind = random.randrange(4) if depth else 3
    if kind == 0:
        return [_anything(random, depth - 1) for _ in range(random.randrange(4))]
    if kind == 1:
        return {random.choice([*SIGNAL, "note"]): _anything(random, depth - 1) for _ in range(random.randrange(6))}
    return random.choice(ODD)
