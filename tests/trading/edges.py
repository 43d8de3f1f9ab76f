"""Orders in scenes: each limit just under, at and just over, opening and closing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from tests.making import account, asset, order, portfolio, position, protection, request, standing
from trading.breaker import TradingState
from trading.instruments import Side
from trading.limits import Limits, Scene
from trading.money import ZERO
from trading.orders import Leg, OrderRequest, OrderState
from trading.standing import Recent

OPENS = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
CLOSES = datetime(2026, 11, 20, 21, tzinfo=UTC)
DAY = OPENS.date()
HELD = portfolio("90000", position(quantity="100"))
HELD_SHORT = portfolio("110000", position(quantity="-100"))
FREE = Limits(max_position=Decimal(1), max_sector=Decimal(1), collar=Decimal(0))


class Edge(NamedTuple):
    """An order in a scene, and the codes that it is denied with."""

    said: str
    order: OrderRequest
    scene: Scene
    codes: list[str]


def buy(quantity: str = "10", **more: Any) -> OrderRequest:
    """At a hundred dollars."""
    return request("AAPL", quantity, Side.BUY, **more)


def sell(quantity: str = "10", **more: Any) -> OrderRequest:
    return request("AAPL", quantity, Side.SELL, **more)


def short(quantity: str = "10", **more: Any) -> OrderRequest:
    return sell(quantity, leg=Leg.ENTRY, **more)


def cover(quantity: str = "10", **more: Any) -> OrderRequest:
    return buy(quantity, leg=Leg.EXIT, **more)


def limited(price: str, side: Side = Side.BUY, **more: Any) -> OrderRequest:
    return request("AAPL", "10", side, kind="limit", limit_price=price, **more)


def scene(**more: Any) -> Scene:
    """A rich desk that holds a hundred shares, at which nothing stands in the way, but for what a test says."""
    limits = more.pop("limits", None) or Limits(**{name: more.pop(name) for name in list(more) if name in FIELDS})
    plain: dict[str, Any] = {"portfolio": HELD, "limits": limits, "recent": Recent()}
    named = {name: more.pop(name) for name in list(more) if name in Scene.model_fields}
    return Scene(**{**plain, "standing": standing(**more), **named})


FIELDS = frozenset(Limits.model_fields)


def lately(**counted: Any) -> Scene:
    return scene(recent=Recent(**counted))


def spent(usd: str, **limits: Any) -> Scene:
    return scene(recent=Recent(usd_today=Decimal(usd)), **limits)


def moment(minutes: float, **limits: Any) -> Scene:
    """So many minutes after the open, or before the close when negative."""
    at = OPENS + timedelta(minutes=minutes) if minutes >= 0 else CLOSES + timedelta(minutes=minutes)
    return scene(opens_at=OPENS, closes_at=CLOSES, market_at=at, **limits)


def reporting(days: int, **limits: Any) -> Scene:
    return scene(reports_on=DAY + timedelta(days=days), market_at=OPENS, **limits)


def having(**money: Any) -> Scene:
    """A desk without a collar, so that ten shares cost exactly a thousand dollars."""
    return scene(account=account(**money), limits=FREE)


def resting(state: OrderState, **money: Any) -> Scene:
    """The same desk with ten shares more on order, in a certain state."""
    known = portfolio("90000", open_orders=(order(buy(client_order_id="before"), state),))
    return having(**money).model_copy(update={"portfolio": known})


def stated(state: TradingState, **more: Any) -> Scene:
    return scene(portfolio=portfolio("90000", position(quantity="100"), trading_state=state), **more)


def short_with(resting: OrderRequest, cash: str = "110000") -> Scene:
    """A desk that is short a hundred shares, with an order on its way."""
    others = position("XOM", "10000", "10", "Energy")
    books = portfolio(cash, position(quantity="-100"), others, open_orders=(order(resting),))
    return scene(portfolio=books, limits=Limits(max_position=Decimal(1), max_sector=Decimal(1)))


SHORTING = {"allow_short": True}
STOP = protection(Leg.STOP, quantity="100").request
BLOCKED = {"account": account(blocked="a margin call")}
POOR = {"account": account("0")}
# Everything that stands in the way of an entry at once.
WALL: dict[str, Any] = {
    "restricted_symbols": ("AAPL",),
    "max_order_usd": ZERO,
    "max_daily_usd": ZERO,
    "max_daily_turnover": ZERO,
    "max_volume_share": ZERO,
    "min_price": Decimal(1000),
    "blackout_open_minutes": 60,
    "blackout_close_minutes": 1440,
    "blackout_earnings_days": 3,
    "reports_on": DAY,
    "opens_at": OPENS,
    "closes_at": CLOSES,
    "market_at": OPENS,
    "price": None,
    "average_volume": None,
    **POOR,
}
POSITIONS_FULL = portfolio("-100000", *(position(s, "1") for s in "BCDEFGHIJK"), position(quantity="100"))

SIZE_EDGES = [
    Edge("a dollar under what one order may cost", buy("10"), scene(max_order_usd="1001.00"), []),
    Edge("to the cent", buy("10"), scene(max_order_usd="1000.00"), []),
    Edge("a cent over", buy("10"), scene(max_order_usd="999.99"), ["max_order_usd_exceeded"]),
    Edge("at its limit price", limited("105"), scene(max_order_usd="1049.99"), ["max_order_usd_exceeded"]),
    Edge("a sale of any size", sell("100"), scene(max_order_usd="0"), []),
    Edge("a cent of the day is left over", buy(), spent("998999.99", max_daily_turnover=1000), []),
    Edge("the day's dollars to the cent", buy(), spent("999000.00", max_daily_turnover=1000), []),
    Edge(
        "a cent over the day's dollars", buy(), spent("999000.01", max_daily_turnover=1000), ["max_daily_usd_exceeded"]
    ),
    Edge("a sale after the day's dollars", sell(), spent("2000000"), []),
    Edge("turnover to the cent", buy(), spent("399000.00"), []),
    Edge("a cent over the turnover", buy(), spent("399000.01"), ["max_daily_turnover_exceeded"]),
    Edge(
        "turnover of no equity",
        buy("1"),
        scene(portfolio=portfolio("0")),
        ["max_position_exceeded", "max_sector_exceeded", "cash_exceeded", "max_daily_turnover_exceeded"],
    ),
    Edge(
        "turnover of negative equity",
        buy("1"),
        scene(portfolio=portfolio("-100")),
        ["max_position_exceeded", "max_sector_exceeded", "cash_exceeded", "max_daily_turnover_exceeded"],
    ),
    Edge("a hundredth of the volume", buy("10"), scene(average_volume="1000"), []),
    Edge("a share more than that", buy("11"), scene(average_volume="1000"), ["max_volume_share_exceeded"]),
    Edge("a volume of a share less", buy("10"), scene(average_volume="999"), ["max_volume_share_exceeded"]),
    Edge("no volume at all", buy("1"), scene(average_volume="0"), ["max_volume_share_exceeded"]),
    Edge("a volume nobody knows", buy("1"), scene(average_volume=None), ["max_volume_share_exceeded"]),
    Edge("a sale of it", sell("100"), scene(average_volume=None), []),
    Edge(
        "with what is being bought",
        buy("10"),
        scene(average_volume="2000", portfolio=portfolio(open_orders=(order(buy()),))),
        [],
    ),
    Edge(
        "and a share more",
        buy("11"),
        scene(average_volume="2000", portfolio=portfolio(open_orders=(order(buy()),))),
        ["max_volume_share_exceeded"],
    ),
]
ACCOUNT_EDGES = [
    Edge("buying power to the cent", buy(), having(buying_power="1000.00"), []),
    Edge("a cent of it missing", buy(), having(buying_power="999.99"), ["buying_power_exceeded"]),
    Edge("none", buy("1"), having(buying_power="0"), ["buying_power_exceeded"]),
    Edge("less than none", buy("1"), having(buying_power="-5"), ["buying_power_exceeded"]),
    Edge("settled cash to the cent", buy(), having(settled_cash="1000.00"), []),
    Edge("a cent of it not settled", buy(), having(settled_cash="999.99"), ["settled_cash_exceeded"]),
    Edge(
        "an order the broker has taken is off the buying power",
        buy(),
        resting(OrderState.ACCEPTED, buying_power="1000"),
        [],
    ),
    *(
        Edge(
            f"an order that is {state} is not yet off it",
            buy(),
            resting(state, buying_power="1999.99"),
            ["buying_power_exceeded"],
        )
        for state in (OrderState.INTENDED, OrderState.SUBMITTED, OrderState.UNKNOWN)
    ),
    Edge("and to the cent", buy(), resting(OrderState.UNKNOWN, buying_power="2000"), []),
    Edge(
        "an unanswered order is still in the settled cash",
        buy(),
        resting(OrderState.SUBMITTED, settled_cash="1999.99"),
        ["settled_cash_exceeded"],
    ),
    Edge("and to the cent of both", buy(), resting(OrderState.SUBMITTED, settled_cash="2000"), []),
    Edge("what the broker answered for is off it", buy(), resting(OrderState.ACCEPTED, settled_cash="1000"), []),
    Edge(
        "a cancelled one is in neither",
        buy(),
        resting(OrderState.CANCELLED, settled_cash="1000", buying_power="1000"),
        [],
    ),
    Edge("a sale needs no money", sell("100"), scene(**POOR), []),
    Edge("nor does buying back", cover("100"), scene(portfolio=HELD_SHORT, **POOR), []),
    Edge("a blocked account opens nothing", buy(), scene(**BLOCKED), ["account_blocked"]),
    Edge("and closes nothing", sell(), scene(**BLOCKED), ["account_blocked"]),
    Edge("but keeps its stops", STOP, scene(**BLOCKED), []),
    Edge("nobody asked: nothing is opened", buy(), scene(standing=None), ["standing_unknown"]),
    Edge("nobody asked: what is held is sold", sell("100"), scene(standing=None), []),
]
ASSET_EDGES = [
    Edge("a symbol the broker does not have", buy(), scene(asset=None), ["unknown_symbol"]),
    Edge("nor sells", sell(), scene(asset=None), ["unknown_symbol"]),
    Edge("one that is not traded now", buy(), scene(asset=asset(tradable=False)), ["untradable"]),
    Edge("nor sold", sell(), scene(asset=asset(tradable=False)), ["untradable"]),
    Edge("a part of a share where only whole ones are bought", buy("1.5"), scene(), ["fraction_not_allowed"]),
    Edge("where parts are", buy("1.5"), scene(fractional=True), []),
    Edge(
        "of what the broker does not divide",
        buy("1.5"),
        scene(fractional=True, asset=asset(fractionable=False)),
        ["fraction_not_allowed"],
    ),
    Edge("a whole share of that", buy("2.000"), scene(fractional=True, asset=asset(fractionable=False)), []),
    Edge("the rest of what is held", sell("0.5"), scene(), []),
    Edge(
        "a rest the broker does not divide",
        sell("0.5"),
        scene(asset=asset(fractionable=False)),
        ["fraction_not_allowed"],
    ),
    Edge("a billionth of a share", buy("1.000000001"), scene(), ["fraction_not_allowed"]),
    Edge("a restricted symbol", buy(), scene(restricted_symbols=("MSFT", "AAPL")), ["restricted_symbol"]),
    Edge("another is restricted", buy(), scene(restricted_symbols=("MSFT",)), []),
    Edge("a restricted symbol is sold", sell(), scene(restricted_symbols=("AAPL",)), []),
]
PRICE_EDGES = [
    Edge("at the least price", buy(mark="1", quantity="1"), scene(price="1"), []),
    Edge("a cent below it", buy(mark="0.99", quantity="1"), scene(price="0.99"), ["price_below_minimum"]),
    Edge("newly a hair below it", buy(mark="1", quantity="1"), scene(price="0.9999"), ["price_below_minimum"]),
    Edge("a cheap share is sold", sell(mark="0.01", quantity="1"), scene(price="0.01"), []),
    Edge("no fresh price", buy(), scene(price=None), ["price_unknown"]),
    Edge("no fresh price of what is sold", sell(), scene(price=None), []),
    Edge("the price is up by the collar", buy(), scene(price="105"), []),
    Edge("and a hair more", buy(), scene(price="105.000001"), ["price_moved"]),
    Edge("the price is down by the collar", buy(), scene(price="95"), []),
    Edge("and a hair less", buy(), scene(price="94.999999"), ["price_moved"]),
    Edge("a sale goes where the price is", sell(), scene(price="50"), []),
    Edge("a limit at the collar", limited("105"), scene(), []),
    Edge("a limit a hair above", limited("105.000001"), scene(), ["outside_collar"]),
    Edge("a limit at the lower collar", limited("95"), scene(), []),
    Edge("a limit a hair below", limited("94.999999"), scene(), ["outside_collar"]),
    Edge("a limit buys at no worse, wherever the price is", limited("105"), scene(price="120"), []),
    Edge("a stop at the collar", buy(kind="stop", stop_price="105"), scene(), []),
    Edge("a stop above it", buy(kind="stop", stop_price="105.01"), scene(), ["outside_collar"]),
    Edge("a sale's limit too", limited("94.99", Side.SELL), scene(), ["outside_collar"]),
    Edge("a protective stop is far away on purpose", STOP, scene(), []),
    Edge("no collar, no cent", limited("100.01"), scene(collar="0"), ["outside_collar"]),
]
TIME_EDGES = [
    Edge("at the opening bell", buy(), moment(0), []),
    Edge("a minute before the black-out ends", buy(), moment(29, blackout_open_minutes=30), ["blackout_open"]),
    Edge("when it ends", buy(), moment(30, blackout_open_minutes=30), []),
    Edge("a sale within it", sell(), moment(0, blackout_open_minutes=30), []),
    Edge("when the last one begins", buy(), moment(-15, blackout_close_minutes=15), []),
    Edge("a minute later", buy(), moment(-14, blackout_close_minutes=15), ["blackout_close"]),
    Edge("at the closing bell", buy(), moment(-0.0001), []),
    Edge("a sale before the bell", sell(), moment(-1, blackout_close_minutes=15), []),
    Edge("outside of a session no bell is near", buy(), scene(blackout_open_minutes=60, blackout_close_minutes=60), []),
    Edge("four days before the report", buy(), reporting(4, blackout_earnings_days=3), []),
    Edge("three days before", buy(), reporting(3, blackout_earnings_days=3), ["blackout_earnings"]),
    Edge("on the day", buy(), reporting(0, blackout_earnings_days=1), ["blackout_earnings"]),
    Edge("on the day, without a black-out", buy(), reporting(0), []),
    Edge("a day after", buy(), reporting(-1, blackout_earnings_days=1), ["blackout_earnings"]),
    Edge("two days after", buy(), reporting(-2, blackout_earnings_days=1), []),
    Edge("a sale before the report", sell(), reporting(1, blackout_earnings_days=3), []),
]
RUNAWAY_EDGES = [
    Edge("the fortieth order of a minute", buy(), lately(last_minute=39), []),
    Edge("the forty-first", buy(), lately(last_minute=40), ["too_many_orders"]),
    Edge("a sale is one too", sell(), lately(last_minute=40), ["too_many_orders"]),
    Edge("a stop is not", STOP, lately(last_minute=40, today=500, same="another"), []),
    Edge("the five-hundredth of a day", buy(), lately(today=499), []),
    Edge("one more", buy(), lately(today=500), ["too_many_orders"]),
    Edge("both at once", buy(), lately(last_minute=40, today=500), ["too_many_orders"] * 2),
    Edge("the double of another", buy(), lately(same="another"), ["duplicate_order"]),
    Edge("a double sale", sell(), lately(same="another"), ["duplicate_order"]),
    Edge(
        "a sale that flattens",
        sell(),
        scene(flattens=True, recent=Recent(last_minute=99, today=999, same="another")),
        [],
    ),
    Edge(
        "nothing is bought to flatten", buy(), scene(flattens=True, recent=Recent(last_minute=40)), ["too_many_orders"]
    ),
    Edge("a halted desk does not even flatten", sell(), stated(TradingState.HALTED, flattens=True), ["halted"]),
]
SHORT_EDGES = [
    Edge("no desk sells short unless it may", short(), scene(), ["short_not_allowed"]),
    Edge("one that may", short(), scene(**SHORTING), []),
    Edge("what the broker does not lend", short(), scene(**SHORTING, asset=asset(shortable=False)), ["not_shortable"]),
    Edge("a part of a share", short("1.5"), scene(**SHORTING, fractional=True), ["fraction_not_allowed"]),
    Edge("counted with what is held, unsigned", short("100"), scene(**SHORTING), []),
    Edge("a share more is over a fifth", short("101"), scene(**SHORTING), ["max_position_exceeded"]),
    Edge("short already, to a fifth", short("100"), scene(**SHORTING, portfolio=HELD_SHORT), []),
    Edge("and over", short("101"), scene(**SHORTING, portfolio=HELD_SHORT), ["max_position_exceeded"]),
    Edge(
        "a short sale needs money as a buy does",
        short(),
        scene(**SHORTING, **POOR),
        ["buying_power_exceeded", "settled_cash_exceeded"],
    ),
    Edge("a reducing desk opens none", short(), stated(TradingState.REDUCING, **SHORTING), ["reducing"]),
    Edge(
        "but buys one back",
        cover("100"),
        scene(portfolio=HELD_SHORT.model_copy(update={"trading_state": "REDUCING"})),
        [],
    ),
    Edge("all that is short is bought back", cover("100"), scene(portfolio=HELD_SHORT), []),
    Edge("and no share more", cover("101"), scene(portfolio=HELD_SHORT), ["holding_exceeded"]),
    Edge("nothing is short", cover("1"), scene(), ["holding_exceeded"]),
    Edge(
        "half is being bought back",
        cover("51"),
        scene(portfolio=HELD_SHORT.model_copy(update={"open_orders": (order(cover("50")),)})),
        ["holding_exceeded"],
    ),
    Edge("a buy that is on its way closes as well", cover("51"), short_with(buy("50")), ["holding_exceeded"]),
    Edge("and to the share", cover("50"), short_with(buy("50")), []),
    Edge(
        "what buys back keeps its cash", buy("1", sector="Other"), short_with(cover("100"), "10500"), ["cash_exceeded"]
    ),
    Edge("and no cent more", buy("1", sector="Other"), short_with(cover("100"), "10605"), []),
    Edge("a short stop above and a target below", short(stop="100.01", target="99.99"), scene(**SHORTING), []),
    Edge("a short stop at the price", short(stop="100"), scene(**SHORTING), ["stop_on_wrong_side"]),
    Edge("a short target at the price", short(target="100"), scene(**SHORTING), ["target_on_wrong_side"]),
    Edge(
        "a short stop below, a target above",
        short(stop="90", target="110"),
        scene(**SHORTING),
        ["target_on_wrong_side", "stop_on_wrong_side"],
    ),
    Edge("a stop that the newest price has passed", buy(stop="98"), scene(price="97"), ["stop_on_wrong_side"]),
    Edge("a target that it has passed", buy(target="102"), scene(price="103"), ["target_on_wrong_side"]),
]
CLOSING_EDGES = [
    Edge("no limit for entries stands in an exit's way", sell("100"), scene(portfolio=POSITIONS_FULL, **WALL), []),
    Edge("nor in that of a stop", STOP, scene(portfolio=POSITIONS_FULL, **WALL), []),
    Edge("a stop sells no more than is held", STOP, scene(portfolio=portfolio()), ["holding_exceeded"]),
]
EDGES = [
    *(SIZE_EDGES + ACCOUNT_EDGES + ASSET_EDGES + PRICE_EDGES + TIME_EDGES),
    *(RUNAWAY_EDGES + SHORT_EDGES + CLOSING_EDGES),
]
