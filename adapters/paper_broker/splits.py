"""What a split makes of one desk's book in one symbol: shares, open orders and their prices. Pure rules."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from adapters.paper_broker.book import Book, PaperOrder
from trading.adjustments import new_price, new_shares
from trading.money import ZERO

_PRICES = ("limit_price", "stop_price", "stop", "target", "mark")


class Split(NamedTuple):
    """`ratio` new shares for each old one, from a moment on; whether parts of a share are kept.

    `gained` are signed shares that came to be held since that moment: new ones already.
    """

    ratio: Decimal
    at: datetime
    fractions: bool
    gained: Decimal = ZERO


def split_book(book: Book, split: Split) -> Book:
    """The book in new shares. What was filled stays as it was filled; what an order leaves is multiplied.

    The two legs of an entry share what they leave, and still do. An order that leaves less than a share has ended; one
    that came after the split is of new shares. None of them meets a quote of the old shares any more.
    """
    changed = (_split(book, order, split) for order in book.open_orders() if order.as_of < split.at)
    held = new_shares(book.held - split.gained, split.ratio, fractions=split.fractions) + split.gained
    return Book(held=held, orders={**book.orders}).holding(*changed)


def marks(mark: Decimal, marked_at: datetime, split: Split) -> tuple[Decimal, Decimal]:
    """Dollars for an old share and for a new one, by a mark of a moment: before the split, or since."""
    if marked_at > split.at:
        return mark * split.ratio, mark
    return mark, new_price(mark, split.ratio)


def _split(book: Book, order: PaperOrder, split: Split) -> PaperOrder:
    family = book.legs(order.parent_id) if order.is_leg else (order,)
    done = sum((one.filled_quantity for one in family), ZERO)
    left = new_shares(order.quantity - done, split.ratio, fractions=split.fractions)
    if left <= 0:
        return order.closed("the split left less than a share of it")
    prices = {name: new_price(price, split.ratio) for name in _PRICES if (price := getattr(order, name)) is not None}
    met_at = split.at if order.met_at is None else max(order.met_at, split.at)
    return order.model_copy(update={**prices, "quantity": done + left, "met_at": met_at})
