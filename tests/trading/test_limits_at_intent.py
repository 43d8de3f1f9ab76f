"""The limits that an intent is held to beyond the book's, at their edges, and what a denial says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tests.making import account, asset, request
from tests.trading.edges import (
    BLOCKED,
    EDGES,
    HELD,
    POSITIONS_FULL,
    WALL,
    Edge,
    buy,
    having,
    lately,
    scene,
    short,
)
from trading.breaches import breaches, evidence
from trading.limits import APPLIES_TO, OF_OWN, OF_SEVERAL, Limit, Limits, Part, Scene, held_to
from trading.orders import OrderRequest
from trading.rooms import cap


@pytest.mark.parametrize("edge", [pytest.param(edge, id=edge.said) for edge in EDGES])
def test_an_intent_at_the_edge_passes_or_says_why_not(edge: Edge) -> None:
    found = breaches(edge.order, edge.scene)
    assert [breach.code for breach in found] == edge.codes
    assert all(len(breach.reason) > 10 for breach in found)


def test_there_are_enough_edges_and_each_limit_is_seen_to_refuse() -> None:
    assert len({edge.said for edge in EDGES}) == len(EDGES) >= 60
    refused = {breach.limit for edge in EDGES for breach in breaches(edge.order, edge.scene)}
    # What one of several strategies is held to has edges of its own.
    assert refused >= APPLIES_TO.keys() - {Limit.POSITIONS} - OF_OWN - OF_SEVERAL


def test_the_wall_would_stop_any_entry() -> None:
    stopped = {breach.limit for breach in breaches(buy("1"), scene(portfolio=POSITIONS_FULL, **WALL))}
    for_entries_alone = {limit for limit, parts in APPLIES_TO.items() if parts == {Part.ENTRY}}
    assert stopped == for_entries_alone - {Limit.PROTECTION, Limit.SHORT, Limit.POSITIONS} - OF_OWN - OF_SEVERAL


def test_a_denial_says_the_numbers() -> None:
    def said(new: OrderRequest, known: Scene) -> str:
        return "; ".join(breach.reason for breach in breaches(new, known))

    assert said(buy(), scene(price="106")) == "AAPL: newest price 106 is 6.00 % off the mark 100, at most 5 %"
    assert said(buy(), lately(last_minute=41)) == "41 orders in the last minute, at most 40 are sent"
    assert said(buy(), lately(same="x")) == "buy 10 AAPL: x is the same, of the last 1 minutes"
    assert said(buy(), having(buying_power="500")) == "buy 10 AAPL: buying_power has room for 5"
    assert said(short(), scene()) == "sell 10 AAPL, of which 100 are held: this desk sells nothing short"
    assert said(buy(), scene(**BLOCKED)) == "account a-1 may not trade: a margin call"


def test_every_limit_applies_to_something_and_all_but_three_spare_the_stops() -> None:
    assert set(APPLIES_TO) == set(Limit) - {
        Limit.SIZE,
        Limit.PROBATION,
        Limit.APPROVAL,
        Limit.MODEL_BUDGET,
        Limit.PRECEDENT,
    }
    protective = {limit for limit, parts in APPLIES_TO.items() if Part.PROTECTIVE in parts}
    assert protective == {Limit.STATE, Limit.HOLDING, Limit.OWN_HOLDING}


def test_evidence_names_all_that_was_looked_at_and_with_what() -> None:
    known = scene()
    seen = evidence(buy(), known)
    assert held_to(Part.ENTRY, flattens=False, informed=True) == set(seen.looked_at)
    assert (seen.standing, seen.recent) == (known.standing, known.recent)
    sized_only = evidence(buy(), Scene(portfolio=HELD, limits=Limits()))
    assert {Limit.ACCOUNT, Limit.DUPLICATE, Limit.BUYING_POWER, Limit.DAILY}.isdisjoint(sized_only.looked_at)


def test_the_tightest_of_all_limits_makes_the_cap() -> None:
    tight = scene(account=account(buying_power="525"), average_volume="700", max_order_usd="600")
    assert (cap(buy("50"), tight).limit, cap(buy("50"), tight).quantity) == (Limit.BUYING_POWER, Decimal(5))
    parts = scene(fractional=True, account=account(buying_power="1000"))
    assert cap(buy("50"), parts).quantity == Decimal("9.523809")
    undivided = scene(fractional=True, account=account(buying_power="1000"), asset=asset(fractionable=False))
    assert cap(buy("50"), undivided).quantity == 9


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "-Infinity", "1e30", "1000000000.1", "1e-10"])
def test_an_order_of_no_number_cannot_be_made_at_all(quantity: str) -> None:
    with pytest.raises(ValidationError):
        buy(quantity)


@pytest.mark.parametrize("symbol", ["", "aapl", "\u0410APL", "AAPL ", "TOOLONGX", "AAPL;--"])
def test_nor_one_of_no_symbol(symbol: str) -> None:
    with pytest.raises(ValidationError):
        request(symbol)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_order_usd": "-0.01"},
        {"max_order_usd": "NaN"},
        {"max_daily_turnover": "Infinity"},
        {"max_orders_per_minute": -1},
        {"collar": "1.1"},
        {"max_volume_share": "-1"},
        {"min_price": "0.001"},
        {"restricted_symbols": ("aapl",)},
        {"blackout_open_minutes": 1441},
    ],
)
def test_limits_that_are_none_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Limits(**wrong)
