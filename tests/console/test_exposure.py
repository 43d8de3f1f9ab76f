"""Exposure of books made by hand: open entries count as filled, what is short counts as much as what is long."""

from __future__ import annotations

from decimal import Decimal

import pytest

from console.exposure import exposure, positions_with
from tests.making import order, portfolio, position, protection, request
from trading.instruments import Side
from trading.limits import Limits
from trading.orders import Leg

D = Decimal
LIMITS = Limits(max_position=D("0.2"), max_sector=D("0.3"), max_positions=7)


def test_open_entries_count_as_filled_and_the_largest_stand_first() -> None:
    held = portfolio(
        "99000.00",
        position("AAPL", "10", "100"),
        position("JPM", "-30", "100", "Financials"),
        open_orders=[order(request("MSFT", "20")), order(request("AAPL", "5")), protection(Leg.STOP)],
    )
    told = exposure(held, LIMITS)
    assert [(one.name, one.usd) for one in told.symbols] == [("JPM", D(3000)), ("MSFT", D(2000)), ("AAPL", D(1500))]
    assert [(one.name, one.usd, one.symbols) for one in told.sectors] == [
        ("Technology", D(3500), ("AAPL", "MSFT")),
        ("Financials", D(3000), ("JPM",)),
    ]
    assert (told.gross, told.net, told.equity) == (D(6500), D(-2000), D(97000))
    assert told.gross_part == float(D(6500) / 97000)
    assert (told.places, told.most_places, told.sectors[0].most) == (3, 7, D("0.3"))
    assert told.free_cash < D(99000) - 2500


def test_a_desk_worth_nothing_has_no_parts() -> None:
    told = exposure(portfolio("0.00"), LIMITS)
    assert (told.gross_part, told.net_part, told.symbols, told.sectors) == (None, None, (), ())
    worthless = exposure(portfolio("-1000.00", position("AAPL", "10", "100")), LIMITS)
    assert {one.part for one in worthless.symbols} == {None}


@pytest.mark.parametrize(("quantity", "stop", "target"), [("10", "95", "110"), ("-10", "90", "120")])
def test_of_several_stops_and_targets_those_that_are_met_first_are_told(quantity: str, stop: str, target: str) -> None:
    near = {"parent_id": "another", "cycle_id": "main/2"}
    waiting = [
        protection(Leg.STOP),
        protection(Leg.TARGET),
        order(request(side=Side.SELL, leg=Leg.STOP, kind="stop", stop_price="95", **near)),
        order(request(side=Side.SELL, leg=Leg.TARGET, kind="limit", limit_price="110", **near)),
        protection(Leg.STOP, "MSFT"),
    ]
    (line,) = positions_with(portfolio("10000.00", position("AAPL", quantity), open_orders=waiting), ())
    assert (line.stop, line.target, line.bought) == (D(stop), D(target), ())
