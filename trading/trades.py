"""Trades: a position's round trips from flat to flat, for performance only, from fills and adjustments."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from pydantic import AwareDatetime

from trading.adjustments import Adjustment, new_price, portion
from trading.instruments import Side, Symbol
from trading.money import ZERO, Dollars, Identifier, Price, Quantity, Record
from trading.orders import Fill
from trading.portfolio import Change, Happening, Position, book, change_of, first_position, timeline

_SMALLEST_PRICE = Decimal("0.000001")


class Trade(Record):
    """One round trip, open until `closed_at`; named after the fill or the adoption that opened it.

    `quantity` and `closed_quantity` in shares, prices the averages in dollars a share without commission, both in the
    shares of the newest split; `realised_pnl` in dollars with commission. `side` is the opening side; `exit_order_id`
    the order that closed last; none of the two orders is known of what was adopted.
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
    entry_order_id: Identifier | None
    exit_order_id: Identifier | None = None


def book_trade(trade: Trade | None, before: Position, happening: Happening) -> tuple[Trade, ...]:
    """The trades that one more fill or adjustment changes: one, or two when it closes a position and opens the other.

    `trade` is the open one of the symbol and `before` its position, both as they were before it.
    """
    change = change_of(happening, before.mark)
    if change is None:
        return _split(trade, before, happening) if isinstance(happening, Adjustment) else ()
    held = before.quantity
    if trade is None or held == 0:
        return (_opened(happening, change, abs(change.quantity)),)
    if (held > 0) == (change.quantity > 0):
        return (_grown(trade, change),)
    closing = min(abs(change.quantity), abs(held))
    earned = book(before, happening).realised_pnl - before.realised_pnl
    reduced = _reduced(trade, change, closing, earned)
    reduced = reduced.model_copy(update={"exit_order_id": _order_of(happening)})
    rest = abs(change.quantity) - closing
    return (reduced, _opened(happening, change, rest)) if rest else (reduced,)


def trades_of(fills: Iterable[Fill], adjustments: Iterable[Adjustment] = ()) -> dict[str, Trade]:
    """Every trade that these make, by its id, in whatever order they arrived."""
    trades: dict[str, Trade] = {}
    positions: dict[str, Position] = {}
    latest: dict[str, Trade] = {}
    for happening in timeline(fills, adjustments):
        before = positions.get(happening.symbol) or first_position(happening)
        if before is None:
            continue
        for trade in book_trade(latest.get(happening.symbol), before, happening):
            trades[trade.trade_id] = latest[happening.symbol] = trade
        positions[happening.symbol] = book(before, happening)
    return trades


def _order_of(happening: Happening) -> str | None:
    return happening.client_order_id if isinstance(happening, Fill) else None


def _opened(happening: Happening, change: Change, quantity: Decimal) -> Trade:
    return Trade(
        trade_id=happening.fill_id if isinstance(happening, Fill) else happening.adjustment_id,
        symbol=happening.symbol,
        side=Side.BUY if change.quantity > 0 else Side.SELL,
        opened_at=change.at,
        quantity=quantity,
        entry_price=change.price,
        entry_order_id=_order_of(happening),
    )


def _grown(trade: Trade, change: Change) -> Trade:
    added = abs(change.quantity)
    price = _average(trade.entry_price, trade.quantity, change.price, added)
    return trade.model_copy(update={"quantity": trade.quantity + added, "entry_price": price})


def _reduced(trade: Trade, change: Change, closing: Decimal, earned: Decimal) -> Trade:
    closed = trade.closed_quantity + closing
    return trade.model_copy(
        update={
            "closed_quantity": closed,
            "exit_price": _average(trade.exit_price or change.price, trade.closed_quantity, change.price, closing),
            "realised_pnl": trade.realised_pnl + earned,
            "closed_at": change.at if closed == trade.quantity else None,
        }
    )


def _split(trade: Trade | None, before: Position, split: Adjustment) -> tuple[Trade, ...]:
    """The open trade in new shares; one that less than a share is left of has ended, with what it had cost lost."""
    if trade is None or trade.closed_at is not None or split.ratio is None:
        return ()
    after = book(before, split)
    earned = trade.realised_pnl + after.realised_pnl - before.realised_pnl
    if not after.quantity:
        ended = {"closed_quantity": trade.quantity, "closed_at": split.effective_at, "realised_pnl": earned}
        return (trade.model_copy(update=ended),)
    closed = portion(abs(after.quantity), trade.closed_quantity, abs(before.quantity))
    changed = {
        "quantity": closed + abs(after.quantity),
        "closed_quantity": closed,
        "entry_price": new_price(trade.entry_price, split.ratio),
        "exit_price": None if trade.exit_price is None else new_price(trade.exit_price, split.ratio),
        "realised_pnl": earned,
    }
    return (trade.model_copy(update=changed),)


def _average(price: Decimal, quantity: Decimal, more: Decimal, added: Decimal) -> Decimal:
    mean = (price * quantity + more * added) / (quantity + added)
    return mean.quantize(_SMALLEST_PRICE, rounding=ROUND_HALF_EVEN)
