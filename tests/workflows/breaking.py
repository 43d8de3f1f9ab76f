"""A desk whose equity a test moves as it likes, by fees and interest, without a single trade."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.client import Client, WorkflowHandle

from tests.making import DESK
from tests.rig import Ports, until
from trading.breaker import CircuitBreaker, Rule, TradingState
from trading.breaker_rules import BreakerLook
from trading.desk import DeskState
from trading.events import Event, EventType
from trading.portfolio import CapitalEvent, CapitalKind
from workflows import policies, search_attributes
from workflows.trading_desk import TradingDesk

Desk = WorkflowHandle[TradingDesk, None]
DAY = timedelta(days=1)


async def opened(client: Client, ports: Ports, desk_id: str = DESK) -> Desk:
    """A desk with its books open."""
    desk = await client.start_workflow(
        TradingDesk.run,
        DeskState(desk_id=desk_id),
        id=f"desk/{desk_id}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        search_attributes=search_attributes.of_desk(desk_id),
    )

    async def known() -> bool:
        return await ports.ledger.knows(desk_id)

    await until(known)
    return desk


async def moved(ports: Ports, at: datetime, amount: str, desk_id: str = DESK) -> None:
    """Earn or lose dollars at a moment, and mark."""
    dollars = Decimal(amount)
    capital = CapitalEvent(
        capital_event_id=f"{desk_id}-moved-{at.isoformat().replace('+', 'Z')}",
        desk_id=desk_id,
        kind=CapitalKind.INTEREST if dollars > 0 else CapitalKind.FEE,
        amount=dollars,
        occurred_at=at,
    )
    event = Event(
        event_id=f"{capital.capital_event_id}/{EventType.CAPITAL_CHANGED}",
        desk_id=desk_id,
        aggregate_id=desk_id,
        type=EventType.CAPITAL_CHANGED,
        trace_id="none",
        occurred_at=at,
        data=capital.model_dump(mode="json"),
    )
    await ports.ledger.change_capital(event)
    await ports.ledger.mark(desk_id, {}, at)


async def days(ports: Ports, first: datetime, *amounts: str, desk_id: str = DESK) -> datetime:
    """One move a day; the moment of the last."""
    at = first
    for number, amount in enumerate(amounts):
        at = first + number * DAY
        await moved(ports, at, amount, desk_id)
    return at


async def tripped(desk: Desk, ports: Ports, *rules: Rule) -> CircuitBreaker:
    """Let the desk look, and wait until these rules have stopped it."""
    await desk.signal(TradingDesk.books_changed)
    breaker = await stated(ports, TradingState.HALTED)
    assert {trip.rule for trip in breaker.trips} == set(rules), breaker
    return breaker


async def stated(ports: Ports, state: TradingState) -> CircuitBreaker:
    """Wait until the books say so: a server whose clock skips answers no query between two steps of a workflow."""

    async def there() -> bool:
        return (await ports.ledger.breaker(DESK)).state is state

    await until(there)
    return await ports.ledger.breaker(DESK)


async def resumed(ports: Ports) -> CircuitBreaker:
    """Wait until the desk has been stopped and has gone on."""

    async def gone_on() -> bool:
        return (await ports.ledger.breaker(DESK)).resumed_at is not None

    await until(gone_on)
    return await ports.ledger.breaker(DESK)


class Scripted:
    """A ledger in whose world dollars come and go at their moments, by the clock of whoever looks."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.moves: list[tuple[datetime, str]] = []

    async def judge(self, look: BreakerLook) -> CircuitBreaker:
        while self.moves and self.moves[0][0] <= look.at:
            await moved(self._ports, *self.moves.pop(0))
        return await self._ports.ledger.judge(look)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports.ledger, name)


@asynccontextmanager
async def ending(desk: Desk) -> AsyncIterator[Desk]:
    """End the desk when the block is left: on a server whose clock skips, it would look for ever."""
    try:
        yield desk
    finally:
        await desk.terminate()
