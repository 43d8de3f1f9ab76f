from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from sqlalchemy import Executable, delete, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.paper_tables import paper_activities, paper_fills
from adapters.postgres.tables import adjustments, capital_events, equity_marks, fills, model_calls, snapshots
from tests.adapters.postgres.desk import (
    CYCLE,
    DESK,
    NOON,
    at,
    booked,
    buy,
    event,
    fill_of,
    held,
    intent,
    quote,
    sell,
    step,
)
from trading.audit import audit
from trading.errors import BadConfiguration, BooksDisagree
from trading.events import Event, EventType, broken_links
from trading.orders import Order, OrderRequest, OrderState
from trading.settlement import BrokerOrder


def signal(number: int, *, cycle: str = CYCLE, confidence: float = 0.5) -> Event:
    data = {"symbol": "AAPL", "confidence": confidence, "number": number}
    return event(EventType.SIGNAL_GENERATED, data, name=f"{cycle}/signal-{number}", aggregate=cycle)


async def live(ledger: PostgresLedger) -> None:
    """A normal life: decided, intended, sent, filled, marked; bought, and sold again in the next cycle."""
    for number, request in enumerate((buy(), sell(cycle_id="paper/cycle-2")), start=1):
        cycle = request.cycle_id
        decision = {"symbol": "AAPL", "verdict": "EXECUTE", "quantity": "100"}
        await ledger.record(
            [
                event(EventType.CYCLE_STARTED, {}, name=f"{cycle}/started", aggregate=cycle),
                event(EventType.META_AGENT_DECISION, decision, name=f"{cycle}/decision", aggregate=cycle),
            ]
        )
        assert isinstance(await ledger.intend(intent(request)), Order)
        await ledger.advance(*step(request, OrderState.SUBMITTED))
        await ledger.advance(*step(request, OrderState.ACCEPTED))
        for part in ("60", "40"):
            fill = fill_of(request, part, fill_id=f"{cycle}-{part}", filled_at=at(number))
            await ledger.apply_fill(*booked(request, fill))
        await ledger.mark(DESK, quote("AAPL", "104"), at(number))
        await ledger.record([event(EventType.CYCLE_COMPLETED, {}, name=f"{cycle}/completed", aggregate=cycle)])


def at_broker(request: OrderRequest) -> BrokerOrder:
    return held(request, OrderState.FILLED).model_copy(update={"filled_quantity": request.quantity})


async def test_a_normal_life_leaves_books_that_the_audit_passes(ledger: PostgresLedger) -> None:
    await live(ledger)

    books = await ledger.books(DESK)
    assert audit(books, [at_broker(buy()), at_broker(sell())]) == ()
    assert books.event_count == len(books.events) == 18


async def test_events_are_numbered_in_their_cycle_and_in_their_desk(ledger: PostgresLedger) -> None:
    await ledger.record([signal(1), signal(1, cycle="paper/cycle-2"), signal(2)])
    await ledger.record([signal(2, cycle="paper/cycle-2"), signal(3)])

    places = [(s.event.aggregate_id, s.position, s.sequence) for s in (await ledger.books(DESK)).events[2:]]
    assert places == [
        (CYCLE, 1, 3),
        ("paper/cycle-2", 1, 4),
        (CYCLE, 2, 5),
        ("paper/cycle-2", 2, 6),
        (CYCLE, 3, 7),
    ]


async def test_writers_at_once_and_failures_between_leave_no_hole(ledger: PostgresLedger) -> None:
    async def fail(number: int) -> None:
        with pytest.raises(BooksDisagree):
            await ledger.record([signal(100 + number), signal(1, confidence=0.9)])

    await ledger.record([signal(1)])
    await asyncio.gather(*(ledger.record([signal(n), signal(n + 1)]) for n in range(2, 20)), *map(fail, range(10)))

    books = await ledger.books(DESK)
    assert broken_links(books.events) == []
    assert books.event_count == len(books.events) == 22


async def test_an_event_is_written_once_even_beside_new_ones(ledger: PostgresLedger) -> None:
    await ledger.record([signal(1), signal(2)])
    later = signal(2).model_copy(update={"occurred_at": at(9), "trace_id": "trace-2"})

    await ledger.record([signal(1), later, signal(3), signal(3)])
    assert [s.event.occurred_at for s in (await ledger.books(DESK)).events[2:]] == [NOON] * 3


async def test_nothing_to_record_is_nothing_recorded(ledger: PostgresLedger) -> None:
    await ledger.record([])

    assert (await ledger.books(DESK)).event_count == 2


@pytest.mark.parametrize(
    "other",
    [
        [signal(1, confidence=0.6)],
        [signal(2), signal(1).model_copy(update={"aggregate_id": "paper/cycle-2"})],
        [signal(2), signal(2, confidence=0.6)],
        [signal(2), signal(3).model_copy(update={"desk_id": "other"})],
    ],
)
async def test_an_id_with_other_content_is_refused_and_nothing_written(
    ledger: PostgresLedger, other: list[Event]
) -> None:
    await ledger.record([signal(1)])

    with pytest.raises(BooksDisagree):
        await ledger.record(other)
    assert (await ledger.books(DESK)).event_count == 3


