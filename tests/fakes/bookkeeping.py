"""Books folded from what happened, the statement that a broker would give of them, and corrections told to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.making import AT, DESK, after
from trading import funding
from trading.accounts import Account
from trading.adjustments import Adjustment
from trading.books import Books
from trading.corrections import AdoptLeg, BookAdjustment, BookCapital, BookFill, MoveOrder
from trading.differences import Difference
from trading.money import ZERO
from trading.order_events import protective_request
from trading.orders import Fill, Order, OrderState, advance, settle
from trading.portfolio import CapitalEvent, Portfolio, cash_of, positions_of
from trading.settlement import BrokerOrder
from trading.sleeves import Told, owners_of, sleeves_of
from trading.statement import Activity, Holding, Statement
from trading.trades import trades_of

TAKEN_AT = AT + timedelta(days=4)
LATE = timedelta(seconds=30)


def folded(
    orders: Iterable[Order],
    fills: Iterable[Fill],
    capital: Iterable[CapitalEvent],
    adjustments: Iterable[Adjustment] = (),
) -> Books:
    """The books that these make; orders as they were last said to be, apart from their fills."""
    fills, capital, adjustments = tuple(fills), tuple(capital), tuple(adjustments)
    settled = tuple(settle(order, of(order, fills)) for order in orders)
    return Books(
        desk_id=DESK,
        portfolio=Portfolio(
            desk_id=DESK,
            cash=cash_of(capital, fills),
            positions=tuple(positions_of(fills, adjustments).values()),
            open_orders=tuple(order for order in settled if order.is_open),
        ),
        capital=capital,
        orders=settled,
        fills=fills,
        adjustments=adjustments,
        **divided(Told(fills, adjustments, capital, owners_of(settled))),
    )


def divided(told: Told) -> dict[str, Any]:
    """What each strategy has in such books, and its trades."""
    made = sleeves_of(told)
    parts = (row for name, held in made.holdings.items() for row in funding.sub_positions(name, held))
    return {
        "trades": tuple(trades_of(told.fills, told.adjustments, told.owners).values()),
        "sub_positions": tuple(parts),
        "accounts": tuple(funding.Account(strategy_id=name, cash=cash) for name, cash in made.cash.items()),
    }


def of(order: Order, fills: Iterable[Fill]) -> list[Fill]:
    return [fill for fill in fills if fill.client_order_id == order.request.client_order_id]


def corrected(books: Books, differences: Iterable[Difference]) -> Books:
    """The books once they have been told every correction, in the order given."""
    orders = {order.request.client_order_id: order for order in books.orders}
    fills, capital, adjustments = list(books.fills), list(books.capital), list(books.adjustments)
    for correction in (difference.correction for difference in differences):
        match correction:
            case BookFill(fill=fill):
                fills.append(fill)
            case BookCapital(capital=paid):
                capital.append(paid)
            case BookAdjustment(adjustment=adjustment):
                adjustments.append(adjustment)
            case MoveOrder(client_order_id=name, state=state, held=told):
                orders[name] = advance(orders[name], state, broker_order_id=told.broker_order_id)
            case AdoptLeg(entry_id=entry, leg=leg):
                request = protective_request(orders[entry].request, leg)
                adopted = Order(request=request, state=OrderState.ACCEPTED, broker_order_id=leg.broker_order_id)
                orders[leg.client_order_id] = adopted
            case _:
                pass
    return folded(orders.values(), fills, capital, adjustments)


def at_broker(order: Order, **more: object) -> BrokerOrder:
    """The broker's side of an order that the two agree on."""
    request = order.request
    fields: dict[str, object] = {
        "client_order_id": request.client_order_id,
        "broker_order_id": order.broker_order_id or f"b-{request.client_order_id}",
        "symbol": request.symbol,
        "side": request.side,
        "leg": request.leg,
        "quantity": request.quantity,
        "filled_quantity": order.filled_quantity,
        "state": order.state,
        "stop_price": request.stop_price,
        "limit_price": request.limit_price,
        "parent_id": request.parent_id,
        "received_at": AT,
    }
    return BrokerOrder.model_validate(fields | more)


def account(cash: Decimal, worth: Decimal = ZERO, **more: object) -> Account:
    fields = {"account_id": "account-1", "cash": cash, "settled_cash": cash, "buying_power": cash}
    return Account.model_validate(fields | {"equity": cash + worth} | more)


def statement_of(books: Books, taken_at: datetime = TAKEN_AT, **more: object) -> Statement:
    """What a broker says that agrees with these books in everything."""
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for position in books.portfolio.positions:
        shares[position.symbol] += position.quantity
    holdings = tuple(Holding(symbol=symbol, quantity=quantity) for symbol, quantity in shares.items() if quantity)
    fields: dict[str, object] = {
        "desk_id": DESK,
        "since_at": after(-60),
        "taken_at": taken_at,
        "account": account(books.portfolio.cash, Decimal(1000) if holdings else ZERO),
        "holdings": holdings,
        "orders": tuple(at_broker(order) for order in books.orders if order.state is not OrderState.DENIED),
        "fills": books.fills,
        "activities": (),
    }
    return Statement.model_validate(fields | more)


def activity(kind: str, amount: str = "0", **more: object) -> Activity:
    fields = {"activity_id": f"{kind}-1", "kind": kind, "amount": amount, "occurred_at": after(60)}
    return Activity.model_validate(fields | more)
