"""The invariants of cycles in shadow: what they decide is thought of, scored, and goes nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from trading.books import Books, Finding
from trading.events import DECISIONS, Event, EventType
from trading.shadow import MARK

_ENDS = frozenset({EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED})


def decisions(books: Books) -> list[Event]:
    """Every last word on a symbol, whoever had it."""
    return [stored.event for stored in books.events if stored.event.type in DECISIONS]


def is_in_shadow(event: Event) -> bool:
    """Whether the event says that its cycle only thinks."""
    return event.data.get(MARK) is True


def decided_in_shadow(books: Books) -> Iterable[Finding]:
    """I1, I13: each shadow trade follows from one EXECUTE in shadow and is not larger; each such EXECUTE left one.

    It may have ended one instead of opening one: what ended while its cycle ran counts as that. Shares are those of
    the opening; a later split does not make a trade larger.
    """
    decided = {
        (e.aggregate_id, str(e.data["symbol"])): Decimal(str(e.data["quantity"]))
        for e in decisions(books)
        if is_in_shadow(e) and e.data["verdict"] == "EXECUTE"
    }
    opened = {(e.aggregate_id, str(e.data["symbol"])): e for e in _events(books, EventType.SHADOW_OPENED)}
    for key, event in opened.items():
        allowed = decided.get(key)
        if allowed is None or Decimal(str(event.data["quantity"])) > allowed:
            found = f"{event.data['quantity']} shares in shadow, decided {allowed or 0:f}"
            yield Finding(invariant="I1", about="/".join(key), found=found)
    finished = {e.aggregate_id for e in _events(books, EventType.CYCLE_COMPLETED)}
    closed = _ended_during_cycles(books)
    for key in decided.keys() - opened.keys() - closed:
        if key[0] in finished:
            yield Finding(invariant="I13", about="/".join(key), found="decided in shadow, no shadow trade")


def shadow_trades_follow_from_events(books: Books) -> Iterable[Finding]:
    """I6: the log tells of every shadow trade once, of its end when it has one, and of what it made."""
    told = {str(e.data["shadow_id"]): None for e in _events(books, EventType.SHADOW_OPENED)}
    ends = {str(e.data["shadow_id"]): str(e.data["pnl"]) for e in _events(books, EventType.SHADOW_CLOSED)}
    expected: dict[str, str | None] = {**told, **ends}
    stated = {one.shadow_id: None if one.pnl is None else f"{one.pnl}" for one in books.shadows}
    for name in sorted(expected.keys() | stated.keys()):
        if name not in stated or name not in told:
            found = "the books know no such shadow trade" if name not in stated else "the log never opened it"
            yield Finding(invariant="I6", about=name, found=found)
        elif expected[name] != stated[name]:
            found = f"the books say it made {stated[name]}, the log {expected[name]}"
            yield Finding(invariant="I6", about=name, found=found)


def _ended_during_cycles(books: Books) -> set[tuple[str, str]]:
    """Cycle and symbol of each shadow trade that ended while a cycle ran: cycles of several strategies do at once."""
    running: set[str] = set()
    found: set[tuple[str, str]] = set()
    for stored in books.events:
        event = stored.event
        if event.type is EventType.CYCLE_STARTED:
            running.add(event.aggregate_id)
        elif event.type in _ENDS:
            running.discard(event.aggregate_id)
        elif event.type is EventType.SHADOW_CLOSED:
            found |= {(cycle_id, str(event.data["symbol"])) for cycle_id in running}
    return found


def _events(books: Books, kind: EventType) -> list[Event]:
    return [stored.event for stored in books.events if stored.event.type is kind]
