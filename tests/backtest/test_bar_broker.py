"""The broker over bars, by hand: gaps, stops, targets, volume, nights, companies' actions, the end of a symbol."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.bars import FIRST, FREE, Account, bar, told
from trading.backtest_plan import FillAt, Frictions
from trading.corporate_actions import CorporateAction
from trading.costs import Costs
from trading.market import Quote
from trading.money import ZERO
from trading.orders import Leg, TimeInForce
from trading.statement import ActivityKind

A_DOLLAR = Costs(slippage_bps=ZERO, commission_per_order=Decimal(1))
TENTH = Frictions(costs=A_DOLLAR, volume_share=Decimal("0.1"))


def action(kind: str, days: int, **fields: object) -> CorporateAction:
    """What AAA does so many days after the first."""
    told = {"symbol": "AAA", "kind": kind, "ex_on": FIRST + timedelta(days=days)}
    return CorporateAction.model_validate(told | fields)


async def test_ten_days_to_the_cent() -> None:
    actions = [action("dividend", 3, amount_usd="0.50"), action("split", 4, ratio="2")]
    account = Account(TENTH, actions=actions)
    account.day(AAA="100 101 99 100")
    await account.buy("a", "100", stop="95", target="110")
    # Ten per cent of 600 shares; the rest of a day's order ends with the day.
    assert told(account.day(AAA=bar("100.50 103 99 102", 600)).fills) == ["a 60 at 100.5"]
    assert (await account.state("a"), await account.dollars()) == (("expired", "60"), ("93969.00", "100089.00"))
    await account.buy("b", "40", stop="95", target="110")
    assert told(account.day(AAA="104 105 103 104").fills) == ["b 40 at 104"]
    assert await account.dollars() == ("89808.00", "100208.00")  # less 4,160 and a dollar; a hundred at 104
    played = account.day(AAA="103 104 102 103")
    assert [(one.kind, one.amount) for one in played.activities] == [(ActivityKind.DIVIDEND, Decimal("50.00"))]
    assert await account.dollars() == ("89858.00", "100158.00")
    account.day(AAA="52 53 51 52")  # two for one: 200 shares, stops at 47.50, targets at 55
    assert await account.dollars() == ("89858.00", "100258.00")
    assert told(account.day(AAA="53 56 52 55").fills) == ["a-target 120 at 55", "b-target 80 at 55"]
    assert await account.dollars() == ("100856.00", "100856.00")
    await account.buy("c", "100", stop="54", target="60")
    # In at the open; the bar touches stop and target, and the stop counts.
    assert told(account.day(AAA="55.25 60.50 53.80 59").fills) == ["c 100 at 55.25", "c-stop 100 at 54"]
    assert await account.dollars() == ("100729.00", "100729.00")
    await account.buy("d", "100", limit_price="58", stop="55")
    assert told(account.day(AAA="59 59.50 57.50 58.50").fills) == ["d 100 at 58"]
    assert await account.dollars() == ("94928.00", "100778.00")
    assert told(account.day(AAA="53 54 52 53").fills) == ["d-stop 100 at 53"]  # a gap: not 55, which nobody paid
    account.day(AAA="53 54 52 53")
    assert await account.dollars() == ("100227.00", "100227.00")
    assert len(account.broker.all_fills) == 8


async def test_costs_all_go_against_us() -> None:
    costs = Costs(slippage_bps=Decimal(10), commission_per_share=Decimal("0.01"), commission_bps=Decimal(5))
    account = Account(Frictions(costs=costs, spread_bps=Decimal(20)))
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10")
    account.day(AAA="100 100 100 100")
    await account.sell("b", "10")
    account.day(AAA="100 100 100 100")
    # The ask is 100.10 and the bid 99.90, ten basis points worse: no tick rounds it, for adjusted prices have none.
    assert told(account.broker.all_fills) == ["a 10 at 100.2001", "b 10 at 99.8001"]
    assert [fill.commission for fill in account.broker.all_fills] == [Decimal("0.60"), Decimal("0.60")]


async def test_a_limit_fills_at_the_open_when_that_is_better_and_a_stop_when_it_is_worse() -> None:
    account = Account(allow_short=True)
    account.day(AAA="100 100 100 100")
    await account.buy("cheap", "1", limit_price="99")
    await account.buy("dear", "1", stop_price="95")
    await account.short("above", "1", limit_price="96", symbol="BBB")
    fills = account.day(AAA="97 98 96 97", BBB="98 99 97 98").fills
    assert told(fills) == ["above 1 at 98", "dear 1 at 97", "cheap 1 at 97"]


async def test_a_target_that_came_into_being_within_the_bar_meets_its_close_alone() -> None:
    account = Account()
    account.day(AAA="100 100 100 100")
    await account.buy("a", "1", limit_price="95", stop="90", target="102")
    assert told(account.day(AAA="100 106 94 100").fills) == ["a 1 at 95"]
    await account.buy("b", "1", limit_price="95", symbol="BBB", target="96")
    assert told(account.day(BBB="100 106 94 97").fills) == ["b 1 at 95", "b-target 1 at 97"]


async def test_an_entry_that_opens_beyond_its_stop_or_target_is_out_again_at_the_open() -> None:
    account = Account()
    account.day(AAA="100 100 100 100")
    await account.buy("a", "1", stop="95")
    await account.buy("b", "1", symbol="BBB", target="110")
    fills = account.day(AAA="94 94.50 90 93", BBB="111 115 110.50 114").fills
    assert told(fills) == ["a 1 at 94", "b 1 at 111", "a-stop 1 at 94", "b-target 1 at 111"]


async def test_an_entry_at_a_stop_within_the_bar_is_followed_by_the_low() -> None:
    account = Account()
    account.day(AAA="100 100 100 100")
    await account.buy("a", "1", stop_price="103", stop="98")
    assert told(account.day(AAA="100 106 97 104").fills) == ["a 1 at 103", "a-stop 1 at 98"]


async def test_a_short_position_rises_before_it_falls_and_pays_for_what_it_borrows() -> None:
    frictions = Frictions(costs=Costs(slippage_bps=ZERO), borrow_rate=Decimal("0.10"))
    account = Account(frictions, allow_short=True, actions=[action("dividend", 4, amount_usd="0.50")])
    account.on = FIRST + timedelta(days=1)
    account.day(AAA="100 100 100 100")
    await account.short("a", "100", stop="108", target="92")
    account.day(AAA="100 101 99 100")
    assert account.played[-1].activities == ()  # nothing was short the night before
    friday = account.day(AAA="100 107 95 100")
    assert [(one.kind, one.amount) for one in friday.activities] == [
        (ActivityKind.FEE, Decimal("-2.74")),  # a night at a tenth a year on 10,000
        (ActivityKind.DIVIDEND, Decimal("-50.00")),
    ]
    monday = account.day(AAA="100 109 91 100")
    assert [(one.kind, one.amount) for one in monday.activities] == [(ActivityKind.FEE, Decimal("-8.22"))]
    assert told(monday.fills) == ["a-stop 100 at 108"]


async def test_cash_earns_interest_for_every_night_and_what_it_owes_earns_none() -> None:
    account = Account(FREE.model_copy(update={"cash_rate": Decimal("0.0365")}))
    account.day(AAA="100 100 100 100")
    assert account.day(AAA="100 100 100 100").activities[0].amount == Decimal("10.00")
    account.on += timedelta(days=2)
    friday_to_monday = (account.day(), account.day())[1]
    assert [one.words for one in friday_to_monday.activities] == ["interest on cash, 3 days"]
    assert friday_to_monday.activities[0].amount == Decimal("30.01")  # on what the nights before have brought


async def test_sales_pay_for_the_buys_of_the_same_open() -> None:
    account = Account(cash="1000")
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10", symbol="CCC")
    account.day(AAA="100 100 100 100", CCC="100 100 100 100")
    await account.buy("b", "10")
    await account.sell("c", "10", symbol="CCC")
    played = account.day(AAA="100 100 100 100", CCC="100 100 100 100")
    assert told(played.fills) == ["c 10 at 100", "b 10 at 100"]


async def test_a_buy_that_the_open_has_made_too_dear_is_given_up_and_told() -> None:
    account = Account(Frictions(costs=A_DOLLAR), cash="1000")
    account.day(AAA="100 100 100 100")
    assert (await account.buy("a", "10", mark="100", stop="90")).state == "accepted"
    await account.buy("b", "9", symbol="BBB")
    played = account.day(AAA="100 100 100 100", BBB="100 100 100 100")
    assert told(played.fills) == ["b 9 at 100"]
    assert [(order.client_order_id, order.reason) for order in played.refused] == [
        ("north-a", "10 AAA cost 1000.00 USD, the account has 999.00 to spend")
    ]
    assert await account.state("a") == ("cancelled", "0")


async def test_one_bar_fills_its_share_of_the_volume_over_all_orders_together() -> None:
    account = Account(TENTH)
    account.day(AAA="100 100 100 100")
    await account.buy("a", "60", time_in_force=TimeInForce.GTC, expires_at=None)
    await account.buy("b", "70", limit_price="100", expires_at=None)
    assert told(account.day(AAA=bar("100 101 99 100", 1_009)).fills) == ["a 60 at 100", "b 40 at 100"]
    assert told(account.day(AAA=bar("99 101 99 100", 1_000)).fills) == ["b 30 at 99"]


async def test_a_bar_of_no_volume_fills_nothing_and_says_so_once() -> None:
    account = Account(TENTH)
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10", stop="95")
    account.day(AAA="100 100 100 100")
    played = account.day(AAA=bar("96 97 94 96", 0), BBB=bar("1 1 1 1", 0))
    assert (played.fills, [(one.code, one.symbol) for one in played.cautions]) == ((), [("no_volume", "AAA")])
    # The stop was touched: it is a market order now, and does not hope for 95 again.
    assert told(account.day(AAA="96 97 96 96").fills) == ["a-stop 10 at 96"]


async def test_without_a_share_of_the_volume_a_bar_of_none_fills_like_any_other() -> None:
    account = Account()
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10")
    played = account.day(AAA=bar("100 100 100 100", 0))
    assert (told(played.fills), played.cautions) == (["a 10 at 100"], ())


async def test_orders_wait_where_there_is_no_bar() -> None:
    account = Account()
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10")
    account.day(BBB="5 5 5 5")
    assert await account.state("a") == ("accepted", "0")
    assert told(account.day(AAA="101 101 101 101").fills) == ["a 10 at 101"]


async def test_what_a_symbol_leaves_behind_is_sold_at_its_last_close() -> None:
    account = Account(TENTH)
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10", stop="95", target="120")
    account.day(AAA="100 100 100 100")
    await account.buy("b", "10")
    await account.buy("c", "5", symbol="BBB")
    played = account.day(AAA=bar("90 90 80 81", 60), BBB="5 5 5 5", last=["AAA"])
    # Six shares is what the bar takes: the stop's rest does not wait for a bar that never comes.
    assert told(played.fills) == ["a-stop 6 at 90", "c 5 at 5"]
    assert [(one.symbol, one.quantity) for one in played.delisted] == [("AAA", Decimal(4))]
    assert [(one.code, one.symbol) for one in played.cautions] == [("delisted", "AAA")]
    assert (await account.state("a-stop"), await account.state("b")) == (("cancelled", "6"), ("expired", "0"))
    assert (await account.buy("late", "1")).reason == f"AAA is delisted: its bars end on {account.on}"
    sold = await account.sell("out", "4", expires_at=None)
    assert (sold.state, told(account.broker.all_fills)[-1]) == ("filled", "out 4 at 81")


async def test_an_order_for_the_close_meets_the_close_it_was_decided_at() -> None:
    account = Account(TENTH, fill=FillAt.CLOSE)
    account.day(AAA=bar("100 110 90 105", 200))
    assert (await account.buy("a", "15", stop="104")).state == "filled"
    bought = await account.buy("b", "15")
    assert (str(bought.state), bought.filled_quantity) == ("expired", Decimal(5))  # the bar's twenty shares are gone
    assert told(account.broker.all_fills) == ["a 15 at 105", "b 5 at 105"]
    assert told(account.day(AAA="105 106 103 106").fills) == ["a-stop 15 at 104"]


async def test_without_the_way_through_a_bar_all_but_market_orders_meet_its_close() -> None:
    account = Account(intrabar=False)
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10", stop="95")
    await account.buy("b", "10", limit_price="97")
    assert told(account.day(AAA="99 103 90 96").fills) == ["a 10 at 99", "b 10 at 96"]
    assert told(account.day(AAA="99 103 90 94").fills) == ["a-stop 10 at 94"]


async def test_a_quote_is_no_bar_and_fills_nothing() -> None:
    account = Account()
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10")
    price = Decimal(100)
    quote = Quote(symbol="AAA", bid=price, ask=price, last=price, quoted_at=account.closes_at)
    await account.broker.match({"AAA": quote})
    assert await account.state("a") == ("accepted", "0")


@pytest.mark.parametrize("leg", [Leg.STOP, Leg.TARGET])
async def test_a_split_leaves_an_order_that_waits_at_the_right_price(leg: Leg) -> None:
    account = Account(actions=[action("split", 2, ratio="10")])
    account.day(AAA="100 100 100 100")
    await account.buy("a", "10", stop="95", target="105")
    account.day(AAA="100 100 100 100")
    bars = {Leg.STOP: "10 10 9.4 10", Leg.TARGET: "10 10.6 10 10"}
    price = {Leg.STOP: "9.5", Leg.TARGET: "10.5"}
    assert told(account.day(AAA=bars[leg]).fills) == [f"a-{leg} 100 at {price[leg]}"]
