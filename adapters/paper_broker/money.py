"""What an account at the paper broker is worth and may spend. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from adapters.paper_broker.book import Book
from adapters.paper_broker.terms import Offer
from trading.accounts import Account
from trading.instruments import Side
from trading.money import ZERO, cents, notional
from trading.orders import Fill, Leg, OrderRequest


class Money(NamedTuple):
    """An account in dollars: cash, marked positions, the part of them that is short, what open orders may cost."""

    cash: Decimal
    value: Decimal
    short: Decimal
    reserved: Decimal

    @property
    def buying_power(self) -> Decimal:
        """What new orders may cost: a cash account lends nothing, and what short sales brought is kept for them."""
        return max(self.cash - self.short - self.reserved, ZERO)

    def account(self, desk_id: str) -> Account:
        """The account as the broker tells it."""
        return Account(
            account_id=f"paper-{desk_id}",
            cash=self.cash,
            settled_cash=self.cash - self.reserved,
            buying_power=self.buying_power,
            equity=self.cash + self.value,
        )


def money_of(cash: Decimal, held: Iterable[tuple[Decimal, Decimal]], buys: Iterable[tuple[Decimal, Decimal]]) -> Money:
    """An account by its cash, signed shares with their marks, and what open entries that buy leave, with its price."""
    values = [cents(quantity * mark) for quantity, mark in held]
    short = sum((-value for value in values if value < 0), ZERO)
    return Money(cash, sum(values, ZERO), short, sum((notional(leaves, price) for leaves, price in buys), ZERO))


def unaffordable(book: Book, request: OrderRequest, money: Money, offer: Offer | None) -> str | None:
    """Why the account cannot pay for an order at the price it meets, None when it can."""
    if request.side is Side.SELL or request.leg is not Leg.ENTRY:
        return None
    price = request.limit_price or request.stop_price or (offer.price(request.side) if offer else request.mark)
    return _beyond(request.quantity, price, book.held, money.buying_power, request.symbol)


def unpaid(book: Book, fill: Fill, money: Money) -> str | None:
    """Why the account cannot pay for a fill that is about to happen, commission included, None when it can."""
    free = money.cash - money.short - fill.commission
    return _beyond(fill.quantity, fill.price, book.held, free, fill.symbol)


def _beyond(quantity: Decimal, price: Decimal, held: Decimal, free: Decimal, symbol: str) -> str | None:
    """What buys back a short position costs nothing new."""
    cost = notional(max(quantity - max(-held, ZERO), ZERO), price)
    if cost <= free:
        return None
    return f"{quantity:f} {symbol} cost {cost} USD, the account has {free} to spend"