async def test_numbers_and_texts_that_json_stores_differently_keep_their_seal(ledger: PostgresLedger) -> None:
    odd = {
        "large": 1e22,
        "whole": 3.0,
        "small": 5e-324,
        "minus_zero": -0.0,
        "third": 1 / 3,
        "huge": 10**40,
        "text": "NUL \0, half \ud800, whole \U0001f600, ∆",
        "nested": [{"deep": [1e16, None, True]}],
    }
    await ledger.record([event(EventType.SIGNAL_GENERATED, odd, name="odd")])

    books = await ledger.books(DESK)
    assert broken_links(books.events) == []
    assert books.events[-1].event.data["text"] == "NUL \ufffd, half \ufffd, whole \U0001f600, ∆"


@pytest.mark.parametrize("statement", ["UPDATE events SET data = '{}'", "DELETE FROM events", "TRUNCATE events"])
async def test_nobody_changes_the_log(
    ledger: PostgresLedger, engine: AsyncEngine, owner: AsyncEngine, statement: str
) -> None:
    before = await ledger.books(DESK)

    with pytest.raises(BadConfiguration, match="permission denied"):
        await run(engine, statement)
    with pytest.raises(BadConfiguration, match="only ever appended to"):
        await run(owner, statement)
    assert await ledger.books(DESK) == before


async def test_the_application_changes_nothing_that_is_only_appended(engine: AsyncEngine) -> None:
    kept = (fills, capital_events, adjustments, equity_marks, snapshots, model_calls, paper_fills, paper_activities)
    for table in kept:
        change = update(table).values({column.name: column for column in table.primary_key})
        for statement in (change, delete(table), text(f"TRUNCATE {table.name}")):
            with pytest.raises(BadConfiguration, match=f"permission denied for table {table.name}"):
                await run(engine, statement)


FORGERIES: dict[str, str] = {
    "edited": 'UPDATE events SET data = \'{"symbol": "AAPL"}\' WHERE sequence = 4',
    "time edited": "UPDATE events SET occurred_at = occurred_at + interval '1 second' WHERE sequence = 6",
    "trace edited": "UPDATE events SET trace_id = 'other' WHERE sequence = 6",
    "deleted in the middle": "DELETE FROM events WHERE sequence = 5",
    "deleted at the end": "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)",
    "all deleted": "DELETE FROM events",
    "moved": "UPDATE events SET sequence = sequence + 100 WHERE sequence = 5",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_log_is_found(ledger: PostgresLedger, owner: AsyncEngine, forgery: str) -> None:
    await live(ledger)
    await run(owner, "ALTER TABLE events DISABLE TRIGGER USER")
    await run(owner, forgery)

    assert "I9" in {finding.invariant for finding in audit(await ledger.books(DESK))}


EDITS: dict[str, str] = {
    "equity": "UPDATE portfolio_state SET equity = equity + 1000",
    "peak": "UPDATE portfolio_state SET peak_equity = 100000",
    "a trade's profit": "UPDATE trades SET realised_pnl = realised_pnl + 5",
    "a trade lost": "DELETE FROM trades",
    "a sector": "UPDATE positions SET sector = 'Other'",
    "an order's state": "UPDATE orders SET state = 'cancelled', told_state = 'cancelled' WHERE side = 'buy'",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
async def test_an_edited_row_is_found(ledger: PostgresLedger, owner: AsyncEngine, edit: str) -> None:
    await live(ledger)
    await run(owner, edit)

    found = audit(await ledger.books(DESK), [at_broker(buy()), at_broker(sell())])
    assert {finding.invariant for finding in found} == {"I6"}


async def test_a_row_that_is_no_event_is_found_and_named(ledger: PostgresLedger, owner: AsyncEngine) -> None:
    await live(ledger)
    await run(owner, "ALTER TABLE events DISABLE TRIGGER USER")
    await run(owner, "UPDATE events SET type = 'Nonsense' WHERE sequence = 6")

    books = await ledger.books(DESK)
    assert len(books.events) == 17
    assert books.unreadable == (f"{buy().client_order_id}/OrderSubmitted",)
    assert ("I9", books.unreadable[0]) in {(finding.invariant, finding.about) for finding in audit(books)}


async def test_two_events_that_changed_places_are_found(ledger: PostgresLedger, owner: AsyncEngine) -> None:
    await live(ledger)
    swap = "UPDATE events SET sequence = -sequence, position = -position WHERE sequence IN (4, 5)"
    back = """UPDATE events SET sequence = CASE sequence WHEN -4 THEN 5 ELSE 4 END,
        position = CASE sequence WHEN -4 THEN 3 ELSE 2 END WHERE sequence < 0"""
    await run(owner, "ALTER TABLE events DISABLE TRIGGER USER")
    await run(owner, "ALTER TABLE events DROP CONSTRAINT ck_events_numbered_from_one")
    for statement in (swap, back):
        await run(owner, statement)

    events = (await ledger.books(DESK)).events
    assert all(after.sequence - before.sequence == 1 for before, after in pairwise(events))
    assert broken_links(events) != []


async def run(engine: AsyncEngine, statement: Executable | str) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text(statement) if isinstance(statement, str) else statement)
