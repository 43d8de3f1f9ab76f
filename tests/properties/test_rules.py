"""Whatever the market did and is held: rules speak of what they see, of no more than there is, and twice alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.rules.views import view
from trading.rules import RULES
from trading.rules.vetting import vetted
from trading.rules.view import View
from trading.signals import Action

SYMBOLS = ("AA", "BB", "CC", "DD", "EE", "FF")
PARAMETERS: dict[str, tuple[dict[str, Any], ...]] = {
    "sma-crossover": ({}, {"fast": 5, "slow": 20, "parts": 3}, {"band": 0.05}),
    "momentum-ranking": ({}, {"top": 2}, {"top": 1, "lookback": 40, "skip": 0}),
    "rsi-reversion": ({}, {"sessions": 2, "oversold": 45, "recovered": 50, "parts": 3}),
    "breakout": ({}, {"entry": 5, "exit": 3, "stop_ranges": 10, "parts": 1}),
    "volatility-target": ({}, {"parts": 3, "tolerance": 0}, {"target": 1, "parts": 1}),
    "buy-and-hold": ({}, {"parts": 3}),
    "sma-cross": ({}, {"fast": 1, "slow": 2, "parts": 3}, {"fast": 5, "slow": 6, "parts": 1}),
}


def walk(seed: int, sessions: int, wildness: float) -> list[float]:
    """A price that goes at random; some hardly move, some nearly vanish."""
    steps = np.random.default_rng(seed).normal(0, wildness, sessions)
    return [float(price) for price in 50 * np.exp(np.clip(np.cumsum(steps), -12, 8))]


@st.composite
def views(draw: st.DrawFn) -> View:
    """Some symbols with histories of any length, some of them watched, some held, some on order."""
    symbols = draw(st.lists(st.sampled_from(SYMBOLS), unique=True))
    closes = {
        symbol: walk(draw(st.integers(0, 999)), draw(st.integers(2, 260)), draw(st.sampled_from([0, 0.001, 0.02, 0.2])))
        for symbol in symbols
    }
    some = st.lists(st.sampled_from(SYMBOLS), unique=True)
    held = {symbol: draw(st.floats(-0.3, 0.5).filter(bool)) for symbol in draw(some)}
    return view(closes, held=held, watched=draw(some), buying=draw(some))


@pytest.mark.faults
@given(seen=views(), asked=st.sampled_from([(name, one) for name, many in PARAMETERS.items() for one in many]))
def test_a_rule_keeps_to_what_it_sees_and_to_what_there_is(seen: View, asked: tuple[str, dict[str, Any]]) -> None:
    source, parameters = asked
    rule = RULES[source](**parameters)
    said = vetted(source, rule.signals(seen), seen)
    bought = [one for one in said if one.action is Action.BUY]
    assert {one.symbol for one in bought} <= seen.watched
    assert {one.symbol for one in said} - {one.symbol for one in bought} <= set(seen.held)
    assert sum((one.weight or 0) for one in bought) <= 1
    assert all(one.quantity is None for one in said)
    assert said == vetted(source, rule.signals(seen), seen), "the same view, the same answer"
