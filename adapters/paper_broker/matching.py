"""How resting orders meet a quote: pure rules over one desk's book in one symbol."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from adapters.paper_broker.book import Book, PaperOrder, leg_id
from adapters.paper_broker.terms import Offer, PaperTerms
from trading.instruments import Side
from trading.market import Quote
from trading.money import ZERO
from trading.orders import PROTECTIVE, Fill, Leg, OrderKind, OrderRequest

MAX_ID_LENGTH = 128  # as Alpaca's; a leg's and a fill's name must still fit an identifier
_KINDS = {Leg.STOP: OrderKind.STOP, Leg.TARGET: OrderKind.LIMIT}


def refusal(request: OrderRequest) -> str | None:
    """Why a request cannot become an order at all, None when it can."""
    name = request.client_order_id
    if request.leg not in PROTECTIVE and name.endswith(tuple(f"-{leg}" for leg in PROTECTIVE)):
        return "a client_order_id must not end as a protective order's does"
    if request.leg in PROTECTIVE and name == leg_id(request.parent_id, request.leg):
        return "that client_order_id is the one of the protective order that comes with the entry"
    if request.leg in PROTECTIVE and request.kind is not _KINDS[request.leg]:
        return f"a {request.leg} is a {_KINDS[request.leg]} order"
    if len(name) > MAX_ID_LENGTH:
        return f"a client_order_id has at most {MAX_ID_LENGTH} characters"
    return None


def rejection(book: Book, request: OrderRequest, terms: PaperTerms) -> str | None:
    """Why the book rejects an order, None when it does not.

    It would trade parts of a share where there are none, or sell what the desk does not hold, or what other orders
    offer already. Protective orders share what is held among them.
    """
    if not terms.fractionable and request.quantity != request.quantity.to_integral_value():
        return f"{request.quantity:f} {request.symbol}: only whole shares are traded"
    if request.leg is Leg.ENTRY and (request.side is Side.BUY or terms.allow_short):
        return None
    held, doing = book.reducible(request.side), "sell" if request.side is Side.SELL else "buy back"
    if request.leg in PROTECTIVE:
        return None if request.quantity <= held else f"{request.quantity:f} {request.symbol} to protect, {held:f} held"
    others = (o for o in book.open_orders() if o.side is request.side and not o.is_protective)
    offered = sum((o.leaves for o in others if request.side is Side.SELL or o.only_reduces), ZERO)
    if request.quantity <= held - offered:
        return None
    return f"{request.quantity:f} {request.symbol} to {doing}, {held:f} held, {offered:f} of them offered already"


def in_turn(book: Book) -> list[PaperOrder]:
    """The open orders as they meet a quote: stops before targets before the rest, each oldest first."""
    return sorted(book.open_orders(), key=_turn)


def meet(book: Book, offer: Offer) -> Book:
    """Let every open order meet a quote once, each in its turn."""
    for order in in_turn(book):
        book = meet_one(book, order.client_order_id, offer)
    return book


def meet_one(book: Book, client_order_id: str, offer: Offer) -> Book:
    """Let one order meet a quote, with all that follows from its fill.

    A quote that is not newer than the last one it met changes nothing.
    """
    order = book[client_order_id]
    at = offer.quote.quoted_at
    if not order.is_open or (order.met_at is not None and at <= order.met_at):
        return book
    if order.is_over(at):
        return expire(book, at)
    order = order.model_copy(update={"met_at": at})
    price, quantity = _price(order, offer), _fillable(book, order, offer)
    if price is None or quantity <= 0:
        return book.holding(order)
    fill = Fill(
        fill_id=f"{order.client_order_id}.f{order.fill_count + 1}",
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        price=price,
        commission=offer.terms.commission(quantity, price, first=order.fill_count == 0),
        filled_at=max(at, order.as_of),
    )
    return _settle(book, order, fill)


def cancel(book: Book, client_order_id: str) -> Book:
    """Cancel what is left of an order, and the protection of an entry that never came to hold anything."""
    return _close_if_flat(book.holding(book[client_order_id].closed()))


def expire(book: Book, at: datetime) -> Book:
    """End the orders whose session has ended at this moment."""
    return _close_if_flat(book.holding(*(order.expired() for order in book.open_orders() if order.is_over(at))))


def _turn(order: PaperOrder) -> int:
    if order.kind is OrderKind.STOP:
        return 0
    return 1 if order.is_protective else 2


def is_triggered(order: PaperOrder, quote: Quote) -> bool:
    """Whether a quote makes a market order of a stop order."""
    if order.stop_price is None:
        return False
    return quote.ask >= order.stop_price if order.side is Side.BUY else quote.bid <= order.stop_price


def rests(order: PaperOrder, quote: Quote) -> bool:
    """Whether a quote is beyond the order's price: not at its limit yet, or not at its stop."""
    if order.limit_price is not None:
        return quote.ask > order.limit_price if order.side is Side.BUY else quote.bid < order.limit_price
    # A stop that has begun to fill was triggered, and stays so.
    return order.stop_price is not None and not order.filled_quantity and not is_triggered(order, quote)


