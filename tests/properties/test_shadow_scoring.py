"""A shadow trade ends once, where the first price that ends it lies, and makes what that price makes of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import AT, DESK, after, portfolio, position, quote, these
from trading.breaker import TradingState
from trading.corporate_actions import ActionKind, CorporateAction
from trading.costs import Costs
from trading.instruments import Side
from trading.market import Bar
from trading.money import ZERO
from trading.orders import Leg
from trading.sessions import Session
from trading.shadow import Ending, ShadowDecision, ShadowTrade, drafted
from trading.shadow_scoring import MOST_DAYS, MOST_SESSIONS, Seen, ShadowLook, Thinker, score

FREE = Costs(slippage_bps=ZERO)
HALTED = Thinker(portfolio=portfolio("100000", trading_state=TradingState.HALTED))
DAY = timedelta(days=1)


def trade(side: Side = Side.BUY, costs: Costs = FREE, *, under_way: bool = False, **more: object) -> ShadowTrade:
    """Ten shares at 100 dollars, with a stop at 90 and a target at 120, or the other way round."""
    guards = {"stop": "90", "target": "120"} if side is Side.BUY else {"stop": "110", "target": "80"}
    fields: dict[str, object] = {
        "cycle_id": "c-1",
        "desk_id": "paper",
        "strategy_id": "agents",
        "trace_id": "t-1",
        "symbol": "AAPL",
        "side": side,
        "leg": Leg.ENTRY,
        "quantity": "10",
        "quote": quote("AAPL", "100"),
        "as_of": AT,
        **guards,
    }
    bell = after(60) if under_way else AT
    session = Session(session_on=AT.date(), opens_at=after(-300), closes_at=bell)
    return drafted(ShadowDecision.model_validate(fields | more), session, costs)


def bar(day: int, first: float, low: float, high: float, close: float) -> Bar:
    prices = {"open": first, "low": low, "high": high, "close": close}
    cents = {name: Decimal(f"{price:.2f}") for name, price in prices.items()}
    return Bar(session_on=AT.date() + day * DAY, volume=1, **cents)


def look(*bars: Bar, days: int = 1, last: str = "", **more: object) -> ShadowLook:
    at = AT + days * DAY
    newest = quote("AAPL", last, quoted_at=at) if last else None
    return ShadowLook(
        desk_id=DESK,
        as_of=at,
        seen=(Seen.model_validate({"symbol": "AAPL", "bars": bars, "quote": newest, **more}),),
    )


CASES = [
    ("nothing touched", Side.BUY, bar(1, 100, 91, 119, 110), None, None),
    ("the stop", Side.BUY, bar(1, 100, 89, 119, 110), Ending.STOP, 90),
    ("a gap below the stop", Side.BUY, bar(1, 85, 84, 119, 110), Ending.STOP, 85),
    ("the target", Side.BUY, bar(1, 100, 91, 121, 110), Ending.TARGET, 120),
    ("a gap above the target", Side.BUY, bar(1, 125, 124, 130, 126), Ending.TARGET, 125),
    ("both: the worst first", Side.BUY, bar(1, 100, 89, 121, 110), Ending.STOP, 90),
    ("short: the stop", Side.SELL, bar(1, 100, 90, 111, 100), Ending.STOP, 110),
    ("short: a gap above the stop", Side.SELL, bar(1, 115, 90, 116, 100), Ending.STOP, 115),
    ("short: the target", Side.SELL, bar(1, 100, 79, 109, 100), Ending.TARGET, 80),
    ("short: a gap below the target", Side.SELL, bar(1, 75, 70, 109, 100), Ending.TARGET, 75),
    ("short: both", Side.SELL, bar(1, 100, 79, 111, 100), Ending.STOP, 110),
]


@pytest.mark.parametrize(("side", "seen", "how", "price"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_a_bar_ends_a_trade_where_it_would_have_ended(
    side: Side, seen: Bar, how: Ending | None, price: int | None
) -> None:
    found = score(trade(side), look(seen), HALTED, FREE)
    assert these(found.ending, found.exit_price) == (how, price)
    sign = 1 if side is Side.BUY else -1
    assert found.pnl == (None if price is None else sign * 10 * (price - 100))


def test_of_the_bar_of_its_own_session_only_the_close_came_later() -> None:
    wild = bar(0, 100, 50, 150, 101)
    inside = score(trade(under_way=True), look(wild), HALTED, FREE)
    assert these(inside.is_open, inside.sessions, inside.mark) == (True, 1, 101)
    assert score(trade(under_way=True), look(bar(0, 100, 50, 150, 88)), HALTED, FREE).exit_price == 88
    closed = score(trade(), look(wild), HALTED, FREE)
    assert (closed.is_open, closed.sessions) == (True, 0)


def test_a_newer_quote_ends_a_trade_at_the_side_that_an_exit_takes() -> None:
    at = {"bid": "119", "ask": "121", "last": "121", "quoted_at": after(1)}
    seen = Seen(symbol="AAPL", quote=quote("AAPL", "121", **at))
    asked = ShadowLook(desk_id="paper", as_of=after(1), seen=(seen,))
    assert these(score(trade(), asked, HALTED, FREE).is_open, score(trade(), asked, HALTED, FREE).mark) == (True, 121)
    assert score(trade(Side.SELL), asked, HALTED, FREE).exit_price == 121
    old = asked.model_copy(update={"seen": (Seen(symbol="AAPL", quote=quote("AAPL", "80")),)})
    assert score(trade(), old, HALTED, FREE).mark == 100


def test_what_is_neither_stopped_nor_sold_is_counted_in_the_end() -> None:
    calm = [bar(day, 100, 95, 105, 103) for day in range(1, MOST_SESSIONS + 5)]
    found = score(trade(), look(*calm, days=20), HALTED, FREE)
    assert these(found.ending, found.pnl, found.sessions) == (Ending.TIME, 30, MOST_SESSIONS)
    unpriced = ShadowLook(desk_id="paper", as_of=AT + MOST_DAYS + DAY)
    assert these(score(trade(), unpriced, HALTED, FREE).ending, score(trade(), unpriced, HALTED, FREE).pnl) == (
        Ending.TIME,
        0,
    )


def test_an_exit_whose_position_is_gone_is_counted() -> None:
    sold = trade(Side.SELL, leg=Leg.EXIT, stop=None, target=None)
    held = Thinker(portfolio=portfolio("99000", position("AAPL", "10"), trading_state=TradingState.HALTED))
    assert score(sold, look(last="90"), held, FREE).is_open
    found = score(sold, look(last="90"), HALTED, FREE)
    assert these(found.ending, found.pnl) == (Ending.GONE, 100)


def test_slippage_and_commission_are_those_of_paper() -> None:
    costs = Costs(slippage_bps=Decimal(10), commission_per_order=Decimal("1.00"))
    found = score(trade(costs=costs), look(bar(1, 100, 89, 100, 95)), HALTED, costs)
    assert these(found.entry_price, found.exit_price, found.pnl) == (
        Decimal("100.10"),
        Decimal("89.91"),
        Decimal("-103.90"),
    )
    target = score(trade(costs=costs), look(bar(1, 100, 95, 121, 95)), HALTED, costs)
    assert these(target.exit_price, target.pnl) == (120, Decimal("197.00"))


@pytest.mark.parametrize(("ratio", "close", "shares"), [("2", 60.5, 20), ("0.1", 1210, 1)])
def test_a_split_changes_shares_and_levels_and_not_what_is_made(ratio: str, close: float, shares: int) -> None:
    split = CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=date(2026, 11, 21), ratio=Decimal(ratio))
    asked = look(bar(1, close, close, close, close), splits=(split,))
    found = score(trade(), asked, HALTED, FREE)
    assert these(found.quantity, found.ending, found.pnl) == (shares, Ending.TARGET, 210)
    again = score(found.model_copy(update={"closed_at": None}), asked, HALTED, FREE)
    assert again.quantity == shares


PRICES = st.floats(60, 150).map(lambda price: round(price, 2))


@st.composite
def walks(draw: st.DrawFn) -> list[Bar]:
    """Days in a row, each a bar whose range holds its open and close."""
    days = draw(st.lists(st.tuples(PRICES, PRICES, PRICES, PRICES), min_size=1, max_size=15))
    return [bar(n, day[0], min(day), max(day), day[1]) for n, day in enumerate(days, 1)]


@given(walks(), st.sampled_from(Side), st.lists(st.integers(1, 16), max_size=4), st.booleans())
def test_however_often_one_looks_a_trade_ends_once_and_the_same(
    walk: list[Bar],
    side: Side,
    looks: list[int],
    slips: bool,  # noqa: FBT001  it is drawn
) -> None:
    costs = Costs() if slips else FREE
    whole = score(trade(side, costs), look(*walk, days=20), HALTED, costs)
    stepped, ends = trade(side, costs), 0
    for day in [*sorted(looks), 20]:
        seen = look(*(one for one in walk if one.session_on <= AT.date() + day * DAY), days=day)
        before, stepped = stepped, score(stepped, seen, HALTED, costs)
        ends += before.is_open and not stepped.is_open
        assert score(stepped, seen, HALTED, costs) == stepped
    told = {"exit_price", "ending", "pnl", "sessions", "quantity"}
    assert stepped.model_dump(include=told) == whole.model_dump(include=told)
    assert ends == (not whole.is_open)


@given(walks(), st.sampled_from(Side))
def test_a_stop_never_makes_money_and_a_target_always_does(walk: list[Bar], side: Side) -> None:
    found = score(trade(side), look(*walk, days=20), HALTED, FREE)
    if found.ending is Ending.STOP:
        assert found.pnl is not None
        assert found.pnl <= -100
    if found.ending is Ending.TARGET:
        assert found.pnl is not None
        assert found.pnl >= 200
    first = next((day for day in walk[:MOST_SESSIONS] if _ends(day, side)), None)
    assert (first is None) is (found.ending not in {Ending.STOP, Ending.TARGET})
    if first is not None:
        assert found.seen_on == first.session_on
        stop = first.low <= 90 if side is Side.BUY else first.high >= 110
        assert (found.ending is Ending.STOP) is stop


def _ends(day: Bar, side: Side) -> bool:
    return (day.low <= 90 or day.high >= 120) if side is Side.BUY else (day.high >= 110 or day.low <= 80)


def test_a_look_back_changes_nothing() -> None:
    seen = score(trade(), look(last="105", days=2), HALTED, FREE)
    back = look(bar(1, 100, 80, 130, 100), days=1)
    assert score(seen, back, HALTED, FREE) == seen
    assert datetime.fromisoformat("2026-11-22T16:00:00+00:00") == seen.looked_at
