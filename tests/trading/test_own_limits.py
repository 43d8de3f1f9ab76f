"""A strategy's own limits, beside the desk's: each just inside, at and just outside, and what a denial says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.making import order, portfolio, position, request, these
from tests.trading.edges import FREE, STOP, Edge, buy, cover, limited, scene, sell
from trading.breaches import breaches, evidence
from trading.breaker import TradingState
from trading.limits import OF_OWN, OF_SEVERAL, Giver, Limit, Limits, Own, OwnLimits, Part, Scene, held_to
from trading.orders import Order
from trading.portfolio import Portfolio

# The desk: 50,000 in cash, 300 shares of AAPL, of which the strategy has 100 and 10,000 of the cash.
DESK = portfolio("50000", position(quantity="300"))
MINE = portfolio("10000", position(quantity="100"))


def within(own: Portfolio = MINE, desk: Portfolio = DESK, giver: Giver | None = None, **limits: Any) -> Scene:
    """The strategy's part and its limits, on a desk that is in nobody's way."""
    mine = Own(portfolio=own, limits=OwnLimits.model_validate(limits))
    return scene(portfolio=desk, limits=FREE, own=mine, giver=giver)


def busy(*open_orders: Order, own: Portfolio = MINE, **limits: Any) -> Scene:
    """The same with orders of its own on their way."""
    return within(
        own.model_copy(update={"open_orders": open_orders}),
        DESK.model_copy(update={"open_orders": open_orders}),
        **limits,
    )


def standing_at(state: TradingState, barred: str = "") -> Scene:
    return within(giver=Giver(strategy_id="agents", state=state, barred=barred))


def energy(quantity: str = "10") -> Order:
    return order(request("XOM", quantity, sector="Energy"))


FULL = portfolio("10000", position("XOM", "10"), position("KO", "10"))
FULL_DESK = portfolio("50000", position("XOM", "10"), position("KO", "10"))

EDGES = [
    Edge("to its cash", buy("100"), within(), []),
    Edge("a share beyond its cash", buy("101"), within(), ["strategy_cash_exceeded"]),
    Edge("what it is buying already is spent", buy("91"), busy(energy()), ["strategy_cash_exceeded"]),
    Edge("and to the share", buy("90"), busy(energy()), []),
    Edge("a quarter of its equity more", buy("20"), within(max_position=Decimal("0.6")), []),
    Edge("and a share", buy("21"), within(max_position=Decimal("0.6")), ["strategy_max_position_exceeded"]),
    Edge(
        "of its equity, not the desk's",
        buy("1"),
        within(max_position=Decimal("0.5")),
        ["strategy_max_position_exceeded"],
    ),
    Edge("its sector", buy("10"), within(max_sector=Decimal("0.55")), []),
    Edge("and a share", buy("11"), within(max_sector=Decimal("0.55")), ["strategy_max_sector_exceeded"]),
    Edge("one more place", buy("1"), within(FULL, FULL_DESK, max_positions=3), []),
    Edge("no place left", buy("1"), within(FULL, FULL_DESK, max_positions=2), ["strategy_max_positions_exceeded"]),
    Edge("it holds it already", buy("1"), within(max_positions=1), []),
    Edge("its dollars an order", buy("10"), within(max_order_usd=Decimal(1000)), []),
    Edge("and a cent", buy("10"), within(max_order_usd=Decimal("999.99")), ["strategy_max_order_usd_exceeded"]),
    Edge(
        "at its limit price",
        limited("100"),
        within(max_order_usd=Decimal("999.99")),
        ["strategy_max_order_usd_exceeded"],
    ),
    Edge("at its least price", buy("1"), within(min_price=Decimal(100)), []),
    Edge("below it", buy("1"), within(min_price=Decimal("100.01")), ["strategy_price_below_minimum"]),
    Edge("on its list", buy("1"), within(restricted_symbols=("AAPL",)), ["strategy_restricted_symbol"]),
    Edge("another is", buy("1"), within(restricted_symbols=("MSFT",)), []),
    Edge("all that it holds is sold", sell("100"), within(), []),
    Edge("nothing that another holds", sell("101"), within(), ["strategy_holding_exceeded"]),
    Edge("what it is selling already", sell("51"), busy(order(sell("50"))), ["strategy_holding_exceeded"]),
    Edge("and to the share", sell("50"), busy(order(sell("50"))), []),
    Edge("its stop covers what it holds", STOP, within(), []),
    Edge(
        "and no share of another",
        STOP.model_copy(update={"quantity": Decimal(101)}),
        within(),
        ["strategy_holding_exceeded"],
    ),
    Edge(
        "none of its limits stands in an exit's way",
        sell("100"),
        within(
            max_position=Decimal(0),
            max_sector=Decimal(0),
            max_positions=0,
            max_order_usd=Decimal(0),
            min_price=Decimal(900),
            restricted_symbols=("AAPL",),
        ),
        [],
    ),
    Edge(
        "buying back no more than it is short",
        cover("11"),
        within(portfolio("90000", position(quantity="-10")), portfolio("90000", position(quantity="-30"))),
        ["strategy_holding_exceeded"],
    ),
    Edge("one that only thinks", buy("1"), standing_at(TradingState.ACTIVE, "only_thinks"), ["only_thinks"]),
    Edge("closes what it holds", sell("100"), standing_at(TradingState.ACTIVE, "only_thinks"), []),
    Edge("one that was removed", buy("1"), standing_at(TradingState.ACTIVE, "removed"), ["removed"]),
    Edge("closes it too", sell("100"), standing_at(TradingState.ACTIVE, "removed"), []),
    Edge("one that only reduces", buy("1"), standing_at(TradingState.REDUCING), ["reducing"]),
    Edge("sells", sell("100"), standing_at(TradingState.REDUCING), []),
    Edge("one that is halted", sell("1"), standing_at(TradingState.HALTED), ["halted"]),
    Edge("keeps its stops", STOP, standing_at(TradingState.HALTED), []),
]


@pytest.mark.parametrize("edge", [pytest.param(edge, id=f"{n}: {edge.said}") for n, edge in enumerate(EDGES)])
def test_an_order_at_the_edge_of_its_strategy_passes_or_says_why_not(edge: Edge) -> None:
    assert [breach.code for breach in breaches(edge.order, edge.scene)] == edge.codes


def test_each_own_limit_is_seen_to_refuse() -> None:
    refused = {breach.limit for edge in EDGES for breach in breaches(edge.order, edge.scene)}
    assert refused >= OF_OWN | {Limit.STRATEGY, Limit.STATE}


@pytest.mark.parametrize(
    ("new", "known", "words"),
    [
        (buy("101"), within(), "strategy agents: buy 101 AAPL: cash has room for 100"),
        (sell("101"), within(), "strategy agents: sell 101 AAPL: holding has room for 100"),
        (buy("1"), within(min_price=Decimal(101)), "strategy agents: AAPL at 100: it opens nothing below 101"),
        (buy("1"), standing_at(TradingState.REDUCING), "strategy agents: it is REDUCING"),
    ],
)
def test_a_denial_says_whose_limit_it_is(new: Any, known: Scene, words: str) -> None:
    assert [breach.reason for breach in breaches(new, known)] == [words]


def test_the_evidence_says_that_there_was_a_part_and_every_limit_of_it_was_looked_at() -> None:
    for new, part in ((buy("1"), Part.ENTRY), (sell("1"), Part.EXIT), (STOP, Part.PROTECTIVE)):
        seen = evidence(new, within())
        assert seen.own
        assert set(seen.looked_at) == held_to(part, flattens=False, informed=True, own=True)
        alone = evidence(new, scene())
        assert not alone.own
        assert OF_OWN.isdisjoint(alone.looked_at)
    assert set(evidence(buy("1"), scene()).looked_at) >= OF_SEVERAL


def test_orders_are_sized_a_little_inside_its_own_limits_too() -> None:
    inside = OwnLimits(max_position=Decimal("0.2"), max_order_usd=Decimal(100)).for_sizing(Decimal("0.005"))
    assert these(inside.max_position, inside.max_sector, inside.max_order_usd) == (Decimal("0.199"), None, 100)


def test_a_limit_of_its_own_is_not_looser_than_the_desks() -> None:
    loose = OwnLimits(max_position=Decimal("0.3"), max_sector=Decimal("0.3"), min_price=Decimal("0.5"))
    assert loose.looser_than(Limits()) == ("max_position", "min_price")
