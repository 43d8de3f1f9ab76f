"""The books of one desk: what fills make of positions and cash, and what they are worth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.making import after, deposit, fill, order, portfolio, position, protection, request, these
from trading.instruments import Side
from trading.orders import Fill, Leg, OrderState
from trading.portfolio import Position, book_fill, cash_of, drawdown, positions_of, postings, sector_values
from trading.trades import trades_of

FLAT = Position(symbol="AAPL", mark=Decimal(1))


def bought(quantity: str, price: str, commission: str = "0", minute: int = 0) -> Fill:
    return traded(Side.BUY, quantity, price, commission, minute)


def sold(quantity: str, price: str, commission: str = "0", minute: int = 0) -> Fill:
    return traded(Side.SELL, quantity, price, commission, minute)


def traded(side: Side, quantity: str, price: str, commission: str, minute: int) -> Fill:
    name = f"{side}-{quantity}-{minute}"
    return fill(request(side=side), quantity, price, fill_id=name, commission=commission, filled_at=after(minute))


def booked(*fills: Fill) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Quantity, cost, realised profit and mark after these fills, one by one."""
    held = FLAT
    for one in fills:
        held = book_fill(held, one)
    return held.quantity, held.cost_basis, held.realised_pnl, held.mark


@pytest.mark.parametrize(
    ("fills", "quantity", "cost", "realised", "mark"),
    [
        ((bought("10", "100", "1"),), "10", "1001", "0", "100"),
        ((bought("10", "100"), bought("10", "110")), "20", "2100", "0", "110"),
        ((bought("10", "100", "1"), sold("4", "110", "1")), "6", "600.60", "38.60", "110"),
        ((bought("10", "100"), sold("10", "90")), "0", "0", "-100", "90"),
        ((bought("3", "33.335"), sold("1", "33.335")), "2", "66.67", "0.01", "33.335"),
        ((bought("10", "100"), sold("15", "110", "3")), "-5", "-549", "98", "110"),
        ((sold("10", "100", "1"),), "-10", "-999", "0", "100"),
        ((sold("10", "100"), sold("10", "120")), "-20", "-2200", "0", "120"),
        ((sold("10", "100"), bought("4", "90")), "-6", "-600", "40", "90"),
        ((sold("10", "100"), bought("12", "90")), "2", "180", "100", "90"),
        ((bought("10", "100"), sold("10", "110"), bought("1", "50")), "1", "50", "100", "50"),
    ],
)
def test_fills_make_positions_at_average_cost(
    fills: tuple[Fill, ...], quantity: str, cost: str, realised: str, mark: str
) -> None:
    assert booked(*fills) == (Decimal(quantity), Decimal(cost), Decimal(realised), Decimal(mark))


def test_positions_follow_from_fills_in_whatever_order_they_arrived() -> None:
    first, second, third = bought("10", "100", minute=1), sold("4", "110", minute=2), bought("1", "90", minute=3)
    expected = positions_of([first, second, third])
    assert positions_of([third, first, second, first]) == expected
    assert expected["AAPL"].quantity == 7
    assert positions_of([]) == {}


def test_cash_is_what_was_paid_in_and_what_fills_took() -> None:
    withdrawn = deposit("-50.25", kind="withdrawal")
    assert cash_of([deposit("1000"), withdrawn], [bought("1", "100", "1"), sold("2", "10.005")]) == Decimal("868.76")
    assert cash_of([], []) == 0


@pytest.mark.parametrize("one", [bought("3", "33.335", "1.25"), sold("3", "33.335", "-0.10")])
def test_postings_sum_to_nought(one: Fill) -> None:
    entry = postings(one)
    assert sum(entry.values()) == 0
    assert set(entry) == {"cash", "shares:AAPL", "commission"}
    assert (entry["shares:AAPL"] > 0) == (one.side is Side.BUY)


def test_equity_is_cash_and_marked_positions() -> None:
    books = portfolio("1000.01", position("AAPL", "3", "33.335"), position("KO", "-1", "20"), position("XOM", "0", "5"))
    assert books.equity == Decimal("1080.01")
    assert portfolio("-5").equity == -5
    assert these(books.held("AAPL"), books.held("KO"), books.held("MSFT")) == (3, -1, 0)


def test_what_an_open_exit_sells_cannot_be_sold_again() -> None:
    exit_order = order(request("AAPL", "4", Side.SELL), OrderState.PARTIALLY_FILLED, "1")
    resting = (exit_order, order(request("AAPL", "5")), order(request("KO", "5", Side.SELL)), protection(Leg.STOP))
    assert portfolio("0", position("AAPL", "10"), open_orders=resting).sellable("AAPL") == 7
    assert portfolio("0", position("AAPL", "-10")).sellable("AAPL") == 0


def test_sectors_are_worth_what_is_held_in_them() -> None:
    books = portfolio("0", position("AAPL", "1"), position("MSFT", "2"), position("XOM", "1", "40", "Energy"))
    assert sector_values(books) == {"Technology": 300, "Energy": 40}
    assert sector_values(portfolio()) == {}


@pytest.mark.parametrize(
    ("equity", "peak", "lost"),
    [
        ("100", "100", "0"),
        ("110", "100", "0"),
        ("80", "100", "0.2"),
        ("0", "100", "1"),
        ("-50", "100", "1.5"),
        ("5", "0", "0"),
    ],
)
def test_drawdown_is_the_part_lost_since_the_peak(equity: str, peak: str, lost: str) -> None:
    assert drawdown(Decimal(equity), Decimal(peak)) == Decimal(lost)


def test_trades_go_from_flat_to_flat() -> None:
    fills = [
        bought("10", "100", minute=1),
        bought("10", "110", "2", minute=2),
        sold("5", "120", minute=3),
        sold("20", "90", "4", minute=4),
        bought("5", "80", minute=5),
    ]
    first, second = trades_of(reversed(fills)).values()
    assert these(first.side, first.quantity, first.closed_quantity) == (Side.BUY, 20, 20)
    assert these(first.entry_price, first.exit_price, first.closed_at) == (105, Decimal("97.5"), after(4))
    assert these(second.side, second.quantity, second.entry_price, second.closed_at) == (Side.SELL, 5, 90, after(5))
    assert first.realised_pnl + second.realised_pnl == positions_of(fills)["AAPL"].realised_pnl
    assert (first.entry_order_id, first.exit_order_id) == (fills[0].client_order_id, fills[3].client_order_id)
    (still,) = trades_of(fills[:3]).values()
    assert these(still.closed_at, still.closed_quantity, still.exit_price) == (None, 5, 120)
