from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings

from tests.properties.fill_sequences import Life, lives
from trading.orders import Fill, Order, OrderState, effective, settle
from trading.portfolio import Position, book_fill, cash_of, positions_of, postings
from trading.trades import Trade, book_trade, trades_of

EXAMPLES = 1_000


def settled(life: Life, fills: tuple[Fill, ...]) -> list[Order]:
    of_order = {order.request.client_order_id: [f for f in fills if _names(order, f)] for order in life.orders}
    return [settle(order, of_order[order.request.client_order_id]) for order in life.orders]


@given(life=lives())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_same_fills_make_the_same_books_however_they_arrive(life: Life) -> None:
    assert positions_of(life.other) == positions_of(life.fills)
    assert trades_of(life.other) == trades_of(life.fills)
    assert cash_of((), life.other) == cash_of((), life.fills)
    assert settled(life, life.other) == settled(life, life.fills)


@given(life=lives())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_books_balance_to_the_cent(life: Life) -> None:
    counted = effective(life.fills)
    positions = positions_of(life.fills)

    assert all(sum(postings(fill).values()) == 0 for fill in counted)
    for symbol, position in positions.items():
        ours = [fill for fill in counted if fill.symbol == symbol]
        assert position.quantity == sum(fill.signed_quantity for fill in ours)
        assert position.cost_basis - position.realised_pnl == -sum(fill.cash_change for fill in ours)
        assert position.quantity != 0 or position.cost_basis == 0
    assert cash_of((), life.fills) == sum(p.realised_pnl - p.cost_basis for p in positions.values())


@given(life=lives())
@settings(max_examples=EXAMPLES, deadline=None)
def test_trades_end_where_positions_are_flat_and_share_what_they_earned(life: Life) -> None:
    positions = positions_of(life.fills)
    trades = list(trades_of(life.fills).values())

    for symbol, position in positions.items():
        ours = [trade for trade in trades if trade.symbol == symbol]
        still = [trade for trade in ours if trade.closed_at is None]
        assert sum(trade.realised_pnl for trade in ours) == position.realised_pnl
        assert [trade.quantity - trade.closed_quantity for trade in still] == [abs(position.quantity)] * len(still)
        assert len(still) == (position.quantity != 0)
    assert all((trade.closed_quantity == trade.quantity) == (trade.closed_at is not None) for trade in trades)


@given(life=lives())
@settings(max_examples=EXAMPLES // 4, deadline=None)
def test_booking_fill_by_fill_is_counting_them_all(life: Life) -> None:
    positions: dict[str, Position] = {}
    trades: dict[str, Trade] = {}
    for fill in effective(life.fills):
        before = positions.get(fill.symbol, Position(symbol=fill.symbol, mark=fill.price))
        still = [t for t in trades.values() if t.symbol == fill.symbol and t.closed_at is None]
        trades |= {trade.trade_id: trade for trade in book_trade(still[0] if still else None, before, fill)}
        positions[fill.symbol] = book_fill(before, fill)

    assert positions == positions_of(life.fills)
    assert trades == trades_of(life.fills)


@given(life=lives())
@settings(max_examples=EXAMPLES // 4, deadline=None)
def test_an_order_says_what_its_fills_make_of_it(life: Life) -> None:
    for told, order in zip(life.orders, settled(life, life.fills), strict=True):
        filled = sum((f.quantity for f in effective(life.fills) if _names(order, f)), Decimal(0))
        assert order.filled_quantity == filled
        assert (order.state is OrderState.FILLED) == (filled >= order.request.quantity)
        if filled == 0:
            assert order.state is told.state
        assert order.is_open <= told.is_open


def _names(order: Order, fill: Fill) -> bool:
    return fill.client_order_id == order.request.client_order_id
