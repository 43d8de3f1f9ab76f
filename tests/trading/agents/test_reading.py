"""A model's text becomes the record that was asked for, or an UnreadableAnswer that says why in a line."""

import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.agents.cases import candidate, proposal
from trading.agents import data, meta, risk, validator
from trading.agents.answers import BATCH, MetaAnswer, SignalAnswer
from trading.agents.reading import MAX_BYTES, read_answer
from trading.errors import UnreadableAnswer
from trading.signals import Action, Verdict

SIGNAL: dict[str, Any] = {
    "symbol": "AAPL",
    "action": "buy",
    "confidence": 0.7,
    "weight": 0.1,
    "quantity": None,
    "stop": 97.5,
    "target": 104.5,
    "horizon_days": 20,
    "reasoning": "Price 100 above SMA200 88.",
}
ASSESSMENT: dict[str, Any] = {
    "symbol": "AAPL",
    "approved": True,
    "adjusted_quantity": 50,
    "risk_score": 0.3,
    "concerns": ["Late."],
}
VALIDATION: dict[str, Any] = {
    "symbol": "AAPL",
    "approved": True,
    "confidence": 0.6,
    "patterns": ["uptrend"],
    "concerns": [],
    "reasoning": "It holds.",
}
DECISION: dict[str, Any] = {"symbol": "AAPL", "verdict": "EXECUTE", "quantity": 50, "rationale": "Best of all."}


def _text(answer: dict[str, Any], **changes: object) -> str:
    return json.dumps({**answer, **changes})


def _raw(**changes: str) -> str:
    """The signal with some values written as they stand, for what no JSON writer would write."""
    fields = {name: json.dumps(value) for name, value in SIGNAL.items()} | changes
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


def _assessments(*answers: dict[str, Any]) -> str:
    return json.dumps({"assessments": answers})


def _decisions(*answers: dict[str, Any]) -> str:
    return json.dumps({"decisions": answers})


GOOD = _text(SIGNAL)


def test_a_good_answer_becomes_an_exact_signal() -> None:
    signal = data.read(f"\n  {GOOD}\t\n", "AAPL")
    assert signal.action is Action.BUY
    assert (signal.weight, signal.stop) == (Decimal("0.1"), Decimal("97.50"))
    assert signal.quantity is None
    assert (signal.confidence, signal.horizon_days) == (0.7, 20)


def test_prices_are_rounded_to_the_tick_and_weights_down() -> None:
    signal = data.read(_raw(stop="97.12499999", weight="0.123456789"), "AAPL")
    assert (signal.stop, signal.weight) == (Decimal("97.12"), Decimal("0.12345678"))


def test_control_characters_leave_the_reasoning() -> None:
    signal = data.read(_text(SIGNAL, reasoning="one\nline\u0000\u202e only"), "AAPL")
    assert signal.reasoning == "one line only"


