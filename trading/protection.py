"""What is held without the stop that its entry asked for, and the orders that would put that right. Pure.

Shares are told apart by the entry that bought them. A fill of a stop or target closes shares of its own entry first;
then, as the books do, those of its own strategy, and of what is left the oldest. Through a split shares, stop and
target become those of the new share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from trading.adjustments import Adjustment, new_shares, price_through
from trading.books import Books, Finding
from trading.instruments import Side, Symbol
from trading.money import SMALL_TICK, ZERO, Identifier, Price, Quantity, Record, tick
from trading.orders import (
    Leg,
    Order,
    OrderKind,
    OrderRequest,
    TimeInForce,
    successor_id,
)
from trading.portfolio import Happening, timeline
from trading.sleeves import FIRST


class Unprotected(Record):
    """Shares of one entry that no stop and no exit covers; `stop` and `target` in dollars a share of today.

    `order` is the stop that is to be made for them.
    """

    symbol: Symbol
    quantity: Quantity
    stop: Price
    target: Price | None = None
    entry: OrderRequest
    order: OrderRequest


class Outgrown(Record):
    """A resting stop that no longer fits its entry: it sells more than is left, or at a price from before a split.

    It is to be cancelled, and `order` made in its place; None when there is nothing left for it to protect.
    """

    client_order_id: Identifier
    symbol: Symbol
    resting: Quantity
    order: OrderRequest | None = None


class _Lot(NamedTuple):
    """Signed shares of one fill that are still held, by the entry and the strategy that brought them."""

    entry_id: str
    strategy_id: str
    quantity: Decimal
    opened_at: datetime


class EntryShares(NamedTuple):
    """Signed shares that one entry still explains; `entry_id` is empty for shares that no order of ours brought."""

    entry_id: str
    quantity: Decimal


def unprotected(books: Books, at: datetime) -> tuple[Unprotected, ...]:
    """What is held without its stop, by entry. `at` is the moment that the orders are of.

    An entry that asked for no stop needs none, one that is still open has none yet. Together with the open stops and
    exits of a symbol the orders never sell more than is held.
    """
    return tuple(
        Unprotected(
            symbol=entry.symbol,
            quantity=quantity,
            stop=_rebased(books, entry, stop),
            target=entry.target and _rebased(books, entry, entry.target),
            entry=entry,
            order=_remade(books, entry, quantity, _rebased(books, entry, stop), at),
        )
        for entry, stop, quantity in _bare(books)
    )


def outgrown(books: Books, at: datetime) -> tuple[Outgrown, ...]:
    """The resting stops that no longer fit what is left of their entries. `at` is the moment that the orders are of.

    Of several stops of one entry the newest give way first.
    """
    left = {lot.entry_id: abs(lot.quantity) for lots in lots_of(books).values() for lot in lots}
    orders = {order.request.client_order_id: order for order in books.orders}
    found: list[Outgrown] = []
    for name, stops in _open_stops(books).items():
        entry = orders.get(name)
        if entry is None or entry.is_open:
            continue
        held, stale = left.get(name, ZERO), any(_is_stale(books, stop) for stop in stops)
        for stop in stops:
            fits = ZERO if stale else min(stop.leaves, held)
            if fits != stop.leaves:
                wanted = held if stale else fits
                found.append(_outgrown(books, entry.request, stop, wanted, at))
                held -= wanted
            else:
                held -= fits
    return tuple(found)


def positions_have_stops(books: Books) -> Iterable[Finding]:
    """P1: whatever is held has the stop that its entry asked for, in the shares of today."""
    for entry, _, quantity in _bare(books):
        found = f"{quantity:f} shares of {entry.symbol} without their stop"
        yield Finding(invariant="P1", about=entry.client_order_id, found=found)
    held = {lot.entry_id for lots in lots_of(books).values() for lot in lots}
    for entry_id, stops in _open_stops(books).items():
        if entry_id in held and any(_is_stale(books, stop) for stop in stops):
            yield Finding(invariant="P1", about=entry_id, found="its stop is at a price from before a split")


def lots_of(books: Books) -> dict[str, tuple[EntryShares, ...]]:
    """What is held in each symbol, oldest first, by the entry that brought it."""
    return {symbol: _by_entry(lots) for symbol, lots in _held(books).items()}


def _by_entry(lots: Iterable[_Lot]) -> tuple[EntryShares, ...]:
    entries: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for lot in lots:
        entries[lot.entry_id] += lot.quantity
    return tuple(EntryShares(name, quantity) for name, quantity in entries.items())


def _held(books: Books) -> dict[str, tuple[_Lot, ...]]:
    orders = {order.request.client_order_id: order.request for order in books.orders}
    lots: dict[str, tuple[_Lot, ...]] = defaultdict(tuple)
    for change in timeline(books.fills, books.adjustments):
        lots[change.symbol] = tuple(_after(lots[change.symbol], change, orders))
    return lots


def _after(lots: tuple[_Lot, ...], change: Happening, orders: Mapping[str, OrderRequest]) -> Iterable[_Lot]:
    if isinstance(change, Adjustment):
        if change.ratio is not None:
            return _split(lots, change.ratio, fractions=change.fractions)
        return _booked(lots, _Lot("", change.strategy_id or FIRST, change.quantity, change.effective_at), None)
    request = orders.get(change.client_order_id)
    own, strategy = (request.parent_id, request.strategy_id) if request else (None, FIRST)
    return _booked(lots, _Lot(change.client_order_id, strategy, change.signed_quantity, change.filled_at), own)


def _split(lots: tuple[_Lot, ...], ratio: Decimal, *, fractions: bool) -> Iterator[_Lot]:
    """The lots in new shares, together what the position is; each whole but the last, as a stop has to be.

    They are counted up by strategy, as the books do it, so that each strategy's come to what those say.
    """
    before = counted = ZERO
    new: dict[int, Decimal] = {}
    for turn, number in enumerate(sorted(range(len(lots)), key=lambda one: lots[one].strategy_id), start=1):
        counted += lots[number].quantity
        upto = new_shares(counted, ratio, fractions=fractions and turn == len(lots))
        new[number] = upto - before
        before = upto
    yield from (lot._replace(quantity=new[number]) for number, lot in enumerate(lots) if new[number])


def _booked(lots: tuple[_Lot, ...], new: _Lot, own: str | None) -> tuple[_Lot, ...]:
    """The lots after shares came or went; what is left over is new. `own` is the entry that they protect."""
    rest, kept = new.quantity, dict(enumerate(lots))

    def turn(number: int) -> tuple[bool, bool, datetime, str]:
        lot = lots[number]
        return lot.entry_id != own, lot.strategy_id != new.strategy_id, lot.opened_at, lot.strategy_id

    for number in sorted(kept, key=turn):
        lot = lots[number]
        if lot.quantity * rest < 0:
            closed = min(abs(rest), abs(lot.quantity)).copy_sign(rest)
            kept[number] = lot._replace(quantity=lot.quantity + closed)
            rest -= closed
    opened = (new._replace(quantity=rest),) if rest else ()
    return (*(lot for lot in kept.values() if lot.quantity), *opened)


def _bare(books: Books) -> Iterator[tuple[OrderRequest, Decimal, Decimal]]:
    """Each entry with shares that nothing covers, the stop that it asked for, and how many shares they are.

    An open exit will take shares as its fills would; a stop from before a split is to be replaced, not added to.
    """
    orders = {order.request.client_order_id: order for order in books.orders}
    stops = _open_stops(books)
    for symbol, lots in _held(books).items():
        left = _by_entry(_once_sold(books, symbol, lots))
        resting = sum((one.leaves for held in stops.values() for one in held if one.request.symbol == symbol), ZERO)
        free = abs(sum((lot.quantity for lot in left), ZERO)) - resting
        for lot in left:
            entry, covering = orders.get(lot.entry_id), stops.get(lot.entry_id, ())
            if entry is None or entry.is_open or any(_is_stale(books, stop) for stop in covering):
                continue
            bare = min(abs(lot.quantity) - sum((stop.leaves for stop in covering), ZERO), free)
            if entry.request.stop is not None and bare > 0:
                free -= bare
                yield entry.request, entry.request.stop, bare


def _once_sold(books: Books, symbol: str, lots: tuple[_Lot, ...]) -> tuple[_Lot, ...]:
    """What is left of these lots once every open exit has filled."""
    closing = Side.SELL if sum((lot.quantity for lot in lots), ZERO) > 0 else Side.BUY
    for order in books.orders:
        asked = order.request
        if asked.leg is Leg.EXIT and (asked.symbol, asked.side) == (symbol, closing) and order.leaves:
            signed = order.leaves if closing is Side.BUY else -order.leaves
            after = _booked(lots, _Lot(asked.client_order_id, asked.strategy_id, signed, asked.as_of), None)
            lots = tuple(lot for lot in after if lot.entry_id != asked.client_order_id)
    return lots


def _open_stops(books: Books) -> dict[str, tuple[Order, ...]]:
    """The open stops of each entry, oldest first."""
    stops: dict[str, list[Order]] = defaultdict(list)
    for order in books.orders:
        if order.request.leg is Leg.STOP and order.is_open:
            stops[str(order.request.parent_id)].append(order)
    return {entry: tuple(sorted(held, key=_age)) for entry, held in stops.items()}


def _age(order: Order) -> tuple[datetime, int, str]:
    # Of names that count up the longer one is the later.
    return order.request.as_of, len(order.request.client_order_id), order.request.client_order_id


def _is_stale(books: Books, stop: Order) -> bool:
    price = stop.request.stop_price
    return price is not None and _rebased(books, stop.request, price) != price


def _rebased(books: Books, request: OrderRequest, price: Decimal) -> Decimal:
    """A price that an order named, in the shares of today, at a tick that can be sent."""
    through = price_through(price, request.symbol, books.adjustments, request.as_of)
    return price if through == price else max(through.quantize(tick(through), ROUND_HALF_EVEN), SMALL_TICK)


def _outgrown(books: Books, entry: OrderRequest, stop: Order, wanted: Decimal, at: datetime) -> Outgrown:
    request = stop.request
    price = _rebased(books, request, request.stop_price) if request.stop_price else None
    if entry.stop is not None:
        price = _rebased(books, entry, entry.stop)
    remade = _remade(books, entry, wanted, price, at) if wanted and price else None
    return Outgrown(
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        resting=stop.leaves,
        order=remade and remade.model_copy(update={"replaces": request.client_order_id}),
    )


def _remade(books: Books, entry: OrderRequest, quantity: Decimal, price: Decimal, at: datetime) -> OrderRequest:
    """The stop for so many shares of an entry at a price of today."""
    marks = {position.symbol: position.mark for position in books.portfolio.positions}
    changes = {
        "client_order_id": _name(books, entry),
        "leg": Leg.STOP,
        "side": Side.SELL if entry.side is Side.BUY else Side.BUY,
        "kind": OrderKind.STOP,
        "quantity": quantity,
        "mark": marks.get(entry.symbol, entry.mark),
        "limit_price": None,
        "stop_price": price,
        "stop": None,
        "target": None,
        "parent_id": entry.client_order_id,
        "time_in_force": TimeInForce.GTC,
        "expires_at": None,
        "reprice_seconds": 0,
        "replaces": None,
        "as_of": at,
    }
    return OrderRequest.model_validate(entry.model_dump() | changes)


def _name(books: Books, entry: OrderRequest) -> str:
    """The name after that of the entry's newest stop: a new one each time, and the same for the same books.

    A stop that a broker named by itself counts as the first of our names, for ours begin with the desk's.
    """
    first = f"{entry.client_order_id}-{Leg.STOP}"
    stops = [o for o in books.orders if o.request.leg is Leg.STOP and o.request.parent_id == entry.client_order_id]
    ours = [stop.request.client_order_id for stop in stops if stop.request.client_order_id.startswith(first)]
    newest = max(ours, key=lambda name: (len(name), name), default=first)
    return successor_id(newest) if stops else first
