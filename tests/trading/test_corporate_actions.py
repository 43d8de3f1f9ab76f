"""What becomes of positions, prices and bars when a company splits its shares."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.making import AT, these
from trading.adjustments import Adjustment, cash_in_lieu, price_through
from trading.bars import Bars
from trading.corporate_actions import CorporateAction, effective_at, unapplied_split
from trading.money import ZERO, cents
from trading.portfolio import Position, split_position

EX_ON = date(2026, 6, 8)
PRICE_MOVE = Decimal("0.05")
"""The move that wakes a desk."""
# Forty actions: new shares for old ones, as splits were and as none was, at prices from a cent to a fortune.
SPLITS = [
    (Decimal(new) / old, Decimal(mark))
    for new, old in ((4, 1), (1, 10), (3, 2), (7, 1), (1, 3), (50, 1), (1, 50), (21, 20), (10, 3), (2, 1))
    for mark in ("0.37", "41.15", "199.99", "5321.07")
]


def split(ratio: Decimal | str, on: date = EX_ON) -> CorporateAction:
    return CorporateAction.model_validate({"symbol": "AAPL", "kind": "split", "ex_on": on, "ratio": ratio})


def dividend(amount: Decimal | str, *, special: bool = True) -> CorporateAction:
    told = {"symbol": "AAPL", "kind": "dividend", "ex_on": EX_ON, "amount_usd": amount, "special": special}
    return CorporateAction.model_validate(told)


def held(quantity: str, mark: Decimal | str, cost: str = "1000.00") -> Position:
    lots = [{"quantity": quantity, "cost": cost, "opened_at": AT}] if quantity != "0" else []
    shares = {"symbol": "AAPL", "quantity": quantity, "cost_basis": cost, "lots": lots}
    return Position.model_validate({**shares, "mark": mark})


def after_split(before: Position, ratio: Decimal, *, fractions: bool = False) -> tuple[Position, Decimal]:
    """The position in new shares, and the cash that is paid for what was left over."""
    cash = cash_in_lieu(before.quantity, before.mark, ratio, fractions=fractions)
    return split_position(before, ratio, fractions=fractions), cash


@pytest.mark.parametrize(("ratio", "mark"), SPLITS)
@pytest.mark.parametrize("quantity", ["1", "7", "100", "-100", "333.333333333"])
def test_a_split_leaves_the_equity_as_it_was_to_the_cent(ratio: Decimal, mark: Decimal, quantity: str) -> None:
    before = held(quantity, mark, cost="-1000.00" if quantity.startswith("-") else "1000.00")
    after, cash = after_split(before, ratio)
    assert after.quantity == after.quantity.to_integral_value()
    assert cents(after.quantity * (mark / ratio)) + cash == before.value
    assert abs(after.value + cash - before.value) <= cents(abs(after.quantity) * Decimal("0.0000005")) + Decimal("0.01")
    # What the shares cost is the same, or lost with the last of them; the cash is counted by itself.
    assert after.cost_basis - after.realised_pnl == before.cost_basis
    assert abs(cash) <= cents(mark / ratio) + Decimal("0.01")


@pytest.mark.parametrize(("ratio", "mark"), SPLITS)
def test_no_split_looks_like_a_price_move(ratio: Decimal, mark: Decimal) -> None:
    after, at = (mark / ratio).quantize(Decimal("0.000001")), effective_at(EX_ON)
    told = {"adjustment_id": "s", "desk_id": "main", "symbol": "AAPL", "kind": "split", "ratio": ratio, "evidence": "e"}
    booked = Adjustment.model_validate({**told, "effective_at": at})
    reference = price_through(mark, "AAPL", [booked], at - timedelta(hours=6))
    assert abs(after / reference - 1) < PRICE_MOVE
    assert abs(after / mark - 1) >= PRICE_MOVE or ratio == Decimal("1.05")


@pytest.mark.parametrize(("ratio", "shares"), [(Decimal(1) / 3, 9), (Decimal(1) / 7, 700), (Decimal(2) / 3, 333)])
def test_a_ratio_that_no_decimal_can_say_loses_no_share(ratio: Decimal, shares: int) -> None:
    after, cash = after_split(held(f"{shares}", "100"), ratio)
    assert these(after.quantity, cash) == these(round(shares * ratio), ZERO)


@settings(max_examples=200, deadline=None)
@given(
    quantity=st.integers(1, 10_000),
    mark=st.decimals("0.01", "9999", places=2),
    ratio=st.sampled_from([ratio for ratio, _ in SPLITS]),
    fractions=st.booleans(),
)
def test_a_split_makes_no_money_and_loses_none(quantity: int, mark: Decimal, ratio: Decimal, fractions: bool) -> None:  # noqa: FBT001  drawn by hypothesis
    before = held(str(quantity), mark)
    after, cash = after_split(before, ratio, fractions=fractions)
    assert cents(after.quantity * (mark / ratio)) + cash == before.value
    assert 0 <= after.quantity <= quantity * ratio + Decimal("1e-9")
    assert 0 <= after.cost_basis <= before.cost_basis
    if fractions:
        assert cash <= Decimal("0.01")


def test_a_remainder_of_a_split_is_paid_in_cash_and_the_shares_cost_what_they_did() -> None:
    after, cash = after_split(held("15", "2.00", cost="45.00"), Decimal("0.1"))
    assert these(after.quantity, after.mark, cash) == these(1, 20, 10)
    assert (after.cost_basis, after.realised_pnl, cash) == (Decimal("45.00"), ZERO, Decimal("10.00"))


def test_a_holding_too_small_for_one_new_share_is_paid_out() -> None:
    after, cash = after_split(held("3", "2.00", cost="9.00"), Decimal("0.1"))
    assert these(after.quantity, after.cost_basis, cash) == these(0, 0, 6)


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "split"},
        {"kind": "split", "ratio": "0"},
        {"kind": "split", "ratio": "NaN"},
        {"kind": "split", "ratio": "100000"},
        {"kind": "split", "ratio": "2", "amount_usd": "1"},
        {"kind": "dividend", "amount_usd": "-1"},
        {"kind": "dividend", "ratio": "2"},
        {"kind": "rename"},
        {"kind": "spin_off", "ratio": "2"},
    ],
)
def test_an_action_that_is_none_does_not_exist(told: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CorporateAction.model_validate({"symbol": "AAPL", "ex_on": EX_ON, **told})


def bars_of(prices: list[float], last_on: date) -> Bars:
    close = np.array(prices)
    days = np.datetime64(last_on, "D") - np.arange(len(prices))[::-1]
    return Bars(days, close, close * 1.01, close * 0.99, close, np.full(len(prices), 1e6))


@pytest.mark.parametrize("ratio", ["4", "2", "1.5", "10", "0.1", "0.5", "0.02", "50"])
@pytest.mark.parametrize("day_move", [0.9, 1.0, 1.1])
def test_a_split_that_bars_do_not_show_is_found_whatever_the_day_brought(ratio: str, day_move: float) -> None:
    after = 100 * day_move
    applied, raw = [100.0] * 5 + [after] * 5, [100.0 * float(ratio)] * 5 + [after] * 5
    last_on = EX_ON + timedelta(days=4)
    assert unapplied_split(bars_of(applied, last_on), [split(ratio)], Decimal(100), last_on) is None
    defect = unapplied_split(bars_of(raw, last_on), [split(ratio)], Decimal(100), last_on)
    assert defect is not None
    assert (defect.code, str(EX_ON) in defect.reason) == ("unadjusted", True)


def test_on_the_ex_date_itself_the_price_tells() -> None:
    bars = bars_of([100.0] * 10, EX_ON - timedelta(days=1))
    assert unapplied_split(bars, [split("4")], Decimal("25.10"), EX_ON) is not None
    assert unapplied_split(bars, [split("4")], Decimal("99.10"), EX_ON) is None
    assert unapplied_split(bars, [split("4")], Decimal("99.10"), EX_ON - timedelta(days=1)) is None


def test_splits_before_the_first_bar_small_ones_and_other_actions_are_not_looked_for() -> None:
    bars = bars_of([100.0, 200.0], EX_ON)
    early = split("4", EX_ON - timedelta(days=1))
    assert unapplied_split(bars, [early, split("1.05"), dividend("50")], Decimal(200), EX_ON) is None
