"""Random lives of a few orders: partial, duplicate, disordered, over-fills, fills taken back, cancels that cross."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from trading.instruments import Side
from trading.money import Record
from trading.orders import Fill, Leg, Order, OrderRequest, OrderState

NOON = datetime(2024, 3, 1, 17, tzinfo=UTC)
# Two symbols, bought and sold by two strategies, so that positions grow, shrink, end, pass zero, and are shared.
STRATEGIES = ("agents", "trend", "trend", "agents")
BOOK = (("AAPL", Side.BUY, 10), ("AAPL", Side.SELL, 10), ("AAPL", Side.BUY, 4), ("BRK.B", Side.SELL, 5))
ENDS = (OrderState.ACCEPTED, OrderState.ACCEPTED, OrderState.SUBMITTED, OrderState.CANCELLED, OrderState.EXPIRED)

# One draw of small whole numbers makes a fill: which order, what it takes back, shares, price, commission, minute.
shapes = st.tuples(
    st.integers(0, len(BOOK) - 1),
    st.integers(-30, 9),
    st.sampled_from([1, 2, 3, 5, 7, 10, 12, Decimal("0.000000001"), Decimal("0.333333333"), Decimal("2.5")]),
    st.integers(1, 5_000_000).map(lambda ticks: Decimal(ticks) / 10_000),
    st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("1.00"), Decimal("-0.25")]),
    st.integers(0, 6),
)


class Life(Record):
    """Orders as the broker last said they were, and their fills in two orders of arrival, the later with duplicates."""

    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    other: tuple[Fill, ...]


def request(desk: str, number: int) -> OrderRequest:
    symbol, side, quantity = BOOK[number]
    return OrderRequest(
        client_order_id=f"{desk}-order-{number}",
        desk_id=desk,
        strategy_id=STRATEGIES[number],
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
    states = draw(st.lists(st.sampled_from(ENDS), min_size=len(BOOK), max_size=len(BOOK)))
    orders = tuple(Order(request=request(desk, number), state=state) for number, state in enumerate(states))
    fills: list[Fill] = []
    for which, taken_back, quantity, price, commission, minute in draw(st.lists(shapes, max_size=most)):
        # Few fills take another back, and any earlier one will do.
        gone = fills[taken_back % len(fills)] if taken_back >= 0 and fills else None
        like: Fill | OrderRequest = gone or orders[which].request
        fill = Fill(
            fill_id=f"{desk}-fill-{len(fills)}",
            client_order_id=like.client_order_id,
            symbol=like.symbol,
            side=like.side,
            quantity=Decimal(quantity),
            price=price,
            commission=commission,
            filled_at=NOON + timedelta(minutes=minute),
            reverses=gone and gone.fill_id,
        )
        fills.append(fill)
    return Life(orders=orders, fills=tuple(fills), other=tuple(draw(st.permutations([*fills, *fills[::4]]))))
