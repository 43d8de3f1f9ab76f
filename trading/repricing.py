"""A limit order that the market has left behind goes on at another price, as an order of its own."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from trading.instruments import Side
from trading.market import Quote
from trading.money import tick
from trading.orders import Order, OrderRequest, successor_id


def to_tick(price: Decimal, side: Side) -> Decimal:
    """The nearest price that may be quoted and fills no later: up to buy, down to sell, never below one tick."""
    step = tick(price)
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    return max((price / step).to_integral_value(rounding) * step, step)


def limit_of(mark: Decimal, side: Side, offset: Decimal) -> Decimal:
    """The limit of an order that may pay `offset` (a fraction) more than the mark, or take so much less."""
    return to_tick(mark * (1 + offset if side is Side.BUY else 1 - offset), side)


def successor(order: Order, first: OrderRequest, quote: Quote) -> OrderRequest | None:
    """What goes on with an order's rest at the quote, as far from it as the first of them was from its mark.

    The first and not the last, whose limit followed the market away from that mark already. None when nothing is left,
    there is no limit, or the order may still fill: both would be more than was decided. The mark stays the decision's:
    the collar holds for all that follow.
    """
    request = order.request
    left = request.quantity - order.filled_quantity
    if first.limit_price is None or left <= 0 or order.is_open:
        return None
    changes = {
        "client_order_id": successor_id(request.client_order_id),
        "quantity": left,
        "limit_price": to_tick(quote.mark * first.limit_price / first.mark, request.side),
        "replaces": request.client_order_id,
    }
    return request.model_copy(update=changes)


def reprices_of(request: OrderRequest) -> int:
    """How many orders went before this one under the same decision."""
    number = request.client_order_id.rpartition(".")[2]
    return int(number) - 1 if request.replaces is not None and number.isdigit() else 0
