"""Caps on spending: reached at their number, each for itself, and no cap at all when none is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.agents.budget import Budget, Caps, Spending, Tally, refusal

COUNTS = st.integers(min_value=0, max_value=10**6)


@pytest.mark.parametrize("period", ["cycle", "day"])
@pytest.mark.parametrize(("name", "cap"), [("calls", 10), ("tokens", 5000), ("usd", Decimal("1.5"))])
def test_a_cap_is_reached_at_its_number_and_says_so(period: str, name: str, cap: Any) -> None:
    budget = Budget.model_validate({period: {name: cap}})
    before = Spending.model_validate({period: {name: cap - 1}})
    at = Spending.model_validate({period: {name: cap}})
    assert refusal(before, budget, 0) is None
    reason = refusal(at, budget, 0)
    assert reason is not None
    assert reason.endswith(f"this {period}")


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_without_caps_nothing_is_refused(calls: int, tokens: int, unpriced: int, under_way: int) -> None:
    tally = Tally(calls=calls, tokens=tokens, usd=Decimal(tokens), unpriced=unpriced)
    assert not Budget().any
    assert refusal(Spending(cycle=tally, day=tally), Budget(), under_way) is None


@given(COUNTS, st.integers(min_value=0, max_value=100), st.integers(min_value=1, max_value=10**6))
def test_calls_under_way_count(calls: int, under_way: int, cap: int) -> None:
    spent = Spending(cycle=Tally(calls=calls), day=Tally(calls=calls))
    refused = refusal(spent, Budget(cycle=Caps(calls=cap)), under_way) is not None
    assert refused == (calls + under_way >= cap)


def test_calls_under_way_cost_as_much_as_those_of_the_day_did() -> None:
    day = Tally(calls=10, tokens=10_000, usd=Decimal(1))
    budget = Budget(cycle=Caps(usd=Decimal("0.5")), day=Caps(tokens=15_000))
    assert refusal(Spending(day=day), budget, 4) is None
    assert refusal(Spending(day=day), budget, 5) == "0.5000 of 0.5 dollars this cycle"
    assert refusal(Spending(day=day), Budget(day=budget.day), 5) == "15000 of 15000 tokens this day"


def test_a_price_that_is_not_known_ends_a_cap_in_dollars_only() -> None:
    tally = Tally(calls=1, unpriced=1)
    assert refusal(Spending(cycle=tally, day=tally), Budget(day=Caps(tokens=10, calls=5)), 0) is None
    assert "without a known price" in str(refusal(Spending(day=tally), Budget(day=Caps(usd=Decimal(9))), 0))