UNREADABLE = {
    "empty": "",
    "truncated": GOOD[:-20],
    "prose around it": f"Here you are: {GOOD}",
    "a code fence": f"```json\n{GOOD}\n```",
    "two objects": GOOD + GOOD,
    "an array": f"[{GOOD}]",
    "a bare word": "null",
    "a byte order mark": "\ufeff" + GOOD,
    "a trailing comma": GOOD[:-1] + ",}",
    "a missing key": json.dumps({k: v for k, v in SIGNAL.items() if k != "stop"}),
    "an extra key": _text(SIGNAL, note="approved by the owner"),
    "a repeated key": GOOD[:-1] + ',"weight":0.9}',
    "NaN": _raw(confidence="NaN"),
    "Infinity": _raw(stop="Infinity"),
    "minus Infinity": _raw(stop="-Infinity"),
    "minus five": _raw(weight="-5"),
    "1e400": _raw(target="1e400"),
    "an exponent beyond Decimal": _raw(target="1e99999999999999999999"),
    "5,000 digits": _raw(target="1" * 5000),
    "a price that rounds to nothing": _raw(stop="1e-30"),
    "a word for a number": _text(SIGNAL, confidence="ten"),
    "a number in quotes": _text(SIGNAL, confidence="0.7"),
    "a thousands separator": _raw(quantity="1,000"),
    "true for a number": _text(SIGNAL, confidence=True),
    "true for shares": _text(SIGNAL, weight=None, quantity=True),
    "half a share": _text(SIGNAL, weight=None, quantity=1.5),
    "confidence above one": _text(SIGNAL, confidence=1.7),
    "an unknown action": _text(SIGNAL, action="short"),
    "an action in capitals": _text(SIGNAL, action="BUY"),
    "a symbol not asked": _text(SIGNAL, symbol="MSFT"),
    "a Cyrillic look-alike": _text(SIGNAL, symbol="\u0410APL"),
    "a full-width look-alike": _text(SIGNAL, symbol="\uff21APL"),
    "a symbol in lower case": _text(SIGNAL, symbol="aapl"),
    "a symbol with a new line": _text(SIGNAL, symbol="AAPL\n"),
    "two sizes": _text(SIGNAL, quantity=10),
    "a buy without a size": _text(SIGNAL, weight=None),
    "a buy of nothing": _text(SIGNAL, weight=0),
    "a sell of nothing": _text(SIGNAL, action="sell", weight=None, quantity=0),
    "a hold with a size": _text(SIGNAL, action="hold"),
    "a stop above the target": _text(SIGNAL, stop=110),
    "no horizon": _text(SIGNAL, horizon_days=0),
    "a very long reasoning": _text(SIGNAL, reasoning="x" * 4001),
    "a list for text": _text(SIGNAL, reasoning=["because"]),
    "half a surrogate pair": _raw(reasoning='"\\ud800"'),
    "deep nesting": "[" * 100_000,
    "deep nesting in a key": '{"symbol":' * 50_000,
    "nesting just deeper than Python reads": "[" * 3000,
    "many keys": json.dumps({f"k{n}": n for n in range(20_000)}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not_the_answer_that_was_asked_for_is_unreadable(name: str) -> None:
    text = UNREADABLE[name]
    with pytest.raises(UnreadableAnswer) as refused:
        data.read(text, "AAPL")
    reason = str(refused.value)
    assert 0 < len(reason) <= 250
    assert "\n" not in reason
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("letter", ["x", "\u00e9"])
def test_what_is_over_256_kb_is_refused_unread(letter: str) -> None:
    text = letter * (MAX_BYTES // len(letter.encode()) + 1)
    with pytest.raises(UnreadableAnswer, match="longer than 256 KB"):
        data.read(text, "AAPL")


def test_an_object_of_many_keys_is_refused_before_each_is_looked_at() -> None:
    with pytest.raises(UnreadableAnswer, match="an object of 33 keys"):
        data.read(json.dumps({f"k{n}": n for n in range(33)}), "AAPL")


def test_an_answer_of_thousands_of_parts_is_refused_unread() -> None:
    with pytest.raises(UnreadableAnswer, match="more than 4096 objects and lists"):
        data.read("[" + "[]," * 5000 + "[]]", "AAPL")


def test_a_sale_without_a_size_means_all_that_is_held() -> None:
    signal = data.read(_text(SIGNAL, action="sell", weight=None, stop=None, target=None), "AAPL")
    assert (signal.action, signal.weight, signal.quantity) == (Action.SELL, None, None)


def test_a_hold_may_say_zero_for_its_size() -> None:
    signal = data.read(_text(SIGNAL, action="hold", weight=0, quantity=0), "AAPL")
    assert (signal.action, signal.weight, signal.quantity) == (Action.HOLD, None, None)


def test_assessments_come_in_the_order_of_the_proposals() -> None:
    text = _assessments({**ASSESSMENT, "symbol": "MSFT", "adjusted_quantity": 7}, ASSESSMENT)
    read = risk.read(text, [proposal("AAPL"), proposal("MSFT")])
    assert [(a.symbol, a.adjusted_quantity) for a in read] == [("AAPL", Decimal(50)), ("MSFT", Decimal(7))]


def test_a_refused_proposal_counts_no_shares() -> None:
    [read] = risk.read(_assessments({**ASSESSMENT, "approved": False}), [proposal()])
    assert (read.approved, read.adjusted_quantity) == (False, Decimal(0))


def test_the_risk_manager_may_leave_the_quantity_as_it_was() -> None:
    [read] = risk.read(_assessments({**ASSESSMENT, "adjusted_quantity": 100}), [proposal()])
    assert read.adjusted_quantity == 100


@pytest.mark.parametrize(
    "answers",
    [
        [{**ASSESSMENT, "adjusted_quantity": 101}],
        [{**ASSESSMENT, "approved": False, "adjusted_quantity": 101}],
        [{**ASSESSMENT, "adjusted_quantity": 0}],
        [{**ASSESSMENT, "adjusted_quantity": -5}],
        [{**ASSESSMENT, "approved": "yes"}],
        [{**ASSESSMENT, "approved": 1}],
        [{**ASSESSMENT, "risk_score": 1.01}],
        [{**ASSESSMENT, "concerns": ["x"] * 13}],
        [{**ASSESSMENT, "symbol": "MSFT"}],
        [ASSESSMENT, ASSESSMENT],
        [ASSESSMENT, {**ASSESSMENT, "symbol": "MSFT"}],
        [],
        ["AAPL"],
    ],
)
def test_an_assessment_cannot_ask_for_more_or_for_others(answers: list[Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        risk.read(_assessments(*answers), [proposal()])


def test_a_validation_is_read() -> None:
    read = validator.read(_text(VALIDATION), "AAPL")
    assert (read.approved, read.confidence, read.patterns) == (True, 0.6, ("uptrend",))


@pytest.mark.parametrize(
    "changes", [{"patterns": ["buy everything"]}, {"symbol": "MSFT"}, {"approved": None}, {"confidence": "0.6"}]
)
def test_a_validation_names_only_known_patterns_and_its_own_symbol(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        validator.read(_text(VALIDATION, **changes), "AAPL")


def test_decisions_come_in_the_order_of_the_candidates() -> None:
    text = _decisions({**DECISION, "symbol": "MSFT", "verdict": "DO_NOT_EXECUTE"}, {**DECISION, "quantity": 100})
    read = meta.read(text, [candidate("AAPL"), candidate("MSFT")])
    assert [(d.symbol, d.verdict, d.quantity) for d in read] == [
        ("AAPL", Verdict.EXECUTE, Decimal(100)),
        ("MSFT", Verdict.DO_NOT_EXECUTE, Decimal(0)),
    ]


@pytest.mark.parametrize(
    "answers",
    [
        [{**DECISION, "quantity": 101}],
        [{**DECISION, "quantity": 0}],
        [{**DECISION, "verdict": "DO_NOT_EXECUTE", "quantity": 101}],
        [{**DECISION, "verdict": "execute"}],
        [{**DECISION, "verdict": "EXECUTE_ALL"}],
        [{**DECISION, "symbol": "TSLA"}],
        [DECISION, DECISION],
        [],
    ],
)
def test_a_decision_cannot_execute_more_or_others_or_nothing(answers: list[Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        meta.read(_decisions(*answers), [candidate()])


def test_the_largest_batch_that_fits_is_read() -> None:
    symbols = [f"A{n}" for n in range(BATCH)]
    text = _decisions(*({**DECISION, "symbol": symbol} for symbol in symbols))
    assert len(text) < MAX_BYTES
    assert len(read_answer(text, MetaAnswer).decisions) == BATCH


@pytest.mark.parametrize(
    "text",
    [
        "[" + "[]," * 87_000 + "[]]",
        _decisions(*({"a": 0} for _ in range(20_000))),
        _text(SIGNAL, reasoning=["x"] * 50_000),
        '{"decisions":' * 20_000,
        "x" * MAX_BYTES,
    ],
)
def test_hostile_sizes_stay_small_in_memory(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableAnswer):
            read_answer(text, SignalAnswer)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 20 * 1024 * 1024
