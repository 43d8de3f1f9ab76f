"""How resting orders meet a quote: pure rules over one desk's book in one symbol."""

from __future__ import annotations

from decimal import Decimal

from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.terms import Offer
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import PROTECTIVE, Fill, Leg, OrderKind, OrderRequest

MAX_ID_LENGTH = 128  # as Alpaca's; a leg's and a fill's name must still fit an identifier
_KINDS = {Leg.STOP: OrderKind.STOP, Leg.TARGET: OrderKind.LIMIT}


def refusal(request: OrderRequest) -> str | None:
    """Why a request cannot become an order at all, None when it can."""
    if request.leg in PROTECTIVE:
        return "protective orders come with their entry's stop and target"
    if request.client_order_id.endswith(tuple(f"-{leg}" for leg in PROTECTIVE)):
        return "a client_order_id must not end as a protective order's does"
    if len(request.client_order_id) > MAX_ID_LENGTH:
        return f"a client_order_id has at most {MAX_ID_LENGTH} characters"
    return None


def rejection(book: Book, request: OrderRequest) -> str | None:
    """Why the book rejects an order: it would sell what the desk does not hold, or offers in other orders already."""
    if request.side is Side.BUY:
        return None
    offered = sum((o.leaves for o in book.open_orders() if o.side is Side.SELL and not o.is_protective), ZERO)
    if request.quantity <= book.held - offered:
        return None
    return f"{request.quantity:f} {request.symbol} to sell, {book.held:f} held, {offered:f} of them offered already"


def meet(book: Book, offer: Offer) -> Book:
    """Let every open order meet a quote once: stops before targets before the rest, each oldest first."""
    for order in sorted(book.open_orders(), key=_turn):
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


def _turn(order: PaperOrder) -> int:
    if order.kind is OrderKind.STOP:
        return 0
    return 1 if order.is_protective else 2


def _price(order: PaperOrder, offer: Offer) -> Decimal | None:
    """Dollars a share that the order trades at against this quote, None when it rests."""
    price = offer.price(order.side)
    buying = order.side is Side.BUY
    if order.limit_price is not None:
        if offer.quote.ask > order.limit_price if buying else offer.quote.bid < order.limit_price:
            return None
        return min(price, order.limit_price) if buying else max(price, order.limit_price)
    # A stop that has begun to fill was triggered, and stays so.
    if order.stop_price is not None and not order.filled_quantity:
        triggered = offer.quote.ask >= order.stop_price if buying else offer.quote.bid <= order.stop_price
        return price if triggered else None
    return price


def _fillable(book: Book, order: PaperOrder, offer: Offer) -> Decimal:
    """Shares that the order may fill now: what is left, what the market gives, and for a sell what there is to sell."""
    most = order.leaves if offer.room is None else min(order.leaves, offer.room)
    if order.side is Side.BUY:
        return most
    return min(most, book.held, _unsold(book, order) if order.is_protective else order.leaves)


def _unsold(book: Book, leg: PaperOrder) -> Decimal:
    """Shares of a leg's entry that neither leg has sold yet: the two share one quantity."""
    return leg.quantity - sum((o.filled_quantity for o in book.legs(leg.parent_id)), ZERO)


def _settle(book: Book, order: PaperOrder, fill: Fill) -> Book:
    order = order.filled(fill.quantity)
    book = book.holding(order).booked(fill)
    if order.is_protective:
        book = _after_leg(book, order)
    elif order.leg is Leg.ENTRY and order.side is Side.BUY:
        book = _protect(book, order, fill)
    return _close_if_flat(book)


def _after_leg(book: Book, leg: PaperOrder) -> Book:
    """The position's idea is over: buy no more of it, and end both legs when all of it is sold."""
    if leg.parent_id is None:
        return book
    book = book.holding(book[leg.parent_id].closed("a protective order was filled"))
    if _unsold(book, leg) > 0:
        return book
    return book.holding(*(other.closed("the entry's shares are sold") for other in book.legs(leg.parent_id)))


def _protect(book: Book, entry: PaperOrder, fill: Fill) -> Book:
    """Rest the entry's legs for all that it has filled so far; one that was cancelled stays so."""
    there = {leg.leg: leg for leg in book.legs(entry.client_order_id)}
    grown = (leg.model_copy(update={"quantity": entry.filled_quantity}) for leg in there.values() if leg.is_open)
    asked = {Leg.STOP: entry.stop, Leg.TARGET: entry.target}
    new = (_leg(entry, leg, price, fill) for leg, price in asked.items() if price is not None and leg not in there)
    return book.holding(*grown, *new)


def _leg(entry: PaperOrder, leg: Leg, price: Decimal, fill: Fill) -> PaperOrder:
    return PaperOrder(
        client_order_id=f"{entry.client_order_id}-{leg}",
        desk_id=entry.desk_id,
        symbol=entry.symbol,
        side=Side.SELL,
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
    """Nothing is left to sell: end every sell, except the legs of an entry that may still fill."""
    if book.held > 0:
        return book
    buying = {order.client_order_id for order in book.open_orders() if order.side is Side.BUY}
    idle = (o for o in book.open_orders() if o.side is Side.SELL and o.parent_id not in buying)
    return book.holding(*(order.closed("nothing is held any more") for order in idle))
