"""Orders and shares of other strategies that are on the other side of a symbol. Pure.

Two strategies of a desk share one account: a buy of one that meets a sale of the other would trade the desk with
itself, pay for it twice, and be refused by a broker as a wash trade.
"""

from __future__ import annotations

from decimal import Decimal

from trading.instruments import Side
from trading.money import ZERO
from trading.orders import OPERATOR, PROTECTIVE, Leg, Order, OrderRequest
from trading.portfolio import Portfolio


def opposing_orders(request: OrderRequest, portfolio: Portfolio) -> tuple[Order, ...]:
    """Open orders of other strategies on the other side of its symbol; stops and targets wait, and are none."""
    return tuple(
        order
        for order in portfolio.open_orders
        if order.request.symbol == request.symbol
        and order.request.strategy_id != request.strategy_id
        and order.request.side is not request.side
        and order.request.leg not in PROTECTIVE
        and order.leaves > 0
    )


def opposing_shares(request: OrderRequest, desk: Portfolio, own: Portfolio | None) -> Decimal:
    """Signed shares that other strategies hold the other way round; `own` is the part of the one that gives the order.

    A strategy without a part of its own is the whole desk, and nobody else holds anything.
    """
    if own is None:
        return ZERO
    others = desk.held(request.symbol) - own.held(request.symbol)
    return others if others * (1 if request.side is Side.BUY else -1) < 0 else ZERO


def in_the_way(request: OrderRequest, portfolio: Portfolio) -> tuple[Order, ...]:
    """What an exit has cancelled before it is sent: entries of others against it, and what protects its own shares.

    A person's exit takes shares of any strategy: what protects them yields, whosever it is.
    """
    if request.leg is not Leg.EXIT:
        return ()
    entries = (order for order in opposing_orders(request, portfolio) if order.request.leg is Leg.ENTRY)
    protecting = (
        order
        for order in portfolio.open_orders
        if order.request.leg in PROTECTIVE
        and order.request.symbol == request.symbol
        and request.strategy_id in {OPERATOR, order.request.strategy_id}
    )
    return (*entries, *protecting)
