"""The limits say yes exactly when twenty plain lines of exact fractions do, and the cap is the most they say yes to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction as Exact

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import order, portfolio, position, request
from trading.breaker import TradingState
from trading.instruments import Side
from trading.limits import Breach, Limit, Limits, breaches, cap
from trading.orders import Leg, OrderRequest, OrderState
from trading.portfolio import Portfolio

SYMBOLS = ("AAPL", "MSFT", "XOM", "CVX", "JPM", "KO", "BRK.B", "A", "B", "C", "D", "E")
SECTORS = dict(zip(SYMBOLS, ("Tech", "Tech", "Energy", "Energy", *("Other", "Unknown") * 4), strict=True))
PRICES = ("1", "9.99", "10", "33.3333", "100")
SIZES = (Limit.POSITION, Limit.SECTOR, Limit.POSITIONS, Limit.CASH, Limit.HOLDING)

symbols = st.sampled_from(SYMBOLS)
prices = st.sampled_from(PRICES)
shares = st.integers(1, 400).map(str) | st.sampled_from(["0.5", "99.999999999"])


@st.composite
def asked(draw: st.DrawFn) -> OrderRequest:
    """A buy or a sale, at the market or at a limit."""
    symbol, side = draw(symbols), draw(st.sampled_from([Side.BUY, Side.BUY, Side.SELL]))
    limit = draw(st.none() | prices)
    more = {} if limit is None else {"kind": "limit", "limit_price": limit}
    return request(symbol, draw(shares), side, mark=draw(prices), sector=SECTORS[symbol], **more)


@st.composite
def books(draw: st.DrawFn) -> Portfolio:
    """Positions long and short, open and finished orders, protective ones too; cash around nought or plenty."""
    held = draw(st.lists(symbols, unique=True, max_size=6))
    resting = []
    for one in draw(st.lists(asked(), max_size=3)):
        state = draw(st.sampled_from([OrderState.INTENDED, OrderState.PARTIALLY_FILLED, OrderState.CANCELLED]))
        if one.side is Side.SELL and draw(st.booleans()):
            one = one.model_copy(update={"leg": Leg.STOP, "parent_id": "entry"})  # noqa: PLW2901  the same order, protective
        filled = "0.5" if state is OrderState.PARTIALLY_FILLED else "0"
        resting.append(order(one, state, filled))
    return portfolio(
        draw(st.integers(-1000, 60_000).map(str)),
        *(position(s, str(draw(st.integers(-20, 200))), draw(prices), SECTORS[s]) for s in held),
        open_orders=tuple(resting),
        trading_state=draw(st.sampled_from([TradingState.ACTIVE] * 4 + [*TradingState])),
    )


limits = st.builds(
    Limits,
    max_position=st.sampled_from([Decimal("0.2"), Decimal("0.05"), Decimal(1)]),
    max_sector=st.sampled_from([Decimal("0.3"), Decimal(1)]),
    max_positions=st.sampled_from([10, 3, 0]),
    collar=st.sampled_from([Decimal("0.05"), Decimal(0)]),
)


def price_of(asked: OrderRequest) -> Exact:
    return max(Exact(asked.mark), Exact(asked.limit_price or 0))


def refusals(new: OrderRequest, book: Portfolio, limits: Limits) -> Iterator[Limit]:
    """The oracle: fill every open buy and this one, then look at the whole."""
    if book.trading_state is TradingState.HALTED or (book.trading_state == "REDUCING" and new.side is Side.BUY):
        yield Limit.STATE
    live = [(o.request, Exact(o.request.quantity - o.filled_quantity)) for o in book.open_orders if o.is_open]
    long = {p.symbol: Exact(p.quantity) for p in book.positions}
    if new.side is Side.SELL:
        leaving = sum(n for r, n in live if (r.symbol, r.side) == (new.symbol, Side.SELL) and r.leg is Leg.EXIT)
        if Exact(new.quantity) > long.get(new.symbol, Exact(0)) - leaving:
            yield Limit.HOLDING
        return
    buys = [(r.symbol, r.sector, n * price_of(r)) for r, n in live if n and r.side is Side.BUY]
    buys.append((new.symbol, new.sector, Exact(new.quantity) * price_of(new)))
    owned = [(p.symbol, p.sector, abs(Exact(p.value))) for p in book.positions if p.quantity]
    equity = max(Exact(book.cash) + sum(Exact(p.value) for p in book.positions), Exact(0))
    if sum(d for s, _, d in owned + buys if s == new.symbol) > Exact(limits.max_position) * equity:
        yield Limit.POSITION
    if sum(d for _, sector, d in owned + buys if sector == new.sector) > Exact(limits.max_sector) * equity:
        yield Limit.SECTOR
    before = {s for s, *_ in owned + buys[:-1]}
    if new.symbol not in before and len(before) >= limits.max_positions:
        yield Limit.POSITIONS
    if sum(d for *_, d in buys) * (1 + Exact(limits.collar)) > Exact(book.cash):
        yield Limit.CASH


def sizes(found: tuple[Breach, ...]) -> list[Limit]:
    return [breach.limit for breach in found if breach.limit in SIZES]


def agree_with_the_oracle(new: OrderRequest, book: Portfolio, limits: Limits) -> None:
    assert [breach.limit for breach in breaches(new, book, limits)] == list(refusals(new, book, limits))


def leave_no_share_behind(new: OrderRequest, book: Portfolio, limits: Limits) -> None:
    most = cap(new, book, limits).quantity
    assert most == most.to_integral_value()
    if most > 0:
        capped = new.model_copy(update={"quantity": most})
        assert sizes(breaches(capped, book, limits)) == []
    if most + 1 <= new.quantity:
        one_more = new.model_copy(update={"quantity": most + 1})
        assert sizes(breaches(one_more, book, limits)) != []


@given(new=asked(), book=books(), limits=limits)
@settings(max_examples=300, deadline=None)
def test_an_order_is_refused_exactly_when_the_oracle_says(new: OrderRequest, book: Portfolio, limits: Limits) -> None:
    agree_with_the_oracle(new, book, limits)
    leave_no_share_behind(new, book, limits)


@pytest.mark.faults
@given(new=asked(), book=books(), limits=limits)
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_orders_are_refused_as_the_oracle_says(new: OrderRequest, book: Portfolio, limits: Limits) -> None:
    agree_with_the_oracle(new, book, limits)
    leave_no_share_behind(new, book, limits)


@given(
    new=asked(),
    cash=st.decimals(min_value=-(10**15), max_value=10**15, places=2),
    price=st.decimals(min_value="0.000001", max_value=10**7, places=6),
)
@settings(max_examples=200, deadline=None)
def test_no_price_and_no_wealth_is_too_extreme_for_the_limits(new: OrderRequest, cash: Decimal, price: Decimal) -> None:
    extreme = new.model_copy(update={"mark": price, "quantity": Decimal(10**9)})
    leave_no_share_behind(extreme, portfolio(str(cash)), Limits())
