"""What a split makes of one desk's book in one symbol: shares, open orders and their prices. Pure rules."""

from __future__ import annotations

from decimal import Decimal

from adapters.paper_broker.book import Book, PaperOrder
from trading.adjustments import new_price, new_shares
from trading.money import ZERO

_PRICES = ("limit_price", "stop_price", "stop", "target", "mark")


def split(book: Book, ratio: Decimal, *, fractions: bool) -> Book:
    """The book in new shares. What was filled stays as it was filled; what an order leaves is multiplied.

    The two legs of an entry share what they leave, and still do. An order that leaves less than a share has ended.
    """
    changed = (_split(book, order, ratio, fractions=fractions) for order in book.open_orders())
    return Book(held=new_shares(book.held, ratio, fractions=fractions), orders={**book.orders}).holding(*changed)


def _split(book: Book, order: PaperOrder, ratio: Decimal, *, fractions: bool) -> PaperOrder:
    family = book.legs(order.parent_id) if order.is_leg else (order,)
    done = sum((one.filled_quantity for one in family), ZERO)
    left = new_shares(order.quantity - done, ratio, fractions=fractions)
    prices = {name: new_price(price, ratio) for name in _PRICES if (price := getattr(order, name)) is not None}
    if left <= 0:
        return order.closed("the split left less than a share of it").model_copy(update=prices)
    return order.model_copy(update={**prices, "quantity": done + left})
