"""The paper broker's account on a real Postgres: money, shares, sessions, shorts, protection sent later, splits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.paper_broker import PaperTerms
from tests.fakes.floor import NOON, Floor
from tests.making import these
from trading.accounts import Asset
from trading.corporate_actions import CorporateAction
from trading.errors import BooksDisagree, BrokerRefused, DuplicateOrder
from trading.money import ZERO
from trading.orders import Leg, OrderKind, OrderState, TimeInForce
from trading.statement import Activity, ActivityKind, Statement

PLAIN = PaperTerms(slippage_bps=ZERO)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def floor(engine: AsyncEngine) -> Floor:
    floor = Floor(engine)
    floor.terms = PLAIN
    return floor


def activity(kind: ActivityKind, amount: str, name: str = "one", **more: object) -> Activity:
    fields = {"activity_id": name, "kind": kind, "amount": amount, "occurred_at": NOON}
    return Activity.model_validate(fields | more)


def action(floor: Floor, kind: str = "split", **told: object) -> CorporateAction:
    """What AAPL does on the day after the floor's, which then is the floor's."""
    floor.at += timedelta(days=1)
    fields = {"symbol": "AAPL", "kind": kind, "ex_on": floor.at.date()}
    return CorporateAction.model_validate({**fields, **told})


async def split(floor: Floor, ratio: str) -> None:
    await floor.broker.apply("north", [action(floor, ratio=ratio)])


async def statement(floor: Floor, since: datetime = EPOCH) -> Statement:
    return await floor.broker.statement(floor.desk_id, since)


async def cash(floor: Floor) -> str:
    return f"{(await floor.broker.account(floor.desk_id)).cash:f}"


async def held(floor: Floor) -> dict[str, str]:
    return {h.symbol: f"{h.quantity:f}" for h in (await statement(floor)).holdings or ()}


async def protect(floor: Floor, name: str, quantity: str, **more: Any) -> str:
    terms = {"leg": Leg.STOP, "kind": OrderKind.STOP, "stop_price": "90", "parent_id": f"{floor.desk_id}-a"}
    return (await floor.sell(name, quantity, time_in_force=TimeInForce.GTC, **(terms | more))).state


async def test_an_account_opens_at_the_first_look_with_its_first_deposit(floor: Floor) -> None:
    looks = await asyncio.gather(*(floor.broker.account(floor.desk_id) for _ in range(10)))
    assert {(look.account_id, look.cash, look.buying_power, look.equity) for look in looks} == {
        ("paper-north", Decimal(100_000), Decimal(100_000), Decimal(100_000))
    }
    told = await statement(floor)
    assert [(a.activity_id, a.kind, a.amount) for a in told.activities or ()] == [
        ("north/opening-deposit", ActivityKind.DEPOSIT, Decimal(100_000))
    ]


async def test_every_fill_moves_cash_and_shares(floor: Floor) -> None:
    floor.terms = PaperTerms(slippage_bps=ZERO, commission_per_order=Decimal("1.00"))
    await floor.buy("a", "10")
    await floor.sell("b", "4")
    assert (await cash(floor), await held(floor)) == ("99397.00", {"AAPL": "6"})  # -1001 - 1 + 400 - 1
    account = await floor.broker.account(floor.desk_id)
    assert account.equity == Decimal("99997.00")  # six shares at 100, where the last of them was sold


async def test_what_is_held_is_valued_at_the_quotes_that_are_met(floor: Floor) -> None:
    await floor.buy("a", "10")
    await floor.quote("110")
    assert (await floor.broker.account(floor.desk_id)).equity == Decimal("100099.00")


async def test_a_buy_that_costs_more_than_there_is_is_rejected(floor: Floor) -> None:
    rejected = await floor.buy("a", "1000")
    assert rejected.state is OrderState.REJECTED
    assert rejected.reason == "1000 AAPL cost 100100.00 USD, the account has 100000.00 to spend"
    assert (await floor.buy("b", "999")).state is OrderState.FILLED


async def test_open_buys_reserve_what_they_may_cost(floor: Floor) -> None:
    await floor.buy("rests", "600", limit_price="90")
    assert (await floor.broker.account(floor.desk_id)).buying_power == Decimal(46_000)
    assert (await floor.buy("b", "500")).state is OrderState.REJECTED
    await floor.broker.cancel("north-rests")
    assert (await floor.buy("c", "500")).state is OrderState.FILLED


async def test_buys_sent_at_once_never_spend_the_same_money_twice(floor: Floor) -> None:
    floor.market.quote("MSFT", "100", "100", floor.at)
    asked = [floor.buy(f"b{n}", "300", symbol=symbol) for n, symbol in enumerate(("AAPL", "MSFT") * 4)]
    await asyncio.gather(*asked)
    assert Decimal(0) <= Decimal(await cash(floor)) < Decimal(30_030)


async def test_money_is_moved_once_under_its_id(floor: Floor) -> None:
    paid = activity(ActivityKind.DEPOSIT, "500.00")
    assert set(await asyncio.gather(*(floor.broker.move_money("north", paid) for _ in range(5)))) == {paid}
    taken = activity(ActivityKind.WITHDRAWAL, "-200.00", "two")
    later = taken.model_copy(update={"occurred_at": NOON + timedelta(hours=1)})
    assert [await floor.broker.move_money("north", each) for each in (taken, later)] == [taken, taken]
    assert await cash(floor) == "100300.00"
    with pytest.raises(BooksDisagree, match="other content"):
        await floor.broker.move_money("north", activity(ActivityKind.DEPOSIT, "501.00"))


@pytest.mark.parametrize(("kind", "amount"), [("deposit", "-1.00"), ("withdrawal", "1.00"), ("split", "1.00")])
async def test_money_moves_only_the_way_that_it_is_said_to(floor: Floor, kind: str, amount: str) -> None:
    with pytest.raises(BrokerRefused, match=f"a {kind} of {amount} USD"):
        await floor.broker.move_money("north", activity(ActivityKind(kind), amount))


async def test_no_more_is_paid_out_than_is_free(floor: Floor) -> None:
    await floor.buy("rests", "600", limit_price="90")
    with pytest.raises(BrokerRefused, match=r"46000.01 USD to withdraw, 46000.00 are free"):
        await floor.broker.move_money("north", activity(ActivityKind.WITHDRAWAL, "-46000.01"))
    assert await floor.broker.move_money("north", activity(ActivityKind.WITHDRAWAL, "-46000.00"))
    assert await cash(floor) == "54000.00"


async def test_a_statement_tells_every_part_since_a_moment_and_what_is_open(floor: Floor) -> None:
    await floor.buy("a", "10", stop="90")
    told = await statement(floor)
    assert (told.desk_id, told.account) == ("north", await floor.broker.account("north"))
    assert [order.client_order_id for order in told.orders or ()] == ["north-a", "north-a-stop"]
    assert told.fills == await floor.broker.fills("north-a")
    later = await statement(floor, datetime.now(UTC) + timedelta(hours=1))
    assert [order.client_order_id for order in later.orders or ()] == ["north-a-stop"]
    assert (later.fills, later.activities, later.holdings) == ((), (), told.holdings)


async def test_what_became_known_since_is_told_whenever_it_happened(floor: Floor) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    await floor.buy("a", "10")  # at a market of 2017
    assert len((await statement(floor, before)).fills or ()) == 1


async def test_a_symbol_is_traded_when_the_market_has_it(floor: Floor) -> None:
    assert await floor.broker.asset("AAPL") == Asset(symbol="AAPL", fractionable=True)
    floor.terms = PaperTerms(fractionable=False, allow_short=True)
    assert await floor.broker.asset("AAPL") == Asset(symbol="AAPL", shortable=True)
    assert await floor.broker.asset("NOPE") is None


async def test_parts_of_a_share_are_rejected_where_only_whole_ones_are_traded(floor: Floor) -> None:
    floor.terms = PaperTerms(fractionable=False)
    rejected = await floor.buy("a", "1.5")
    assert (rejected.state, rejected.reason) == (OrderState.REJECTED, "1.5 AAPL: only whole shares are traded")


async def test_nothing_is_told_as_it_happens(floor: Floor) -> None:
    assert [name async for name in floor.broker.moves("north")] == []


async def test_a_taken_id_is_a_duplicate(floor: Floor) -> None:
    await floor.buy("a", "1")
    with pytest.raises(DuplicateOrder):
        await floor.buy("a", "1")


async def test_a_limit_order_past_its_session_never_fills(floor: Floor) -> None:
    await floor.buy("a", "10", limit_price="95", expires_at=floor.at + timedelta(minutes=2))
    await floor.quote("96")
    await floor.quote("90")
    ended = await floor.order("a")
    assert (ended.state, ended.reason, await floor.fills("a")) == (OrderState.EXPIRED, "its session has ended", [])


async def test_the_quote_of_the_bell_comes_too_late(floor: Floor) -> None:
    bell = datetime.now(UTC) + timedelta(days=1)
    floor.at = bell - timedelta(minutes=2)
    await floor.buy("a", "10", limit_price="95", expires_at=bell)
    await floor.quote("96")
    assert (await floor.order("a")).state is OrderState.ACCEPTED
    await floor.quote("90")
    assert (await floor.order("a")).state is OrderState.EXPIRED


async def test_a_cancel_after_the_bell_says_that_the_order_had_expired(floor: Floor) -> None:
    await floor.buy("a", "10", limit_price="95", expires_at=floor.at + timedelta(hours=4))
    assert (await floor.broker.cancel("north-a")).state is OrderState.EXPIRED


async def test_an_order_until_cancelled_outlives_the_session(floor: Floor) -> None:
    close = floor.at + timedelta(minutes=1)
    await floor.buy("a", "10", limit_price="95", expires_at=close, time_in_force=TimeInForce.GTC)
    await floor.quote("96")
    await floor.quote("94")
    assert await floor.fills("a") == [("10", "94.00")]


async def test_the_stop_of_an_entry_outlives_the_entrys_session(floor: Floor) -> None:
    await floor.buy("a", "10", stop="90", expires_at=datetime.now(UTC) + timedelta(minutes=1))
    floor.at = datetime.now(UTC) + timedelta(days=2)
    await floor.quote("89")
    assert await floor.fills("a-stop") == [("10", "89.00")]


async def test_a_stop_may_be_sent_by_itself_and_sells_what_is_held(floor: Floor) -> None:
    await floor.buy("a", "10")
    assert await protect(floor, "a-stop.2", "10") == OrderState.ACCEPTED
    assert await floor.broker.legs("north-a") == ()
    await floor.sell("out", "7")
    await floor.quote("89")
    assert await floor.fills("a-stop.2") == [("3", "89.00")]
    assert await floor.states() == {"a": ("filled", "10"), "a-stop.2": ("cancelled", "3"), "out": ("filled", "7")}


async def test_a_stop_and_a_target_sent_later_share_what_is_held(floor: Floor) -> None:
    await floor.buy("other", "50")
    await floor.buy("a", "10")
    await protect(floor, "a-stop.2", "10")
    limit = {"leg": Leg.TARGET, "kind": OrderKind.LIMIT, "stop_price": None, "limit_price": "110"}
    assert await protect(floor, "a-target.2", "10", **limit) == OrderState.ACCEPTED
    await floor.quote("111")
    states = await floor.states()
    assert (states["a-target.2"], states["a-stop.2"]) == (("filled", "10"), ("cancelled", "0"))
    assert await held(floor) == {"AAPL": "50"}


async def test_no_more_is_protected_than_is_held(floor: Floor) -> None:
    await floor.buy("a", "10")
    assert await protect(floor, "a-stop.2", "11") == OrderState.REJECTED
    assert (await floor.order("a-stop.2")).reason == "11 AAPL to protect, 10 held"


async def test_a_sale_opens_a_short_only_where_that_is_allowed(floor: Floor) -> None:
    assert (await floor.sell("no", "10", leg=Leg.ENTRY)).state is OrderState.REJECTED
    floor.terms = PaperTerms(slippage_bps=ZERO, allow_short=True)
    assert (await floor.sell("a", "10", leg=Leg.ENTRY, stop="120")).state is OrderState.FILLED
    account = await floor.broker.account("north")
    assert these(account.cash, account.buying_power) == these(101_000, 100_000)
    assert await held(floor) == {"AAPL": "-10"}
    assert (await floor.sell("b", "1")).state is OrderState.REJECTED  # an exit only reduces
    assert (await floor.buy("c", "11", leg=Leg.EXIT)).state is OrderState.REJECTED
    await floor.quote("121")
    assert (await floor.fills("a-stop"), await held(floor)) == ([("10", "121.00")], {})


async def test_a_short_may_be_bought_back_with_nothing_to_spend(floor: Floor) -> None:
    floor.terms = PaperTerms(slippage_bps=ZERO, allow_short=True, opening_cash=ZERO)
    await floor.sell("a", "10", leg=Leg.ENTRY)
    assert (await floor.buy("b", "11")).state is OrderState.REJECTED
    assert (await floor.buy("c", "5")).state is OrderState.FILLED
    assert (await floor.buy("d", "5", leg=Leg.EXIT)).state is OrderState.FILLED
    assert await held(floor) == {}


@pytest.mark.parametrize(
    ("ratio", "before", "after", "in_lieu"),
    [("4", "10", "40", None), ("0.1", "25", "2", "500.00"), ("1.5", "7", "10", "33.33"), ("0.1", "5", None, "500.00")],
)
async def test_a_split_changes_shares_and_pays_for_parts_of_one(
    floor: Floor, ratio: str, before: str, after: str | None, in_lieu: str | None
) -> None:
    floor.terms = PaperTerms(slippage_bps=ZERO, fractionable=False)
    floor.market.quote("AAPL", "100", "100", floor.at + timedelta(seconds=1))
    floor.at += timedelta(seconds=1)
    await floor.buy("a", before)
    equity = (await floor.broker.account("north")).equity
    listed = action(floor, ratio=ratio)
    for _ in range(2):
        await floor.broker.apply("north", [listed, listed])
    told = await statement(floor)
    assert await held(floor) == ({} if after is None else {"AAPL": after})
    told_of = {a.activity_id: (a.kind, a.shares, a.amount, a.words) for a in (told.activities or ())[1:]}
    name, words = f"north/AAPL/split/{listed.ex_on}", f"{Decimal(ratio):f} for 1"
    assert told_of.pop(name) == (ActivityKind.SPLIT, Decimal(after or 0) - Decimal(before), ZERO, words)
    paid = (ActivityKind.CASH_IN_LIEU, ZERO, Decimal(in_lieu or 0), words)
    assert told_of == ({} if in_lieu is None else {f"{name}/cash": paid})
    assert (await floor.broker.account("north")).equity == equity


async def test_a_split_re_bases_open_orders_and_their_prices(floor: Floor) -> None:
    await floor.buy("a", "10", stop="90", target="120")
    await floor.buy("rests", "5", limit_price="80", stop="70")
    await split(floor, "4")
    shown = {o.client_order_id: (o.quantity, o.limit_price, o.stop_price) for o in await floor.broker.orders("north")}
    assert shown == {
        "north-a": (Decimal(10), None, None),
        "north-a-stop": (Decimal(40), None, Decimal("22.5")),
        "north-a-target": (Decimal(40), Decimal(30), None),
        "north-rests": (Decimal(20), Decimal(20), None),
    }
    await floor.quote("20")
    assert (await floor.fills("a-stop"), await floor.fills("rests")) == ([("40", "20.00")], [("20", "20.00")])
    assert (await floor.order("rests-stop")).stop_price == Decimal("17.5")


async def test_legs_share_their_quantity_through_a_split(floor: Floor) -> None:
    await floor.buy("other", "50")
    await floor.buy("a", "10", stop="90", target="110")
    floor.market.volume = 60
    await floor.quote("110")
    await split(floor, "2")
    floor.market.volume = 1_000_000
    await floor.quote("40")
    assert await floor.fills("a-target") == [("6", "110.00")]
    assert await floor.fills("a-stop") == [("8", "40.00")]
    assert await held(floor) == {"AAPL": "100"}


async def test_what_a_split_leaves_nothing_of_has_ended(floor: Floor) -> None:
    floor.terms = PaperTerms(slippage_bps=ZERO, fractionable=False)
    await floor.buy("a", "9", limit_price="90")
    await split(floor, "0.1")
    ended = await floor.order("a")
    assert (ended.state, ended.reason) == (OrderState.CANCELLED, "the split left less than a share of it")


async def test_a_quote_of_the_old_shares_meets_nothing_after_a_split(floor: Floor) -> None:
    await floor.buy("a", "20", stop="90", target="120")
    yesterday = floor.market.quote("AAPL", "110", "110", floor.at + timedelta(minutes=1))
    await split(floor, "0.5")
    equity = (await floor.broker.account("north")).equity
    assert await protect(floor, "a-stop.2", "10", stop_price="180") == OrderState.ACCEPTED
    await floor.broker.match({"AAPL": yesterday})
    assert (await held(floor), (await floor.broker.account("north")).equity) == ({"AAPL": "10"}, equity)
    await floor.quote("179")
    assert await held(floor) == {}


async def test_what_was_traded_since_the_ex_date_is_of_new_shares_already(floor: Floor) -> None:
    await floor.buy("a", "10", stop="90")
    listed = action(floor, ratio="4")
    floor.market.quote("AAPL", "25", "25", floor.at)
    await floor.buy("b", "8", stop="20")
    await floor.broker.apply("north", [listed])
    assert await held(floor) == {"AAPL": "48"}
    stops = {o.client_order_id: (o.quantity, o.stop_price) for o in await floor.broker.orders("north") if o.stop_price}
    assert stops == {"north-a-stop": (Decimal(40), Decimal("22.5")), "north-b-stop": (Decimal(8), Decimal(20))}
    assert (await floor.broker.account("north")).equity == Decimal("99999.00")  # a dime of spread on each of ten


@pytest.mark.parametrize(("shares", "amount", "paid"), [("10", "0.25", "2.50"), ("7", "0.335", "2.34")])
async def test_a_dividend_is_paid_once_on_what_was_held_before_its_ex_date(
    floor: Floor, shares: str, amount: str, paid: str
) -> None:
    await floor.buy("a", shares)
    before = Decimal(await cash(floor))
    listed = action(floor, "dividend", amount_usd=amount)
    await floor.broker.apply("north", [listed])
    floor.market.quote("AAPL", "100", "100", floor.at)
    await floor.buy("b", "5")
    late = listed.model_copy(update={"ex_on": listed.ex_on + timedelta(days=2), "amount_usd": Decimal("0.26")})
    await floor.broker.apply("north", [listed, late])
    (told,) = [a for a in (await statement(floor)).activities or () if a.kind is ActivityKind.DIVIDEND]
    assert (told.activity_id, told.amount, told.symbol) == (
        f"north/AAPL/dividend/{listed.ex_on}",
        Decimal(paid),
        "AAPL",
    )
    assert Decimal(await cash(floor)) == before + Decimal(paid) - 500


async def test_two_dividends_of_one_day_are_added_up_and_a_split_in_two_ratios_is_none(floor: Floor) -> None:
    await floor.buy("a", "10")
    ordinary = action(floor, "dividend", amount_usd="0.25")
    told: list[dict[str, object]] = [
        {"kind": "dividend", "amount_usd": "3", "special": True},
        {"kind": "split", "ratio": "2"},
        {"kind": "split", "ratio": "3"},
        {"kind": "spin_off", "ratio": "1", "new_symbol": "CORE"},
    ]
    day = {"symbol": "AAPL", "ex_on": ordinary.ex_on}
    await floor.broker.apply("north", [ordinary, *(CorporateAction.model_validate(day | one) for one in told)])
    assert [a.amount for a in (await statement(floor)).activities or ()][1:] == [Decimal("32.50")]
    assert await held(floor) == {"AAPL": "10"}
