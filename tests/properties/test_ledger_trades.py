from __future__ import annotations

from hypothesis import given, settings

from tests.properties.fill_sequences import Life, lives
from trading.orders import effective
from trading.portfolio import Position, book_fill, positions_of
from trading.trades import Trade, book_trade, trades_of


@given(life=lives())
@settings(max_examples=300, deadline=None)
def test_trades_end_where_positions_are_flat_and_share_what_they_earned(life: Life) -> None:
    trades = list(trades_of(life.fills).values())

    for symbol, position in positions_of(life.fills).items():
        ours = [trade for trade in trades if trade.symbol == symbol]
        still = [trade for trade in ours if trade.closed_at is None]
        assert sum(trade.realised_pnl for trade in ours) == position.realised_pnl
        assert [trade.quantity - trade.closed_quantity for trade in still] == [abs(position.quantity)] * len(still)
        assert len(still) == (position.quantity != 0)
    assert all((trade.closed_quantity == trade.quantity) == (trade.closed_at is not None) for trade in trades)


@given(life=lives())
@settings(max_examples=300, deadline=None)
def test_booking_trades_fill_by_fill_is_counting_them_all(life: Life) -> None:
    positions: dict[str, Position] = {}
    trades: dict[str, Trade] = {}
    for fill in effective(life.fills):
        before = positions.get(fill.symbol, Position(symbol=fill.symbol, mark=fill.price))
        still = [trade for trade in trades.values() if trade.symbol == fill.symbol and trade.closed_at is None]
        trades |= {trade.trade_id: trade for trade in book_trade(still[0] if still else None, before, fill)}
        positions[fill.symbol] = book_fill(before, fill)

    assert trades == trades_of(life.fills) == trades_of(life.other)
