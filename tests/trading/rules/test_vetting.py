"""What a rule says is held to what it may say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tests.making import signal
from tests.trading.rules.views import level, view
from trading.errors import BadRule
from trading.rules import buy, fraction, sell
from trading.rules.vetting import told, vetted
from trading.signals import Action, Signal

SEEN = view({"AAPL": level(100), "KO": level(50)})


NOTHING: dict[str, Any] = {}


def built(**fields: Any) -> Signal:
    """A signal that nobody validated."""
    whole: dict[str, Any] = {"symbol": "AAPL", "action": Action.BUY, "confidence": 0.5, "weight": Decimal("0.1")}
    return Signal.model_construct(None, **(whole | {"reasoning": ""} | fields))


def endless() -> Iterator[Signal]:
    while True:
        yield signal("AAPL")


def test_sound_signals_come_back_by_name() -> None:
    said = [buy("KO", 0.5, "cheap"), sell("AAPL", "dear")]
    assert vetted("a-rule", said, SEEN) == (said[1], said[0])
    assert vetted("a-rule", (one for one in said), SEEN) == (said[1], said[0])
    assert vetted("a-rule", (), SEEN) == ()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (None, "a-rule gave a NoneType and no list of signals"),
        ("buy AAPL", "a-rule gave a str and no list of signals"),
        ({"AAPL": "buy"}, "a-rule gave a dict and no list of signals"),
        (signal("AAPL"), "a-rule gave a tuple among its signals"),
        ([{"symbol": "AAPL"}], "a-rule gave a dict among its signals"),
        ([signal("AAPL"), None], "a-rule gave a NoneType among its signals"),
        ([signal("MSFT")], "a-rule gave a signal of MSFT, which it was not shown"),
        ([signal("AAPL"), signal("AAPL", "sell")], "a-rule gave two signals of AAPL"),
        (endless(), "a-rule gave two signals of AAPL"),
        ([built(weight=Decimal("1.5"))], "a signal of AAPL with weight: Input should be less than or equal to 1"),
        ([built(weight=Decimal("NaN"))], "a signal of AAPL with weight: Input should be a finite number"),
        ([built(weight=0.5)], "a signal of AAPL with weight: an amount must be a Decimal"),
        ([built(confidence=float("nan"))], "a signal of AAPL with confidence: Input should be a finite number"),
        ([built(stop=Decimal("Infinity"))], "a signal of AAPL with stop: Input should be a finite number"),
        ([built(quantity=Decimal(1))], "a signal of AAPL with a weight and a quantity: one of them is meant"),
        ([built(symbol="\u0430apl")], "with symbol: String should match pattern"),
        ([Signal.model_construct(None, **NOTHING)], "a signal of nothing with symbol: Field required"),
    ],
)
def test_anything_else_is_refused_in_one_line(wrong: object, sentence: str) -> None:
    with pytest.raises(BadRule) as refused:
        vetted("a-rule", wrong, SEEN)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_fields_that_a_signal_of_ones_own_adds_are_left_out() -> None:
    class Noted(Signal):
        note: str = "mine"

    (sound,) = vetted("a-rule", [Noted(symbol="KO", action=Action.HOLD, confidence=1, reasoning="")], SEEN)
    assert type(sound) is Signal


def test_an_error_is_told_in_one_line_whatever_it_says() -> None:
    class Nasty(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert told(KeyError("AAPL")) == "KeyError: 'AAPL'"
    assert told(ValueError("one\n  two")) == "ValueError: one two"
    assert told(RuntimeError()) == "RuntimeError"
    assert told(Nasty()) == "Nasty"
    assert len(told(ValueError("x" * 5000))) == 300
    with pytest.raises(ValidationError) as wrong:
        Signal(symbol="KO", action=Action.BUY, confidence=1, weight=Decimal("NaN"), reasoning="")
    assert told(wrong.value) == "ValidationError: Signal: weight: Input should be a finite number"


@pytest.mark.parametrize(("value", "exact"), [(1 / 3, "0.33333333"), (1.2, "1"), (-0.1, "0"), (0.1, "0.1")])
def test_a_part_is_rounded_down(value: float, exact: str) -> None:
    assert fraction(value) == Decimal(exact)
