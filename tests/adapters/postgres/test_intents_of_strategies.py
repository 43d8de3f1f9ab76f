"""The intent's transaction holds an order to the desk over all strategies, and to the one that gives it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import DESK, LIMITS, intent, sell
from tests.adapters.postgres.parted import changed, cleared, gone, holds, one, said, sent, shared, stopped
from trading.audit_limits import limits_held_at_intent
from trading.breaker import TradingState
from trading.events import EventType
from trading.limits import Limits
from trading.orders import OPERATOR, Leg, Order, OrderKind, OrderRequest
from trading.rooms import cash_price_of, exposure_of
from trading.settlement import Denied
from trading.strategy import Rung

WIDE = Limits(max_position=Decimal(1), max_sector=Decimal(1), duplicate_minutes=0, max_orders_per_minute=1000)


def closing(by: str, quantity: str, **terms: Any) -> OrderRequest:
    """A sale of a strategy."""
    asked = one(by, quantity)
    return sell(quantity=quantity, strategy_id=by, client_order_id=f"{asked.client_order_id}-out", **terms)


async def test_a_strategy_spends_its_own_cash_and_no_more(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    assert await said(ledger, one("momentum", "490"), WIDE) == ["strategy_cash_exceeded"]
    assert await said(ledger, one("momentum", "476"), WIDE) == []
    assert await said(ledger, one("momentum", "1"), WIDE) == ["strategy_cash_exceeded"]
    assert await said(ledger, one("agents", "476"), WIDE) == []
    assert list(limits_held_at_intent(await ledger.books(DESK))) == []


async def test_the_desks_limits_hold_over_the_sum(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    assert await said(ledger, one("momentum", "150"), LIMITS) == []
    assert await said(ledger, one("agents", "51"), LIMITS) == ["max_position_exceeded"]
    assert await said(ledger, one("agents", "50"), LIMITS) == []


async def test_two_strategies_that_want_the_same_are_no_doubles_of_each_other(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    limits = WIDE.model_copy(update={"duplicate_minutes": 1})
    assert await said(ledger, one("momentum", "10"), limits) == []
    assert await said(ledger, one("agents", "10"), limits) == []
    assert await said(ledger, one("momentum", "10"), limits) == ["duplicate_order"]


async def test_it_sells_what_it_holds_and_nothing_of_another(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    await holds(ledger, "agents", "60")
    await holds(ledger, "momentum", "40")
    assert await said(ledger, closing("momentum", "41"), WIDE) == ["strategy_holding_exceeded"]
    assert await said(ledger, closing("momentum", "40"), WIDE) == []
    assert await said(ledger, closing("momentum", "1"), WIDE) == ["strategy_holding_exceeded"]
    by_a_person = closing(OPERATOR, "60")
    assert await said(ledger, by_a_person, WIDE, flattens=True) == []
    assert list(limits_held_at_intent(await ledger.books(DESK))) == []


async def test_its_own_limits_are_read_from_the_books(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum", limits={"max_order_usd": "1000", "restricted_symbols": ("XOM",)})
    assert await said(ledger, one("momentum", "11"), WIDE) == ["strategy_max_order_usd_exceeded"]
    assert await said(ledger, one("momentum", "10", symbol="XOM"), WIDE) == ["strategy_restricted_symbol"]
    assert await said(ledger, one("momentum", "10"), WIDE) == []
    assert await said(ledger, one("agents", "11"), WIDE) == []
    goes_on = one("momentum", "11", symbol="KO", kind="limit", limit_price="100", replaces="some-order")
    assert await said(ledger, goes_on, WIDE) == ["strategy_max_order_usd_exceeded"]


@pytest.mark.parametrize(
    ("rung", "real_money", "codes"),
    [
        (Rung.SHADOW, False, ["only_thinks"]),
        (Rung.PAPER, False, []),
        (Rung.PAPER, True, ["only_thinks"]),
        (Rung.LIVE, True, []),
    ],
)
async def test_money_is_for_a_strategy_that_was_promoted_to_it(
    ledger: PostgresLedger, rung: Rung, *, real_money: bool, codes: list[str]
) -> None:
    await shared(ledger, "momentum")
    await changed(ledger, "momentum", rung=rung)
    assert await said(ledger, one("momentum", "10"), WIDE, real_money=real_money) == codes


async def test_a_demotion_stops_what_was_not_sent_yet(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    first, second = one("momentum", "10"), one("momentum", "11")
    assert [await said(ledger, asked, WIDE) for asked in (first, second)] == [[], []]
    assert await cleared(ledger, first) == (True, None)
    assert await cleared(ledger, second, real_money=True) == (False, "strategy momentum: only_thinks")
    third = one("momentum", "12")
    assert await said(ledger, third, WIDE) == []
    await changed(ledger, "momentum", enabled=False)
    assert await cleared(ledger, third) == (False, "strategy momentum: it is disabled")


@pytest.mark.parametrize("how", ["disabled", "removed", "demoted", "REDUCING"])
async def test_what_it_holds_may_always_be_closed(ledger: PostgresLedger, how: str) -> None:
    await shared(ledger, "momentum")
    await holds(ledger, "momentum", "40")
    if how == "REDUCING":
        await stopped(ledger, "momentum", TradingState.REDUCING)
    elif how == "removed":
        await gone(ledger, "momentum")
    else:
        terms = {"enabled": how != "disabled", "rung": Rung.SHADOW if how == "demoted" else Rung.PAPER}
        await changed(ledger, "momentum", **terms)
    expected = {"removed": ["removed"], "demoted": ["only_thinks"]}.get(how, ["reducing"])
    assert expected[0] in await said(ledger, one("momentum", "1"), WIDE)
    out = closing("momentum", "40")
    assert await said(ledger, out, WIDE, standing=None) == []
    assert await cleared(ledger, out) == (True, None)
    assert await said(ledger, one("agents", "1", symbol="KO"), WIDE) == []


async def test_a_strategy_that_is_halted_keeps_its_stops_and_sells_nothing(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    await holds(ledger, "momentum", "40")
    await stopped(ledger, "momentum", TradingState.HALTED)
    stop = closing("momentum", "40", leg=Leg.STOP, kind=OrderKind.STOP, stop_price="90", parent_id="entry")
    assert await said(ledger, closing("momentum", "40"), WIDE) == ["halted"]
    assert await said(ledger, stop, WIDE) == []
    assert await cleared(ledger, stop) == (True, None)
    assert await said(ledger, one("agents", "1"), WIDE) == []


async def test_a_strategy_with_all_of_the_equity_is_the_desk(ledger: PostgresLedger) -> None:
    assert await said(ledger, one("agents", "10"), WIDE) == []
    (event,) = [s.event for s in (await ledger.books(DESK)).events if s.event.type is EventType.ORDER_INTENDED]
    assert event.data["own"] is False
    assert "strategy_" not in str(event.data["looked_at"])


async def test_two_strategies_are_never_on_both_sides(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    both = WIDE.model_copy(update={"allow_short": True})
    buys = one("momentum", "10")
    shorts = closing("agents", "10", leg=Leg.ENTRY)
    answers = await asyncio.gather(*(ledger.intend(intent(asked, both)) for asked in (buys, shorts)))
    assert sorted(isinstance(answer, Order) for answer in answers) == [False, True]
    (denied,) = [answer for answer in answers if isinstance(answer, Denied)]
    assert [breach.code for breach in denied.breaches] == ["opposed"]


@pytest.mark.faults
async def test_fifty_intents_of_two_strategies_at_once_stay_within_the_desk_and_each_of_them(
    ledger: PostgresLedger,
) -> None:
    await shared(ledger, "momentum", limits={"max_position": "0.15"})
    asked = [one(by, f"{20 + n}") for n in range(25) for by in ("agents", "momentum")]
    limits = LIMITS.model_copy(update={"duplicate_minutes": 0, "max_orders_per_minute": 1000})
    answers = await asyncio.gather(*(ledger.intend(intent(request, limits)) for request in asked))
    assert {isinstance(answer, Order) for answer in answers} == {True, False}
    books = await ledger.books(DESK)
    assert list(limits_held_at_intent(books)) == []
    # A fifth of the desk in one symbol, and 15 % of its half of the equity for the one that says so.
    assert exposure_of(books.portfolio, "AAPL") <= 20_000
    ours = [order.request for order in await sent(ledger) if order.request.strategy_id == "momentum"]
    assert sum(request.quantity * 100 for request in ours) <= 7_500
    assert sum(request.quantity * cash_price_of(request, limits.collar) for request in ours) <= 50_000


@pytest.mark.faults
async def test_strategies_that_think_alike_at_one_moment_are_no_doubles_of_each_other(ledger: PostgresLedger) -> None:
    limits = WIDE.model_copy(update={"duplicate_minutes": 5})
    await shared(ledger, "twin")
    assert [await said(ledger, one(name, "10"), limits) for name in ("agents", "twin")] == [[], []]
    assert await said(ledger, one("twin", "10"), limits) == ["duplicate_order"]
    for name in ("agents", "twin"):
        await holds(ledger, name, "20", symbol="MSFT")
    leaving = [closing(name, "7", symbol="MSFT") for name in ("agents", "twin")]
    assert [await said(ledger, asked, limits) for asked in leaving] == [[], []]
