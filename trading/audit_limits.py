"""The invariant of the limits: what each intent was held to, by the words of its own event."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from trading.books import Books, Finding
from trading.events import Event, EventType
from trading.instruments import Side
from trading.limits import OF_SEVERAL, Limit, held_to, part_of
from trading.orders import Leg

# The limits that an intent was held to, by its side, when its event did not yet say which were looked at.
_HELD_TO = {
    Side.BUY: frozenset({Limit.POSITION, Limit.SECTOR, Limit.POSITIONS, Limit.CASH}),
    Side.SELL: frozenset({Limit.HOLDING}),
}


def limits_held_at_intent(books: Books) -> Iterable[Finding]:
    """I7: at each intent every limit was looked at and had room, open orders counted; cash is not negative now."""
    for event in (s.event for s in books.events if s.event.type is EventType.ORDER_INTENDED):
        rooms: Any = event.data.get("rooms") or []
        left = {str(room["limit"]): Decimal(room["quantity"]) for room in rooms}
        passed = [limit for limit, room in left.items() if Decimal(str(event.data["quantity"])) > room]
        unseen = sorted(_due(event) - left.keys() - _looked_at(event))
        if passed or unseen:
            found = f"passed {', '.join(passed)}" if passed else f"did not look at {', '.join(unseen)}"
            yield Finding(invariant="I7", about=str(event.data["client_order_id"]), found=found)
    if books.portfolio.cash < 0:
        yield Finding(invariant="I7", about="cash", found=f"negative: {books.portfolio.cash}")


def _due(event: Event) -> frozenset[Limit]:
    """The limits that an intent must have been held to."""
    data = event.data
    if "looked_at" not in data:
        return _HELD_TO[Side(str(data["side"]))]
    part = part_of(Leg(str(data["leg"])))
    known = {"informed": data["standing"] is not None, "own": bool(data.get("own"))}
    due = held_to(part, flattens=bool(data["flattens"]), **known)
    return due if "own" in data else due - OF_SEVERAL


def _looked_at(event: Event) -> frozenset[str]:
    seen: Any = event.data.get("looked_at") or []
    return frozenset(map(str, seen))
