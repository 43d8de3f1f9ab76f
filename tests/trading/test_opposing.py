"""Two strategies are never on both sides of one symbol: who waits, who is cancelled, and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.making import order, portfolio, position, protection, request
from tests.trading.edges import scene
from trading.breaches import breaches
from trading.instruments import Side
from trading.limits import Own
from trading.opposing import in_the_way
from trading.orders import OPERATOR, PROTECTIVE, Leg, Order, OrderRequest, OrderState

MINE, OTHER = "momentum", "agents"
FREE: dict[str, Any] = {"allow_short": True, "max_position": "1", "max_sector": "1"}


def asked(side: Side, leg: Leg = Leg.ENTRY, by: str = MINE, symbol: str = "AAPL", **more: object) -> OrderRequest:
    name = f"{by}-{symbol}-{side}-{leg}"
    return request(symbol, "5", side, leg=leg, strategy_id=by, **{"client_order_id": name, **more})


def resting(side: Side, leg: Leg = Leg.ENTRY, by: str = OTHER, symbol: str = "AAPL") -> Order:
    if leg in PROTECTIVE:
        kept = protection(leg)
        return kept.model_copy(update={"request": kept.request.model_copy(update={"strategy_id": by})})
    return order(asked(side, leg, by, symbol))


def codes(new: OrderRequest, *open_orders: Order, desk: str = "0", own: str = "0") -> list[str]:
    """How a strategy's order is refused while these are open, and desk and strategy hold so many shares."""
    mine = tuple(one for one in open_orders if one.request.strategy_id == MINE)
    part = Own(portfolio=portfolio("50000", position(quantity=own), open_orders=mine))
    books = portfolio("90000", position(quantity=desk), open_orders=open_orders)
    found = breaches(new, scene(portfolio=books, own=part, **FREE))
    return [breach.code for breach in found]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("leg", [Leg.ENTRY, Leg.EXIT])
def test_an_entry_waits_for_an_order_of_another_on_the_other_side(side: Side, leg: Leg) -> None:
    other = Side.SELL if side is Side.BUY else Side.BUY
    held = {"desk": "100" if other is Side.SELL else "-100"} if leg is Leg.EXIT else {}
    assert "opposed" in codes(asked(side), resting(other, leg), **held)
    assert codes(asked(side), resting(side)) == []
    assert codes(asked(side), resting(other, leg, symbol="MSFT")) == []
    assert codes(asked(side), resting(other, by=MINE)) == []


@pytest.mark.parametrize("leg", sorted(PROTECTIVE))
def test_stops_and_targets_of_another_are_no_opposition(leg: Leg) -> None:
    assert codes(asked(Side.BUY), resting(Side.SELL, leg), desk="10") == []


@pytest.mark.parametrize(
    ("side", "desk", "own", "refused"),
    [
        (Side.BUY, "-10", "0", ["opposed"]),
        (Side.BUY, "-10", "-10", []),
        (Side.BUY, "10", "0", []),
        (Side.SELL, "10", "0", ["opposed"]),
        (Side.SELL, "10", "10", []),
        (Side.SELL, "-10", "0", []),
        (Side.BUY, "0", "0", []),
    ],
)
def test_an_entry_waits_while_another_holds_it_the_other_way_round(
    side: Side, desk: str, own: str, refused: list[str]
) -> None:
    assert codes(asked(side), desk=desk, own=own) == refused


@pytest.mark.parametrize("state", OrderState)
def test_only_what_may_still_fill_is_waited_for(state: OrderState) -> None:
    other = resting(Side.SELL).model_copy(update={"state": state})
    assert codes(asked(Side.BUY), other) == (["opposed"] if other.is_open else [])


def test_an_exit_is_never_denied_for_it() -> None:
    assert codes(asked(Side.SELL, Leg.EXIT), resting(Side.BUY), desk="10", own="10") == []
    assert codes(asked(Side.BUY, Leg.EXIT), resting(Side.SELL), desk="-10", own="-10") == []


def test_the_first_to_come_is_the_one_that_goes() -> None:
    """Whoever is intended second waits, whichever side it is on."""
    first, second = asked(Side.BUY), asked(Side.SELL, by=OTHER)
    assert codes(first) == []
    assert codes(second.model_copy(update={"strategy_id": OTHER}), order(first)) == ["opposed"]
    assert codes(first, order(second)) == ["opposed"]


def test_a_refusal_names_the_order_and_its_strategy() -> None:
    books = portfolio(open_orders=(resting(Side.SELL),))
    (found,) = breaches(asked(Side.BUY), scene(portfolio=books, own=Own(portfolio=portfolio()), **FREE))
    assert found.reason == ("strategy momentum: buy 5 AAPL: sell 5 of strategy agents, agents-AAPL-sell-entry, is open")


def names(new: OrderRequest, *open_orders: Order) -> set[tuple[str, Leg]]:
    found = in_the_way(new, portfolio("0", open_orders=open_orders))
    return {(one.request.strategy_id, one.request.leg) for one in found}


EVERYTHING = (
    resting(Side.BUY),
    resting(Side.SELL, Leg.EXIT),
    resting(Side.SELL, Leg.STOP),
    resting(Side.SELL, Leg.TARGET),
    resting(Side.BUY, by=MINE),
    resting(Side.SELL, Leg.STOP, by=MINE),
    resting(Side.SELL, Leg.TARGET, by=MINE),
    resting(Side.BUY, symbol="MSFT"),
)


def test_an_exit_has_cancelled_what_protects_its_own_shares_and_the_entries_of_others_against_it() -> None:
    assert names(asked(Side.SELL, Leg.EXIT), *EVERYTHING) == {(OTHER, Leg.ENTRY), (MINE, Leg.STOP), (MINE, Leg.TARGET)}


def test_a_persons_exit_has_cancelled_all_that_is_against_it_and_all_that_protects() -> None:
    expected = {(by, leg) for by in (MINE, OTHER) for leg in (Leg.ENTRY, Leg.STOP, Leg.TARGET)}
    assert names(asked(Side.SELL, Leg.EXIT, by=OPERATOR), *EVERYTHING) == expected


@pytest.mark.parametrize("leg", [Leg.ENTRY, Leg.STOP])
def test_nothing_else_has_anything_cancelled(leg: Leg) -> None:
    more = {"kind": "stop", "stop_price": "90", "parent_id": "entry"} if leg is Leg.STOP else {}
    assert names(asked(Side.SELL, leg, **more), *EVERYTHING) == set()