def _price(order: PaperOrder, offer: Offer) -> Decimal | None:
    """Dollars a share that the order trades at against this quote, None when it rests."""
    if rests(order, offer.quote):
        return None
    price = offer.price(order.side)
    if order.limit_price is not None:
        return min(price, order.limit_price) if order.side is Side.BUY else max(price, order.limit_price)
    return price


def _fillable(book: Book, order: PaperOrder, offer: Offer) -> Decimal:
    """Shares that the order may fill now: what is left, what the market gives, and what there is to reduce."""
    most = order.leaves if offer.room is None else min(order.leaves, offer.room)
    if order.leg is Leg.ENTRY and (order.side is Side.BUY or offer.terms.allow_short):
        return most
    return min(most, book.reducible(order.side), _unsold(book, order) if order.is_leg else order.leaves)


def _unsold(book: Book, leg: PaperOrder) -> Decimal:
    """Shares of a leg's entry that neither leg has sold yet: the two share one quantity."""
    return leg.quantity - sum((o.filled_quantity for o in book.legs(leg.parent_id)), ZERO)


def _settle(book: Book, order: PaperOrder, fill: Fill) -> Book:
    order = order.filled(fill.quantity)
    book = book.holding(order).booked(fill)
    if order.is_protective:
        book = _after_leg(book, order)
    elif order.leg is Leg.ENTRY:
        book = _protect(book, order, fill)
    return _close_if_flat(book)


def _after_leg(book: Book, leg: PaperOrder) -> Book:
    """The position's idea is over: enter no more of it, and end both legs when all of it is sold.

    Orders that were sent to protect it later end together when one of them is filled.
    """
    entry = book.orders.get(leg.parent_id or "")
    if entry is not None:
        book = book.holding(entry.closed("a protective order was filled"))
    if leg.leaves > 0 if not leg.is_leg else _unsold(book, leg) > 0:
        return book
    family = book.legs(leg.parent_id) if leg.is_leg else book.remade(leg.parent_id)
    return book.holding(*(other.closed("the entry's shares are sold") for other in family))


def _protect(book: Book, entry: PaperOrder, fill: Fill) -> Book:
    """Rest the entry's legs for all that it has filled so far; one that was cancelled stays so."""
    there = {leg.leg: leg for leg in book.legs(entry.client_order_id)}
    grown = (leg.model_copy(update={"quantity": leg.quantity + fill.quantity}) for leg in there.values() if leg.is_open)
    asked = {Leg.STOP: entry.stop, Leg.TARGET: entry.target}
    new = (_leg(entry, leg, price, fill) for leg, price in asked.items() if price is not None and leg not in there)
    return book.holding(*grown, *new)


def _leg(entry: PaperOrder, leg: Leg, price: Decimal, fill: Fill) -> PaperOrder:
    return PaperOrder(
        client_order_id=leg_id(entry.client_order_id, leg),
        desk_id=entry.desk_id,
        symbol=entry.symbol,
        side=Side.SELL if entry.side is Side.BUY else Side.BUY,
        leg=leg,
        kind=_KINDS[leg],
        quantity=entry.filled_quantity,
        limit_price=price if leg is Leg.TARGET else None,
        stop_price=price if leg is Leg.STOP else None,
        parent_id=entry.client_order_id,
        as_of=fill.filled_at,
        met_at=entry.met_at,
        received_at=entry.received_at,
    )


def _close_if_flat(book: Book) -> Book:
    """End every order that only reduces and has nothing to, except the legs of an entry that may still fill."""
    entering = {order.client_order_id for order in book.open_orders() if order.leg is Leg.ENTRY}
    idle = (
        order
        for order in book.open_orders()
        if order.only_reduces and book.reducible(order.side) <= 0 and order.parent_id not in entering
    )
    return book.holding(*(order.closed("nothing is held any more") for order in idle))
