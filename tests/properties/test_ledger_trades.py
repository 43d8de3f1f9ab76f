from __future__ import annotations

from hypothesis import given

from tests.examples import examples
from tests.properties.fill_sequences import Life, lives
from trading.sleeves import Told, fold, holdings_of, owners_of
from trading.trades import Trade, book_trade, trades_of


@given(life=lives())
@examples(60, 300)
def test_trades_end_where_a_strategy_is_flat_and_share_what_it_earned(life: Life) -> None:
    owners = owners_of(life.orders)
    trades = list(trades_of(life.fills, owners=owners).values())

    for symbol, holding in holdings_of(Told(life.fills, owners=owners)).items():
        for strategy, part in holding.parts.items():
            ours = [trade for trade in trades if (trade.symbol, trade.strategy_id) == (symbol, strategy)]
            still = [trade for trade in ours if trade.closed_at is None]
            assert sum(trade.realised_pnl for trade in ours) == part.position.realised_pnl
            left = [trade.quantity - trade.closed_quantity for trade in still]
            assert left == [abs(part.position.quantity)] * len(still)
            assert len(still) == (part.position.quantity != 0)
    assert all((trade.closed_quantity == trade.quantity) == (trade.closed_at is not None) for trade in trades)


@given(life=lives())
@examples(60, 300)
def test_booking_trades_step_by_step_is_counting_them_all(life: Life) -> None:
    owners = owners_of(life.orders)
    trades: dict[str, Trade] = {}
    for step in fold(Told(life.fills, owners=owners)).steps:
        ours = [
            one for one in trades.values() if (one.symbol, one.strategy_id) == (step.before.symbol, step.strategy_id)
        ]
        still = [trade for trade in ours if trade.closed_at is None]
        trade = book_trade(still[0] if still else None, step)
        trades |= {trade.trade_id: trade} if trade else {}

    assert trades == trades_of(life.fills, owners=owners) == trades_of(life.other, owners=owners)
