"""What a split makes of one desk's book in one symbol: shares, open orders and their prices. Pure rules."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

from adapters.paper_broker.book import Book, PaperOrder
from trading.market import PRICE_STEP
from trading.money import ZERO, cents

_EXACTLY = Context(prec=40)
_SHARE = Decimal("1e-9")
_PRICES = ("limit_price", "stop_price", "stop", "target", "mark")


def split(book: Book, ratio: Decimal, *, fractions: bool) -> Book:
    """The book in new shares. What was filled stays as it was filled; what an order leaves is multiplied.

    The two legs of an entry share what they leave, and still do. An order that leaves less than a share has ended.
    """
    changed = (_split(book, order, ratio, fractions=fractions) for order in book.open_orders())
    return Book(held=_whole(book.held, ratio, fractions=fractions), orders={**book.orders}).holding(*changed)


def in_cash(held: Decimal, mark: Decimal, ratio: Decimal, *, fractions: bool) -> Decimal:
    """Dollars paid for the part of a share that a split leaves over, so that the value stays the same to the cent."""
    after = _whole(held, ratio, fractions=fractions)
    if after == _EXACTLY.multiply(held, ratio):
        return ZERO
    return cents(held * mark) - cents(_EXACTLY.divide(_EXACTLY.multiply(after, mark), ratio))


def rebased(price: Decimal, ratio: Decimal) -> Decimal:
    """A price of old shares in new ones, to a millionth of a dollar."""
    return max((price / ratio).quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN), PRICE_STEP)


def _split(book: Book, order: PaperOrder, ratio: Decimal, *, fractions: bool) -> PaperOrder:
    family = book.legs(order.parent_id) if order.is_leg else (order,)
    done = sum((one.filled_quantity for one in family), ZERO)
    left = _whole(order.quantity - done, ratio, fractions=fractions)
    prices = {name: rebased(price, ratio) for name in _PRICES if (price := getattr(order, name)) is not None}
    if left <= 0:
        return order.closed("the split left less than a share of it").model_copy(update=prices)
    return order.model_copy(update={**prices, "quantity": done + left})


def _whole(shares: Decimal, ratio: Decimal, *, fractions: bool) -> Decimal:
    exact = _EXACTLY.multiply(shares, ratio)
    return exact.quantize(_SHARE if fractions else Decimal(1), rounding=ROUND_DOWN)
