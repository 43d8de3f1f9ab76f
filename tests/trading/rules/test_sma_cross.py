"""Two averages that cross, to the last digit; and rules that say the same for all days at once as day by day."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.rules.views import EQUITY, view
from trading.rules import RULES
from trading.rules.averages import crossings, decimals, leads, running
from trading.rules.buy_and_hold import BuyAndHold
from trading.rules.columns import ColumnRule, History
from trading.rules.sma_cross import SmaCross
from trading.rules.sma_crossover import SmaCrossover
from trading.signals import Action

RISE = [10.0] * 30 + [11.0]
FALL = [10.0] * 30 + [9.0]
PRICES = st.one_of(
    st.integers(1, 40).map(lambda n: n / 4),
    st.integers(100, 130).map(lambda n: n / 100),
    st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 2 / 3, 1e6, 123_456.789_012_345]),
)


def said(closes: dict[str, list[float]], rule: Any = None, **books: Any) -> dict[str, tuple[str, float | None]]:
    found = (rule or SmaCross()).signals(view(closes, **books))
    return {one.symbol: (one.action.value, None if one.weight is None else float(one.weight)) for one in found}


def test_it_buys_on_the_day_of_the_crossing_and_sells_on_the_day_of_the_other() -> None:
    closes = {"UP": RISE, "DOWN": FALL, "HELD": FALL, "KEPT": RISE, "ABOVE": [*RISE, 12.0]}
    assert said(closes, held={"HELD": 0.1, "KEPT": 0.1}) == {"HELD": ("sell", None), "UP": ("buy", 0.1)}
    assert said({"UP": RISE[1:]}) == {}, "of thirty bars there is no yesterday"
    assert said({"UP": RISE}, watched=[]) == {}
    assert said({"UP": RISE}, buying=["UP"]) == {}


def test_of_more_that_cross_than_there_are_parts_each_has_an_equal_part_of_all() -> None:
    several = dict.fromkeys(("A", "B", "C", "D"), RISE)
    assert said(several, SmaCross(parts=2)) == dict.fromkeys(several, ("buy", 0.25))


def test_fast_is_less_than_slow() -> None:
    with pytest.raises(ValueError, match=r"fast \(30\) must be less than slow \(30\)"):
        SmaCross(fast=30)


def test_from_equal_to_above_is_a_crossing_and_from_above_to_equal_is_none() -> None:
    # Sums that floats do not see as equal: 0.1 + 0.2 is not 0.3 there.
    close = np.array([0.2, 0.2, 0.2, 0.1, 0.3, 0.2, 0.2, 0.3, 0.1, 0.2, 0.3])
    assert leads(close, 1, 3).tolist() == [0, 0, 0, -1, 1, 0, -1, 1, -1, 0, 1]
    assert crossings(close, 1, 3).tolist() == [0, 0, 0, -1, 1, 0, -1, 1, -1, 0, 1]
    back = np.array([1.0, 1.0, 1.0, 1.3, 1.1, 1.0, 0.9, 1.0])
    assert leads(back, 1, 2).tolist() == [0, 0, 0, 1, -1, -1, -1, 1]
    level = np.array([3.0, 3.0, 4.0, 3.5, 3.0, 3.5, 3.0])
    assert leads(level, 1, 3).tolist() == [0, 0, 1, 0, -1, 1, -1]
    assert crossings(level, 1, 3).tolist() == [0, 0, 0, 0, -1, 1, -1], "at the fourth bar they are equal"


@given(close=st.lists(PRICES, max_size=24), fast=st.integers(1, 4), more=st.integers(1, 4))
def test_the_lead_is_that_of_exact_fractions(close: list[float], fast: int, more: int) -> None:
    slow, exact = fast + more, [Fraction(repr(price)) for price in close]

    def lead(n: int) -> int:
        if n + 1 < slow:
            return 0
        apart = sum(exact[n + 1 - fast : n + 1]) / fast - sum(exact[n + 1 - slow : n + 1]) / slow
        return (apart > 0) - (apart < 0)

    assert leads(np.array(close, np.float64), fast, slow).tolist() == [lead(n) for n in range(len(close))]


def test_prices_are_whole_numbers_of_their_own_last_digit() -> None:
    assert decimals(np.array([10.8, 0.5084, 1132.88])) == 4
    assert decimals(np.array([1 / 3])) is None
    assert decimals(np.array([])) == 0
    assert running(np.array([1.5, 0.25]), 30) is not None
    assert running(np.array([9e8, 0.123_456]), 252) is None, "their sums would not fit"


def column_rules() -> list[str]:
    return [name for name, kind in RULES.items() if isinstance(kind(), ColumnRule)]


def test_these_rules_have_a_form_for_columns() -> None:
    assert column_rules() == ["sma-crossover", "buy-and-hold", "sma-cross"]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_rule_wants_of_columns_what_it_says_day_by_day(data: st.DataObject) -> None:
    rules = [SmaCross(fast=2, slow=4), SmaCrossover(fast=2, slow=4, parts=6, band=0.01), BuyAndHold(parts=6)]
    rule: Any = data.draw(st.sampled_from(rules))
    closes = {name: data.draw(st.lists(PRICES.map(lambda p: round(p, 2)), min_size=12, max_size=12)) for name in "ABC"}
    day = data.draw(st.integers(1, 11))
    column = np.column_stack([np.array(closes[name]) for name in "ABC"])
    wishes = rule.columns(History(high=column, low=column, close=column))
    until = {name: close[: day + 1] for name, close in closes.items()}
    flat = rule.signals(view(until))
    assert [one.symbol for one in flat if one.action is Action.BUY] == ranked(wishes, day)
    held = rule.signals(view(until, held=dict.fromkeys("ABC", 0.1)))
    sold = [one.symbol for one in held if one.action is Action.SELL]
    assert sold == [name for at, name in enumerate("ABC") if wishes.leave[day, at]]
    assert all(float(one.weight or 0) * EQUITY <= EQUITY / wishes.parts for one in flat)


def ranked(wishes: Any, day: int) -> Sequence[str]:
    entering = [at for at in range(3) if wishes.enter[day, at]]
    if wishes.rank is not None:
        entering.sort(key=lambda at: (-wishes.rank[day, at], at))
    return ["ABC"[at] for at in entering]
