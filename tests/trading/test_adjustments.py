"""Splits and adoptions: what they make of lots, positions, trades and prices, in whatever order they are told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.making import AT, DESK, after, deposit, fill, order, portfolio, request, these
from trading.adjustments import Adjustment, cash_in_lieu, new_shares, position_adjusted, price_through, shares_through
from trading.audit import Books, cash_and_positions_balance, quantities_close
from trading.audit_rows import never_short, trades_follow_from_fills
from trading.capital import capital_of_activity
from trading.instruments import Side
from trading.orders import Fill
from trading.portfolio import CapitalEvent, CapitalKind, Position, peak_after, positions_of
from trading.statement import Activity, ActivityKind
from trading.trades import trades_of


def split(ratio: str, minute: int = 10, *, fractions: bool = False, name: str = "split") -> Adjustment:
    return adjusted(name, minute, kind="split", ratio=ratio, fractions=fractions)


def adopted(quantity: str, cost: str, minute: int = 0) -> Adjustment:
    return adjusted("adopted", minute, kind="adoption", quantity=quantity, cost=cost)


def adjusted(name: str, minute: int, **more: object) -> Adjustment:
    fields = {"adjustment_id": name, "desk_id": DESK, "symbol": "AAPL", "evidence": "the broker's statement"}
    return Adjustment.model_validate({**fields, "effective_at": after(minute), **more})


def traded(side: Side, quantity: str, price: str, minute: int) -> Fill:
    name = f"{side}-{minute}"
    return fill(request(side=side), quantity, price, fill_id=name, filled_at=after(minute))


def bought(quantity: str, price: str = "100", minute: int = 0) -> Fill:
    return traded(Side.BUY, quantity, price, minute)


def sold(quantity: str, price: str = "100", minute: int = 0) -> Fill:
    return traded(Side.SELL, quantity, price, minute)


def lots(position: Position) -> list[tuple[str, str, datetime]]:
    return [(f"{lot.quantity:f}", f"{lot.cost:f}", lot.opened_at) for lot in position.lots]


def test_what_was_bought_first_is_sold_first() -> None:
    fills = [bought("10", "100"), bought("10", "120", 1), sold("15", "130", 2)]
    held = positions_of(fills)["AAPL"]
    assert lots(held) == [("5", "600.00", after(1))]
    # Ten bought at 100 and five at 120, sold at 130: the average of 110 would have earned 300.
    assert (held.cost_basis, held.realised_pnl) == (Decimal("600.00"), Decimal("350.00"))


def test_a_short_is_bought_back_first_in_first_out_too() -> None:
    held = positions_of([sold("10", "100"), sold("10", "80", 1), bought("15", "90", 2)])["AAPL"]
    assert lots(held) == [("-5", "-400.00", after(1))]
    assert held.realised_pnl == Decimal("50.00")  # 10 × (100 − 90) + 5 × (80 − 90)


@pytest.mark.parametrize(
    ("ratio", "fractions", "quantity", "expected"),
    [
        ("4", False, "10", [("12", "300.00"), ("28", "840.00")]),
        ("0.1", False, "10", [("0.3", "300.00"), ("0.7", "840.00")]),
        ("1.5", False, "11", [("4.363636363", "300.00"), ("11.636363637", "960.00")]),
        ("1.5", True, "10.333333333", [("4.499999999", "300.00"), ("11.000000000", "880.00")]),
        ("0.1", False, "5", []),
        ("0.1", False, "15", [("0.2", "300.00"), ("0.8", "1440.00")]),
    ],
)
def test_a_split_multiplies_the_lots_and_leaves_their_cost(
    ratio: str, quantity: str, expected: list[tuple[str, str]], *, fractions: bool
) -> None:
    rest = Decimal(quantity) - 3
    fills = [bought("3", "100"), bought(f"{rest}", "120", 1)]
    before = positions_of(fills)["AAPL"]
    held = positions_of(fills, [split(ratio, fractions=fractions)])["AAPL"]
    assert [(quantity, cost) for quantity, cost, _ in lots(held)] == expected
    assert held.quantity == sum(lot.quantity for lot in held.lots)
    assert held.cost_basis - held.realised_pnl == before.cost_basis


@pytest.mark.parametrize("ratio", ["4", "0.1", "1.5", "0.3333", "7"])
@pytest.mark.parametrize("quantity", ["1", "9", "101", "2.5"])
def test_equity_is_the_same_to_the_cent_before_and_after_a_split(ratio: str, quantity: str) -> None:
    before = positions_of([bought(quantity, "123.45")])["AAPL"]
    held = positions_of([bought(quantity, "123.45")], [split(ratio)])["AAPL"]
    paid = cash_in_lieu(before.quantity, before.mark, Decimal(ratio), fractions=False)
    assert held.quantity == held.quantity.to_integral_value()
    assert held.value + paid == before.value


def test_a_fill_from_before_a_split_is_counted_before_it_whenever_it_comes() -> None:
    late, ours = bought("5", "100", 5), split("4", 10)
    after_it = bought("3", "25", 10)  # of the split's own moment: the day opens with the split
    assert positions_of([after_it, late], [ours])["AAPL"].quantity == 23
    assert positions_of([late, after_it], [ours, ours]) == positions_of([after_it, late], [ours])


def test_splits_follow_one_another_in_time() -> None:
    first, second = split("3", 5), split("0.5", 7, name="again")
    assert positions_of([bought("5")], [second, first])["AAPL"].quantity == 7  # 15, then 7.5


def test_a_split_of_what_is_not_held_makes_nothing() -> None:
    assert positions_of([], [split("4")]) == {}
    assert trades_of([], [split("4")]) == {}
    assert positions_of([bought("5", minute=20)], [split("4")])["AAPL"].quantity == 5


def test_adopted_shares_cost_what_was_said_and_no_cash() -> None:
    held = positions_of([sold("4", "120", 1)], [adopted("10", "1000.00")])["AAPL"]
    assert these(held.quantity, held.cost_basis, held.realised_pnl) == these(6, 600, 80)
    fewer = positions_of([bought("10", "100")], [adopted("-4", "-400.00", 1)])["AAPL"]
    assert these(fewer.quantity, fewer.cost_basis, fewer.realised_pnl) == these(6, 600, 0)


def test_a_trade_goes_through_a_split_and_an_adoption_opens_one() -> None:
    fills = [bought("10", "100"), sold("4", "110", 5), sold("24", "30", 20)]
    (trade,) = trades_of(fills, [split("4")]).values()
    assert these(trade.quantity, trade.closed_quantity, trade.entry_price) == these(40, 40, 25)
    assert (trade.closed_at, trade.realised_pnl) == (after(20), Decimal("160.00"))
    (taken,) = trades_of([], [adopted("10", "1000.00")]).values()
    assert (taken.trade_id, taken.entry_order_id, taken.entry_price) == ("adopted", None, Decimal(100))


def test_a_trade_of_less_than_one_new_share_ends_with_the_split() -> None:
    (trade,) = trades_of([bought("5", "100")], [split("0.1")]).values()
    assert (trade.closed_at, trade.realised_pnl) == (after(10), Decimal("-500.00"))


def test_a_price_named_before_a_split_is_restated_and_one_named_after_is_not() -> None:
    splits = [split("4", 10), split("0.5", 20, name="again")]
    prices = [price_through(Decimal(80), "AAPL", splits, after(minute)) for minute in (0, 10, 20)]
    assert these(*prices) == these(40, 160, 80)
    assert price_through(Decimal(80), "MSFT", splits, AT) == 80
    assert these(*(shares_through(Decimal(3), "AAPL", splits, after(minute)) for minute in (0, 10))) == these(6, 1)


@pytest.mark.parametrize(
    ("shares", "ratio", "fractions", "expected"),
    [
        ("10", "4", False, "40"),
        ("15", "0.1", False, "1"),
        ("-15", "0.1", False, "-1"),
        ("15", "0.1", True, "1.5"),
        ("1", "0.3333333333", True, "0.333333333"),
        ("1000000000", "0.0001", False, "100000"),
    ],
)
def test_what_a_split_leaves_of_a_share_is_cut(shares: str, ratio: str, expected: str, *, fractions: bool) -> None:
    assert f"{new_shares(Decimal(shares), Decimal(ratio), fractions=fractions):f}" == expected


def test_an_adjustment_is_whole_and_its_event_says_all_of_it() -> None:
    event = position_adjusted(split("4"), "trace")
    assert Adjustment.model_validate(event.data) == split("4")
    for wrong in ({"kind": "split"}, {"kind": "adoption"}, {"kind": "adoption", "ratio": "4", "quantity": "1"}):
        with pytest.raises(ValidationError, match="and only that"):
            adjusted("wrong", 0, **wrong)


def test_the_audit_counts_adjustments() -> None:
    entry = order(request(quantity="10"), filled="10")
    fills, splits = (bought("10", "100"),), (split("4"),)
    held = positions_of(fills, splits)
    books = Books(
        desk_id=DESK,
        portfolio=portfolio("99000.00", *held.values()),
        capital=(deposit(),),
        orders=(entry,),
        fills=fills,
        adjustments=splits,
        trades=tuple(trades_of(fills, splits).values()),
    )
    checks = (cash_and_positions_balance, trades_follow_from_fills, never_short)
    assert [finding for check in checks for finding in check(books)] == []
    forgotten = books.model_copy(update={"adjustments": ()})
    assert [finding.about for finding in cash_and_positions_balance(forgotten)] == ["AAPL"]
    lumped = held["AAPL"].model_copy(update={"lots": held["AAPL"].lots * 2})
    wrong = books.model_copy(update={"portfolio": portfolio("99000.00", lumped)})
    assert [finding.found for finding in cash_and_positions_balance(wrong)] == [
        "the books keep 2 lots, fills make 1, or others"
    ]


def test_an_order_that_rests_through_a_split_may_fill_in_new_shares() -> None:
    asked = request(quantity="10")
    over = fill(asked, "40", "25", filled_at=after(20))
    books = Books(desk_id=DESK, portfolio=portfolio(), orders=(order(asked, filled="40"),), fills=(over,))
    assert [finding.found for finding in quantities_close(books, {})] == ["over-filled: 40 of 10"]
    split_books = books.model_copy(update={"adjustments": (split("4"),)})
    assert list(quantities_close(split_books, {})) == []


@pytest.mark.parametrize(
    ("peak", "equity", "flow", "expected"),
    [
        ("100", "90", "-45", "50.00"),  # a tenth below the peak, before and after
        ("100", "100", "50", "150.00"),
        ("100", "90", "90", "200.00"),
        ("100", "90", "-90", "0"),
        ("100", "-10", "60", "50"),
    ],
)
def test_money_paid_in_or_out_leaves_the_drawdown_as_it_was(peak: str, equity: str, flow: str, expected: str) -> None:
    assert peak_after(Decimal(peak), Decimal(equity), Decimal(flow)) == Decimal(expected)


@pytest.mark.parametrize(("kind", "amount"), [("deposit", "-1.00"), ("withdrawal", "1.00")])
def test_deposits_come_and_withdrawals_go(kind: str, amount: str) -> None:
    with pytest.raises(ValidationError, match=f"a {kind} of"):
        deposit(amount, kind=kind)


@pytest.mark.parametrize("kind", ActivityKind)
def test_what_the_broker_says_of_cash_becomes_capital_under_its_id(kind: ActivityKind) -> None:
    amount = "-5.00" if kind is ActivityKind.WITHDRAWAL else "5.00"
    told = Activity.model_validate(
        {"activity_id": "a-1", "kind": kind, "amount": amount, "symbol": "KO", "occurred_at": AT, "words": "so"}
    )
    capital = capital_of_activity(DESK, told)
    assert capital == capital_of_activity(DESK, told.model_copy(update={"activity_id": f"{DESK}/a-1"}))
    if kind in {ActivityKind.SPLIT, ActivityKind.OTHER}:
        assert capital is None
    else:
        assert capital == CapitalEvent.model_validate(
            {
                "capital_event_id": f"{DESK}/a-1",
                "desk_id": DESK,
                "kind": CapitalKind(kind.value),
                "amount": amount,
                "symbol": "KO",
                "occurred_at": AT,
                "reason": "so",
            }
        )
