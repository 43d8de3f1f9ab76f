"""Whose shares go and come, and whose cash: the rules by example."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tests.making import DESK, after, deposit, fill, request
from trading.adjustments import Adjustment
from trading.instruments import Side
from trading.orders import OPERATOR, Fill
from trading.portfolio import CapitalEvent
from trading.sleeves import Told, holdings_of, shares_out, sleeves_of
from trading.trades import trades_of

OWNERS: dict[str, str] = {}


def given(strategy: str, quantity: str, minute: float, side: Side = Side.BUY, price: str = "100") -> Fill:
    asked = request("AAPL", quantity, side, cycle_id=f"paper/{strategy}-{minute:g}", strategy_id=strategy)
    OWNERS[asked.client_order_id] = strategy
    return fill(asked, quantity, price, filled_at=after(minute))


def split(ratio: str, minute: float, *, fractions: bool = False) -> Adjustment:
    fields = {"adjustment_id": f"split-{minute:g}", "desk_id": DESK, "symbol": "AAPL", "kind": "split", "ratio": ratio}
    return Adjustment.model_validate(
        {**fields, "fractions": fractions, "effective_at": after(minute), "evidence": "listed"}
    )


def paid(amount: str, minute: float, kind: str = "dividend") -> CapitalEvent:
    return deposit(amount, kind=kind, symbol="AAPL", occurred_at=after(minute), capital_event_id=f"{kind}-{minute:g}")


def held(fills: Iterable[Fill], adjustments: Iterable[Adjustment] = ()) -> dict[str, int]:
    holding = holdings_of(Told(fills, adjustments, owners=OWNERS))["AAPL"]
    return {name: int(part.position.quantity) for name, part in holding.parts.items()}


def test_a_sale_takes_its_own_shares_first_then_the_oldest_of_the_others() -> None:
    bought = [given("agents", "10", 1), given("trend", "10", 2), given("mean", "10", 3)]
    assert held([*bought, given("mean", "12", 4, Side.SELL)]) == {"agents": 8, "mean": 0, "trend": 10}
    assert held([*bought, given(OPERATOR, "15", 4, Side.SELL)]) == {"agents": 0, "mean": 10, "trend": 5}


def test_of_one_moment_the_names_decide() -> None:
    bought = [given("trend", "10", 1), given("agents", "10", 1)]
    assert held([*bought, given(OPERATOR, "5", 2, Side.SELL)]) == {"agents": 5, "trend": 10}


def test_only_what_is_left_over_opens_so_all_parts_have_one_sign() -> None:
    bought = [given("agents", "10", 1), given("trend", "10", 2)]
    sold = given("mean", "25", 3, Side.SELL)
    assert held([*bought, sold]) == {"agents": 0, "mean": -5, "trend": 0}
    trades = trades_of([*bought, sold], owners=OWNERS).values()
    assert [(one.strategy_id, one.side, one.closed_at is None) for one in trades] == [
        ("agents", Side.BUY, False),
        ("trend", Side.BUY, False),
        ("mean", Side.SELL, True),
    ]


def test_a_split_is_counted_up_so_that_whole_parts_sum_to_what_the_desk_has() -> None:
    bought = [given("agents", "5", 1), given("mean", "5", 2), given("trend", "5", 3)]
    assert held(bought, [split("1.5", 4)]) == {"agents": 7, "mean": 8, "trend": 7}
    assert held(bought, [split("0.1", 4)]) == {"agents": 0, "mean": 1, "trend": 0}


def test_each_cent_is_dealt_out_once() -> None:
    thirds = [("agents", Decimal(1)), ("mean", Decimal(1)), ("trend", Decimal(1))]
    assert list(shares_out(Decimal("0.01"), thirds)) == [
        ("agents", Decimal("0.00")),
        ("mean", Decimal("0.01")),
        ("trend", Decimal("0.00")),
    ]
    assert [part for _, part in shares_out(Decimal("-100.00"), thirds)] == [
        Decimal("-33.33"),
        Decimal("-33.34"),
        Decimal("-33.33"),
    ]


def test_what_a_company_pays_is_of_who_holds_it_else_of_who_held_it_last() -> None:
    def cash(*more: CapitalEvent) -> dict[str, Decimal]:
        fills = [given("agents", "10", 1), given("trend", "30", 2), given(OPERATOR, "40", 4, Side.SELL)]
        return dict(sleeves_of(Told(fills, (), more, OWNERS)).cash)

    nothing = {"agents": Decimal(0), "trend": Decimal(0)}
    assert cash() == nothing
    assert cash(paid("4.00", 0.5)) == nothing
    assert cash(paid("4.00", 3)) == cash(paid("4.00", 9)) == {"agents": Decimal(1), "trend": Decimal(3)}


def test_what_is_paid_for_the_last_part_of_a_share_is_of_who_lost_it() -> None:
    told = Told([given("trend", "1", 1)], [split("0.1", 2)], [paid("10.00", 2, "cash_in_lieu")], OWNERS)
    assert sleeves_of(told).cash == {"trend": Decimal(-90)}
