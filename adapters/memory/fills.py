"""Booking a fill, an adjustment or cash: everything that it touches together, in whatever order they arrive."""

from __future__ import annotations

from adapters.memory.desk import Desk, Store
from adapters.memory.rounding import cents_of, trimmed
from adapters.memory.symbols import SymbolBook
from trading.adjustments import Adjustment
from trading.booking import Counted
from trading.capital import capital_of
from trading.errors import BooksDisagree
from trading.events import Event
from trading.instruments import UNKNOWN_SECTOR
from trading.money import ZERO
from trading.orders import Fill, Order, settle
from trading.portfolio import FLOWS, CapitalEvent, cash_of, peak_after
from trading.sleeves import FOR_SHARES, Owners, Told


def book_fill(store: Store, fill: Fill, executed: Event) -> Order:
    """Book a fill once. An over-fill is booked too: the broker did it."""
    desk, known = store.desk(executed.desk_id), store.order(fill.client_order_id)
    request = known.order.request
    known.refuse_stranger(fill, desk.desk_id)
    if fill.fill_id in store.fills:
        if store.fills[fill.fill_id] != fill:
            raise BooksDisagree(f"fill {fill.fill_id} was booked before with other content")
        return known.order
    linked = _linked(store, fill)
    desk.log.known([executed])
    order = settle(known.as_told, (*store.fills_of.get(fill.client_order_id, ()), fill))
    book = desk.symbols.get(fill.symbol) or SymbolBook(fill.symbol)
    newest = fill.reverses is None and not linked and book.is_newest(fill)
    owners = {fill.client_order_id: request.strategy_id} if newest else _owners(desk)
    counted = book.extended(fill, owners) if newest else book.recounted(Told((fill,), owners=owners))
    desk.symbols[fill.symbol] = book
    _keep_fill(store, desk, fill)
    filled = {"filled_quantity": trimmed(order.filled_quantity)}
    desk.save_order(known.model_copy(update={"order": order.model_copy(update=filled)}))
    if newest:
        desk.cash = cents_of(desk.cash + fill.cash_change)
    else:
        desk.cash = cents_of(cash_of(desk.capital, desk.fills))
    _take(desk, book, counted, request.sector, anew=not newest)
    desk.append(executed)
    _close(desk, book, fill.client_order_id if newest else None)
    return order


def adjust(store: Store, adjustment: Adjustment, event: Event) -> None:
    """Book an adjustment once: position, trades and event. Cash that came with it is a capital event of its own."""
    desk = store.desk(adjustment.desk_id)
    before = store.adjustments.get(adjustment.adjustment_id)
    if before is not None and before != adjustment:
        raise BooksDisagree(f"adjustment {adjustment.adjustment_id} was booked before with other content")
    desk.log.known([event])
    if before is None:
        book = desk.symbols.get(adjustment.symbol) or SymbolBook(adjustment.symbol)
        counted = book.recounted(Told((), (adjustment,), owners=_owners(desk)))
        desk.symbols[adjustment.symbol] = book
        book.add(adjustment)
        store.adjustments[adjustment.adjustment_id] = adjustment
        desk.adjustments.append(adjustment)
        _take(desk, book, counted, UNKNOWN_SECTOR, anew=True)
        _close(desk, book)
    desk.append(event)


def change_capital(store: Store, changed: Event) -> None:
    """Book a CapitalChanged once: cash, equity, peak and event. Raises BooksDisagree on an id with other content."""
    desk, capital = store.desk(changed.desk_id), capital_of(changed)
    before = store.capital.get(capital.capital_event_id)
    if before is not None and before != capital:
        raise BooksDisagree(f"capital event {capital.capital_event_id} was booked before with other content")
    desk.log.known([changed])
    if before is None:
        enter_capital(store, desk, capital)
        desk.cash = cents_of(desk.cash + capital.amount)
        if capital.kind in FLOWS:
            desk.peak_equity = cents_of(peak_after(desk.peak_equity, desk.equity, capital.amount))
            desk.flow_count += 1
        _pay(desk, capital)
        desk.revalue()
    desk.append(changed)


def enter_capital(store: Store, desk: Desk, capital: CapitalEvent) -> None:
    """Write a capital event for the first time."""
    store.capital[capital.capital_event_id] = capital
    desk.capital.append(capital)
    if capital.kind in FLOWS:
        desk.flows.append(capital.amount)


def _pay(desk: Desk, capital: CapitalEvent) -> None:
    """Cash that came with a symbol's name: what was paid for its shares is of those who hold them."""
    if capital.symbol is None:
        return
    book = desk.symbols.setdefault(capital.symbol, SymbolBook(capital.symbol))
    if capital.kind not in FOR_SHARES:
        book.add(capital)
        return
    follows = book.is_paid_on(capital)
    told = Told((), (), (capital,), _owners(desk) if not follows else {})
    counted = book.paid_on(capital) if follows else book.recounted(told)
    book.add(capital)
    _take(desk, book, counted, UNKNOWN_SECTOR, anew=not follows)
    if not follows:
        _close(desk, book)


def _take(desk: Desk, book: SymbolBook, counted: Counted | None, sector: str, *, anew: bool) -> None:
    """Let a symbol be what was counted, with the accounts of those who have a part of it."""
    if counted is not None:
        before = dict(book.parts)
        if anew:
            for trade_id in book.trades:
                desk.closings.pop(trade_id, None)
            book.forget_trades()
            book.price_anew()
        book.take(counted, sector)
        changed = before.keys() | book.parts.keys() if anew else counted.changed
        for name in changed:
            cash = book.parts[name].cash if name in book.parts else ZERO
            desk.brought[name] += cash - (before[name].cash if name in before else ZERO)
        desk.settle_accounts(name for name in changed if name in desk.accounts or name in book.parts)
        if anew:
            desk.forget_accounts()
    desk.revalue()


def _close(desk: Desk, book: SymbolBook, order_id: str | None = None) -> None:
    """Look where the trades were closed that an order closed; of None all of a symbol that was counted anew."""
    desk.close_trades(book.closed_by(order_id))
    if order_id is None:
        desk.sort_closings()


def _keep_fill(store: Store, desk: Desk, fill: Fill) -> None:
    store.fills[fill.fill_id] = fill
    store.fills_of[fill.client_order_id].append(fill)
    if fill.reverses is not None:
        store.taken_back_by[fill.reverses].append(fill)
    desk.fills.append(fill)
    desk.symbols[fill.symbol].add(fill)


def _linked(store: Store, fill: Fill) -> list[Fill]:
    """The fill that this one takes back and those that take it back, as far as they are here."""
    taken = store.fills.get(fill.reverses) if fill.reverses is not None else None
    linked = [*([taken] if taken is not None else []), *store.taken_back_by.get(fill.fill_id, ())]
    for other in linked:
        if other.client_order_id != fill.client_order_id:
            raise BooksDisagree(f"fill {fill.fill_id} and {other.fill_id} take back each other across orders")
    return linked


def _owners(desk: Desk) -> Owners:
    return {name: known.order.request.strategy_id for name, known in desk.orders.items()}
