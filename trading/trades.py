"""Trades: a strategy's round trips in one symbol, from flat to flat, for performance only."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from pydantic import AwareDatetime

from trading.adjustments import Adjustment, new_price, portion
from trading.instruments import Side, Symbol
from trading.money import ZERO, Dollars, Identifier, Price, Quantity, Record
from trading.orders import Fill
from trading.portfolio import CapitalEvent, Change, Happening
from trading.sleeves import FIRST, NOBODYS, Owners, Step, Told, fold

_SMALLEST_PRICE = Decimal("0.000001")


class Trade(Record):
    """One round trip of one strategy, open until `closed_at`; named after the fill or the adoption that opened it.

    `quantity` and `closed_quantity` in shares, prices the averages in dollars a share without commission, both in the
    shares of the newest split; `realised_pnl` in dollars with commission. `side` is the opening side; `exit_order_id`
    the order that closed last; none of the two orders is known of what was adopted.
    """

    trade_id: Identifier
    strategy_id: Identifier = FIRST
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


def book_trade(trade: Trade | None, step: Step) -> Trade | None:
    """The trade that one more step changes or opens; `trade` is the newest of its strategy in its symbol before it."""
    happening, change = step.happening, step.change
    if isinstance(happening, CapitalEvent):
        return None
    if change is None:
        return _split(trade, step, happening) if isinstance(happening, Adjustment) else None
    if trade is None or not step.before.quantity:
        return _opened(step, happening, change)
    if (step.before.quantity > 0) == (change.quantity > 0):
        return _grown(trade, change)
    reduced = _reduced(trade, change, step.after.realised_pnl - step.before.realised_pnl)
    return reduced.model_copy(update={"exit_order_id": _order_of(happening)})


def trades_of(
    fills: Iterable[Fill], adjustments: Iterable[Adjustment] = (), owners: Owners = NOBODYS
) -> dict[str, Trade]:
    """Every trade that these make, by its id, in whatever order they arrived; `owners` as in `Told`."""
    return trades_by(fold(Told(fills, adjustments, owners=owners)).steps)


def trades_by(steps: Iterable[Step]) -> dict[str, Trade]:
    """Every trade that these steps make, by its id."""
    trades: dict[str, Trade] = {}
    latest: dict[tuple[str, str], Trade] = {}
    for step in steps:
        key = step.strategy_id, step.before.symbol
        trade = book_trade(latest.get(key), step)
        if trade is not None:
            trades[trade.trade_id] = latest[key] = trade
    return trades


def _order_of(happening: Happening) -> str | None:
    return happening.client_order_id if isinstance(happening, Fill) else None


def _opened(step: Step, happening: Happening, change: Change) -> Trade:
    return Trade(
        trade_id=happening.fill_id if isinstance(happening, Fill) else happening.adjustment_id,
        strategy_id=step.strategy_id,
        symbol=happening.symbol,
        side=Side.BUY if change.quantity > 0 else Side.SELL,
        opened_at=change.at,
        quantity=abs(change.quantity),
        entry_price=change.price,
        entry_order_id=_order_of(happening),
    )


def _grown(trade: Trade, change: Change) -> Trade:
    added = abs(change.quantity)
    price = _average(trade.entry_price, trade.quantity, change.price, added)
    return trade.model_copy(update={"quantity": trade.quantity + added, "entry_price": price})


def _reduced(trade: Trade, change: Change, earned: Decimal) -> Trade:
    closing = abs(change.quantity)
    closed = trade.closed_quantity + closing
    return trade.model_copy(
        update={
            "closed_quantity": closed,
            "exit_price": _average(trade.exit_price or change.price, trade.closed_quantity, change.price, closing),
            "realised_pnl": trade.realised_pnl + earned,
            "closed_at": change.at if closed == trade.quantity else None,
        }
    )


def _split(trade: Trade | None, step: Step, split: Adjustment) -> Trade | None:
    """The open trade in new shares; one that less than a share is left of has ended, with what it had cost lost."""
    if trade is None or trade.closed_at is not None or split.ratio is None:
        return None
    before, after = step.before, step.after
    earned = trade.realised_pnl + after.realised_pnl - before.realised_pnl
    if not after.quantity:
        ended = {"closed_quantity": trade.quantity, "closed_at": split.effective_at, "realised_pnl": earned}
        return trade.model_copy(update=ended)
    closed = portion(abs(after.quantity), trade.closed_quantity, abs(before.quantity))
    return trade.model_copy(
        update={
            "quantity": closed + abs(after.quantity),
            "closed_quantity": closed,
            "entry_price": new_price(trade.entry_price, split.ratio),
            "exit_price": None if trade.exit_price is None else new_price(trade.exit_price, split.ratio),
            "realised_pnl": earned,
        }
    )


def _average(price: Decimal, quantity: Decimal, more: Decimal, added: Decimal) -> Decimal:
    mean = (price * quantity + more * added) / (quantity + added)
    return mean.quantize(_SMALLEST_PRICE, rounding=ROUND_HALF_EVEN)
