"""The books of a replay: whole for its end, and as near to the present as a day's reconciliation looks.

A reconciliation of all that ever happened, twice a day, costs the square of the days. What it compares is the broker's
word of the last days, what is open, and what is held; all else was compared in its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from adapters.memory.desk import Desk
from adapters.memory.ledger import MemoryLedger
from adapters.memory.symbols import SymbolBook
from trading.audit import Books
from trading.events import GENESIS, StoredEvent, seal
from trading.money import ZERO
from trading.orders import Fill, Order

REACH = timedelta(days=15)
"""A broker's statement reaches five days behind the newest event; a leg is entered up to a long week-end after the
entry whose moment it bears."""


class ReplayLedger(MemoryLedger):
    """The port `Ledger`, of one desk; `books` are those near to the present, `whole_books` all of them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._starts: dict[str, int] = {}

    async def whole_books(self, desk_id: str) -> Books:
        """Everything the audit looks at."""
        return await super().books(desk_id)

    async def books(self, desk_id: str) -> Books:
        """What is open, what is held since it was last flat, and what else the last days brought.

        Of the log the ends alone: since when there are books, and when the newest line was written.
        """
        desk = self._store.desk(desk_id)
        since = desk.now - REACH
        fills = [fill for book in desk.symbols.values() for fill in self._held_or_new(book, since)]
        return Books(
            desk_id=desk_id,
            portfolio=desk.flat_portfolio(),
            capital=(desk.capital[0], *(one for one in desk.capital[1:] if one.occurred_at >= since)),
            orders=tuple(_orders(desk, fills, since)),
            fills=tuple(sorted(fills, key=lambda one: (one.filled_at, one.fill_id))),
            adjustments=tuple(desk.adjustments),
            events=tuple(_ends(desk)),
            breaker=desk.breaker,
        )

    def _held_or_new(self, book: SymbolBook, since: datetime) -> list[Fill]:
        """A symbol's fills since it was last flat before a moment; all of them where shares came otherwise too."""
        if book.adjustments:
            return book.fills
        start, held = self._starts.get(book.symbol, 0), ZERO
        for number, fill in enumerate(book.fills[start:], start=start + 1):
            if fill.filled_at >= since:
                break
            held += fill.signed_quantity
            if not held:
                self._starts[book.symbol] = number
        return book.fills[self._starts.get(book.symbol, 0) :]


def _orders(desk: Desk, fills: list[Fill], since: datetime) -> Iterator[Order]:
    """What is open, what is new, and what made these fills, with the entries that they protect."""
    filled = (desk.orders[fill.client_order_id].order for fill in fills)
    wanted = {name for order in filled for name in (order.request.client_order_id, order.request.parent_id) if name}
    wanted |= desk.open_orders.keys()
    for name, known in reversed(desk.orders.items()):
        if known.order.request.as_of < since:
            break
        wanted.add(name)
    yield from (desk.orders[name].order for name in sorted(wanted))


def _ends(desk: Desk) -> Iterator[StoredEvent]:
    events = desk.log.events
    for event in (events[0], events[-1]):
        yield seal(event, position=1, sequence=1, previous_hash=GENESIS)
