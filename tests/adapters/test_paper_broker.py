"""The paper broker on a real Postgres: what its package's table says, row by row."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.paper_broker import PaperTerms
from tests.fakes.floor import Floor
from trading.errors import OrderRefused
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Fill, Leg, OrderKind, OrderState


@pytest.fixture
def floor(engine: AsyncEngine) -> Floor:
    return Floor(engine)


async def test_a_market_order_buys_at_the_ask_and_sells_at_the_bid_each_a_little_worse(floor: Floor) -> None:
    floor.terms = PaperTerms()
    bought, sold = await floor.buy("a", "10"), await floor.sell("b", "4")
    assert bought.state is sold.state is OrderState.FILLED
    assert await floor.fills("a") == [("10", "100.16")]  # 100.10 and 5 basis points: 100.15005, up to the next cent
    assert await floor.fills("b") == [("4", "99.95")]


async def test_a_price_under_a_dollar_is_rounded_to_a_hundredth_of_a_cent_against_us(floor: Floor) -> None:
    floor.terms = PaperTerms()
    floor.market.quote("MSFT", "0.5000", "0.5001", floor.at)
    await floor.buy("a", "10", symbol="MSFT")
    await floor.sell("b", "10", symbol="MSFT")
    assert (await floor.fills("a"), await floor.fills("b")) == ([("10", "0.5004")], [("10", "0.4997")])


async def test_a_fill_tells_everything_that_the_books_need(floor: Floor) -> None:
    floor.terms = PaperTerms(
        slippage_bps=ZERO,
        commission_per_order=Decimal("1.00"),
        commission_per_share=Decimal("0.005"),
        commission_bps=Decimal(1),
    )
    order = await floor.buy("a", "10", as_of=floor.at + timedelta(hours=5))
    name = order.client_order_id
    (fill,) = await floor.broker.fills(name)
    assert fill == Fill(
        fill_id=f"{name}.f1",
        client_order_id=name,
        symbol="AAPL",
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal("100.10"),
        commission=Decimal("1.15"),  # a dollar, ten shares at half a cent, a basis point of 1,001.00
        filled_at=floor.at + timedelta(hours=5),
    )
    assert (order.broker_order_id, order.leg, order.parent_id) == (f"paper-{name}", Leg.ENTRY, None)
    assert await floor.broker.find(name) == order


async def test_a_marketable_limit_order_fills_at_the_better_of_limit_and_quote(floor: Floor) -> None:
    floor.terms = PaperTerms()
    await floor.buy("near", "1", limit_price="100.12")
    await floor.buy("far", "1", limit_price="105")
    await floor.sell("low", "1", limit_price="90")
    assert await floor.fills("near") == [("1", "100.12")]
    assert await floor.fills("far") == [("1", "100.16")]
    assert await floor.fills("low") == [("1", "99.95")]


async def test_a_limit_order_rests_until_the_quote_comes_to_it(floor: Floor) -> None:
    assert (await floor.buy("a", "10", limit_price="99")).state is OrderState.ACCEPTED
    await floor.quote("98.99", "99.01")
    assert (await floor.order("a")).state is OrderState.ACCEPTED
    await floor.quote("98.80", "98.90")
    assert await floor.fills("a") == [("10", "98.90")]


async def test_a_large_order_fills_by_a_share_of_the_volume_a_quote(floor: Floor) -> None:
    floor.market.volume = 105
    floor.terms = PaperTerms(slippage_bps=ZERO, commission_per_order=Decimal("1.00"))
    assert (await floor.buy("a", "25")).state is OrderState.PARTIALLY_FILLED
    await floor.quote("101")
    assert await floor.states() == {"a": ("partially_filled", "20")}
    await floor.quote("102")
    assert await floor.fills("a") == [("10", "100.10"), ("10", "101.00"), ("5", "102.00")]
    fills = await floor.broker.fills(f"{floor.desk_id}-a")
    assert [fill.commission for fill in fills] == [1, 0, 0]
    assert [fill.fill_id[-3:] for fill in fills] == [".f1", ".f2", ".f3"]


@pytest.mark.parametrize("volume", [0, None])
async def test_a_volume_that_is_zero_or_unknown_sets_no_cap(floor: Floor, volume: int | None) -> None:
    floor.market.volume = volume
    assert (await floor.buy("a", "1000000")).state is OrderState.FILLED


async def test_the_same_quotes_met_again_change_nothing(floor: Floor) -> None:
    floor.market.volume = 100
    await floor.buy("a", "25", stop="90")
    quotes = {"AAPL": floor.market.quote("AAPL", "101", "101", floor.at + timedelta(minutes=1))}
    await floor.broker.match(quotes)
    once = await floor.states()
    await floor.broker.match(quotes)
    assert (await floor.states(), once["a"]) == (once, ("partially_filled", "20"))


async def test_an_entry_has_a_stop_and_a_target_for_what_it_has_filled(floor: Floor) -> None:
    floor.market.volume = 100
    entry = await floor.buy("a", "15", stop="95", target="110")
    stop, target = await floor.broker.legs(entry.client_order_id)
    assert (stop.client_order_id, target.client_order_id) == (f"{floor.desk_id}-a-stop", f"{floor.desk_id}-a-target")
    assert (stop.leg, stop.side, stop.stop_price, stop.limit_price) == (Leg.STOP, Side.SELL, Decimal(95), None)
    assert (target.leg, target.side, target.stop_price, target.limit_price) == (
        Leg.TARGET,
        Side.SELL,
        None,
        Decimal(110),
    )
    assert [leg.quantity for leg in (stop, target)] == [10, 10]
    assert stop.parent_id == target.parent_id == entry.client_order_id
    await floor.quote("101")
    assert [leg.quantity for leg in await floor.broker.legs(entry.client_order_id)] == [15, 15]


async def test_a_resting_entry_has_no_legs_before_it_fills(floor: Floor) -> None:
    entry = await floor.buy("a", "10", limit_price="90", stop="80")
    assert await floor.broker.legs(entry.client_order_id) == ()


async def test_a_stop_sells_once_the_bid_is_there_and_takes_the_target_with_it(floor: Floor) -> None:
    await floor.buy("a", "10", stop="95", target="110")
    await floor.quote("95.01")
    assert (await floor.order("a-stop")).state is OrderState.ACCEPTED
    await floor.quote("95.00", "95.05")
    assert await floor.fills("a-stop") == [("10", "95.00")]
    assert await floor.states() == {"a": ("filled", "10"), "a-stop": ("filled", "10"), "a-target": ("cancelled", "0")}
    assert (await floor.order("a-target")).reason == "the entry's shares are sold"


async def test_after_a_gap_the_stop_sells_at_the_worse_price(floor: Floor) -> None:
    floor.terms = PaperTerms()
    await floor.buy("a", "10", stop="95")
    await floor.quote("80")
    assert await floor.fills("a-stop") == [("10", "79.96")]


async def test_a_target_sells_at_its_limit_or_better_and_takes_the_stop_with_it(floor: Floor) -> None:
    await floor.buy("a", "10", stop="95", target="110")
    await floor.quote("112", "112.10")
    assert await floor.fills("a-target") == [("10", "112.00")]
    assert (await floor.order("a-stop")).state is OrderState.CANCELLED


async def test_both_legs_together_never_sell_more_than_their_entry_bought(floor: Floor) -> None:
    await floor.buy("other", "50")
    await floor.buy("a", "10", stop="95", target="110")
    floor.market.volume = 60
    await floor.quote("110")
    await floor.quote("94")
    states = await floor.states()
    assert (states["a-target"], states["a-stop"]) == (("cancelled", "6"), ("cancelled", "4"))


async def test_a_triggered_stop_stays_triggered(floor: Floor) -> None:
    await floor.buy("a", "10", stop="95")
    floor.market.volume = 60
    await floor.quote("94")
    await floor.quote("105")
    assert await floor.fills("a-stop") == [("6", "94.00"), ("4", "105.00")]


async def test_a_leg_that_fills_ends_the_rest_of_its_entry(floor: Floor) -> None:
    floor.market.volume = 100
    await floor.buy("a", "25", stop="95")
    await floor.quote("90")
    states = await floor.states()
    assert (states["a"], states["a-stop"]) == (("cancelled", "10"), ("filled", "10"))


async def test_legs_only_sell_what_is_still_held(floor: Floor) -> None:
    await floor.buy("a", "10", stop="95", target="110")
    await floor.sell("out", "7")
    await floor.quote("90")
    assert await floor.fills("a-stop") == [("3", "90.00")]
    assert (await floor.states())["a-stop"] == ("cancelled", "3")


async def test_legs_end_when_nothing_is_held_any_more(floor: Floor) -> None:
    await floor.buy("a", "10", stop="95", target="110")
    await floor.sell("out", "10")
    assert [state for state, _ in (await floor.states()).values()] == ["filled", "cancelled", "cancelled", "filled"]


async def test_an_entry_that_may_still_fill_keeps_its_legs_while_nothing_is_held(floor: Floor) -> None:
    floor.market.volume = 100
    await floor.buy("a", "25", stop="95")
    await floor.sell("out", "10")
    assert (await floor.states())["a-stop"] == ("accepted", "0")
    await floor.quote("101")
    await floor.quote("94")
    states = await floor.states()
    assert (states["a"], states["a-stop"]) == (("cancelled", "20"), ("cancelled", "10"))


async def test_what_is_not_held_cannot_be_sold(floor: Floor) -> None:
    await floor.buy("a", "10")
    await floor.sell("offered", "6", limit_price="120")
    refused = await floor.sell("b", "5")
    assert refused.state is OrderState.REJECTED
    assert refused.reason == "5 AAPL to sell, 10 held, 6 of them offered already"
    assert await floor.broker.find(refused.client_order_id) == refused
    assert (await floor.sell("c", "4")).state is OrderState.FILLED


async def test_one_desk_cannot_sell_what_another_holds(floor: Floor) -> None:
    await floor.buy("a", "10")
    other = Floor(floor.engine, "south")
    assert (await other.sell("b", "1")).state is OrderState.REJECTED
    assert [order.client_order_id for order in await other.broker.orders(other.desk_id)] == [f"{other.desk_id}-b"]


async def test_an_unknown_symbol_is_rejected_with_a_reason(floor: Floor) -> None:
    refused = await floor.buy("a", "10", symbol="NOPE")
    assert (refused.state, refused.reason) == (OrderState.REJECTED, "NOPE is not traded on market fake")


async def test_without_a_quote_an_order_rests_until_there_is_one(floor: Floor) -> None:
    assert (await floor.buy("a", "10", symbol="MSFT")).state is OrderState.ACCEPTED
    await floor.broker.match({"MSFT": floor.market.quote("MSFT", "80", "80.10", floor.at)})
    assert await floor.fills("a") == [("10", "80.10")]


async def test_a_quote_after_the_order_s_moment_is_not_seen(floor: Floor) -> None:
    floor.market.quote("AAPL", "50", "50", floor.at + timedelta(seconds=1))
    await floor.buy("a", "10")
    assert await floor.fills("a") == [("10", "100.10")]


async def test_a_cancel_ends_what_is_left_and_may_be_repeated(floor: Floor) -> None:
    floor.market.volume = 100
    entry = await floor.buy("a", "25", stop="90")
    once = await floor.broker.cancel(entry.client_order_id)
    assert once.state is OrderState.CANCELLED
    assert await floor.broker.cancel(entry.client_order_id) == once
    await floor.quote("101")
    assert (await floor.states())["a"] == ("cancelled", "10")
    assert (await floor.states())["a-stop"] == ("accepted", "0")


async def test_a_cancel_that_comes_too_late_returns_the_order_as_filled(floor: Floor) -> None:
    order = await floor.buy("a", "10")
    assert await floor.broker.cancel(order.client_order_id) == order


async def test_an_order_that_never_came_is_not_found_and_not_cancelled(floor: Floor) -> None:
    assert await floor.broker.find("never") is None
    with pytest.raises(OrderRefused, match="no such order"):
        await floor.broker.cancel("never")


async def test_a_repeated_id_is_refused_even_after_a_cancel(floor: Floor) -> None:
    first = await floor.buy("a", "10", limit_price="90")
    await floor.broker.cancel(first.client_order_id)
    for quantity in ("10", "20"):
        with pytest.raises(OrderRefused, match="client_order_id must be unique"):
            await floor.buy("a", quantity)
    assert await floor.states() == {"a": ("cancelled", "0")}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("x" * 128, {}),
        ("a-stop", {}),
        ("p-target", {"leg": Leg.TARGET, "parent_id": "north-p", "limit_price": "9", "kind": OrderKind.LIMIT}),
        ("t", {"leg": Leg.TARGET, "parent_id": "north-p", "stop_price": "9", "kind": OrderKind.STOP}),
        ("t", {"leg": Leg.TARGET, "parent_id": "north-p", "limit_price": "9", "kind": OrderKind.LIMIT}),
    ],
)
async def test_what_could_pass_for_a_protective_order_or_is_named_too_long_is_refused(
    floor: Floor, name: str, more: dict[str, Any]
) -> None:
    with pytest.raises(OrderRefused, match=r"client_order_id|protective|limit order|no order north-p"):
        await floor.buy(name, "10", **more)
    assert await floor.states() == {}
