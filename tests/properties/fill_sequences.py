"""Random lives of a few orders: partial, duplicate, disordered and over-fills, fills taken back, cancels that cross them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from trading.instruments import Side
from trading.money import Record
from trading.orders import Fill, Leg, Order, OrderRequest, OrderState

NOON = datetime(2024, 3, 1, 17, tzinfo=UTC)
# Two symbols, bought and sold, so that positions grow, shrink, end, and pass zero.
BOOK = (("AAPL", Side.BUY, 10), ("AAPL", Side.SELL, 10), ("AAPL", Side.BUY, 4), ("BRK.B", Side.SELL, 5))
ENDS = (OrderState.ACCEPTED, OrderState.ACCEPTED, OrderState.SUBMITTED, OrderState.CANCELLED, OrderState.EXPIRED)

quantities = st.integers(1, 12).map(Decimal) | st.decimals("0.000000001", "12", places=9)
prices = st.decimals("0.0001", "500", places=4)
commissions = st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("1.00"), Decimal("-0.25")])


class Life(Record):
    """Orders as the broker last said they were, and their fills in two orders of arrival, the second with duplicates."""

    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    other: tuple[Fill, ...]


def request(desk: str, number: int) -> OrderRequest:
    symbol, side, quantity = BOOK[number]
    return OrderRequest(
        client_order_id=f"{desk}-order-{number}",
        desk_id=desk,
        strategy_id="default",
        cycle_id=f"{desk}-cycle",
        leg=Leg.ENTRY if side is Side.BUY else Leg.EXIT,
        symbol=symbol,
        sector="Technology",
        side=side,
        quantity=Decimal(quantity),
        mark=Decimal(100),
        as_of=NOON,
        trace_id="trace",
    )


@st.composite
def lives(draw: st.DrawFn, desk: str = "paper", most: int = 30) -> Life:
    """Draw a life of one desk with up to so many fills."""
    orders = tuple(Order(request=request(desk, n), state=draw(st.sampled_from(ENDS))) for n in range(len(BOOK)))
    fills: list[Fill] = []
    for number in range(draw(st.integers(0, most))):
        taken_back = draw(st.sampled_from([None, None, None, *fills]))
        fills.append(_fill(draw, f"{desk}-fill-{number}", orders, taken_back))
    again = draw(st.lists(st.sampled_from(fills), max_size=5)) if fills else []
    other = draw(st.permutations([*fills, *again]))
    return Life(orders=orders, fills=tuple(fills), other=tuple(other))


def _fill(draw: st.DrawFn, fill_id: str, orders: tuple[Order, ...], taken_back: Fill | None) -> Fill:
    order = draw(st.sampled_from(orders)).request
    like = {"client_order_id": order.client_order_id, "symbol": order.symbol, "side": order.side}
    if taken_back is not None:
        like = taken_back.model_dump(include={"client_order_id", "symbol", "side"})
    return Fill(
        fill_id=fill_id,
        quantity=draw(quantities),
        price=draw(prices),
        commission=draw(commissions),
        filled_at=NOON + timedelta(minutes=draw(st.integers(0, 6))),
        reverses=None if taken_back is None else taken_back.fill_id,
        **like,
    )
