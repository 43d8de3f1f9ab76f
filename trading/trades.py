"""Trades: a position's round trips from flat to flat, for performance only. A pure function of fills."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from pydantic import AwareDatetime

from trading.instruments import Side, Symbol
from trading.money import ZERO, Dollars, Identifier, Price, Quantity, Record
from trading.orders import Fill, effective
from trading.portfolio import Position, book_fill

_SMALLEST_PRICE = Decimal("0.000001")


class Trade(Record):
    """One round trip, open until `closed_at`; named after the fill that opened it.

    `quantity` and `closed_quantity` in shares, prices the averages in dollars a share without commission,
    `realised_pnl` in dollars with commission. `side` is the opening side; `exit_order_id` the order that closed last.
    """

    trade_id: Identifier
    symbol: Symbol
    side: Side
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    quantity: Quantity
    closed_quantity: Quantity = ZERO
    entry_price: Price
    exit_price: Price | None = None
    realised_pnl: Dollars = ZERO
    entry_order_id: Identifier
    exit_order_id: Identifier | None = None


def book_trade(trade: Trade | None, before: Position, fill: Fill) -> tuple[Trade, ...]:
    """The trades that one more fill changes: one, or two when it closes a position and opens the opposite one.

    `trade` is the open one of the symbol and `before` its position, both as they were before the fill.
    """
    held, change = before.quantity, fill.signed_quantity
    if trade is None or held == 0:
        return (_opened(fill, fill.quantity),)
    if (held > 0) == (change > 0):
        return (_grown(trade, fill),)
    closing = min(fill.quantity, abs(held))
    earned = book_fill(before, fill).realised_pnl - before.realised_pnl
    reduced = _reduced(trade, fill, closing, earned)
    rest = fill.quantity - closing
    return (reduced, _opened(fill, rest)) if rest else (reduced,)


def trades_of(fills: Iterable[Fill]) -> dict[str, Trade]:
    """Every trade that these fills make, by its id, in whatever order they arrived."""
    trades: dict[str, Trade] = {}
    positions: dict[str, Position] = {}
    latest: dict[str, Trade] = {}
    for fill in effective(fills):
        before = positions.get(fill.symbol) or Position(symbol=fill.symbol, mark=fill.price)
        for trade in book_trade(latest.get(fill.symbol), before, fill):
            trades[trade.trade_id] = latest[fill.symbol] = trade
        positions[fill.symbol] = book_fill(before, fill)
    return trades


def _opened(fill: Fill, quantity: Decimal) -> Trade:
    return Trade(
        trade_id=fill.fill_id,
        symbol=fill.symbol,
        side=fill.side,
        opened_at=fill.filled_at,
        quantity=quantity,
        entry_price=fill.price,
        entry_order_id=fill.client_order_id,
    )


def _grown(trade: Trade, fill: Fill) -> Trade:
    price = _average(trade.entry_price, trade.quantity, fill.price, fill.quantity)
    return trade.model_copy(update={"quantity": trade.quantity + fill.quantity, "entry_price": price})


def _reduced(trade: Trade, fill: Fill, closing: Decimal, earned: Decimal) -> Trade:
    closed = trade.closed_quantity + closing
    return trade.model_copy(
        update={
            "closed_quantity": closed,
            "exit_price": _average(trade.exit_price or fill.price, trade.closed_quantity, fill.price, closing),
            "realised_pnl": trade.realised_pnl + earned,
            "exit_order_id": fill.client_order_id,
            "closed_at": fill.filled_at if closed == trade.quantity else None,
        }
    )


def _average(price: Decimal, quantity: Decimal, more: Decimal, added: Decimal) -> Decimal:
    mean = (price * quantity + more * added) / (quantity + added)
    return mean.quantize(_SMALLEST_PRICE, rounding=ROUND_HALF_EVEN)
