"""What every fault test asks in the end: nothing doubled, nothing lost, the audit finds nothing, and it ended."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from statistics import quantiles
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from tests.faults.reckless import plainly
from tests.rig import Ports, ask, desk_of, until
from trading.audit import Books, Finding, audit
from trading.desk import CycleTicket
from trading.docket import CycleReport
from trading.events import Event
from trading.orders import PROTECTIVE, OrderState
from trading.settlement import BrokerOrder
from trading.steps import CycleRequest
from workflows.trading_cycle import TradingCycle

PATIENCE_SECONDS = 600.0
PAUSE_SECONDS = 0.05
# Two symbols that the sample's last day has bought: several orders, and cheap enough for hundreds of cycles.
BOUGHT = ("INTC", "MSFT")
NOT_YET = {
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
}

T = TypeVar("T")


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until the server is there again and knows what is asked for."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await attempt()
        except RPCError as error:
            if error.status not in NOT_YET or time.monotonic() > until:
                raise
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(PAUSE_SECONDS)


async def asked(client: Client, request: CycleRequest, desk_id: str) -> CycleTicket:
    """Ask a desk for a cycle, whatever dies meanwhile."""
    return await patiently(lambda: ask(client, request, desk_id))


async def ended(client: Client, ticket: CycleTicket) -> CycleReport:
    """Wait for a cycle's end without asking any worker."""
    handle = client.get_workflow_handle_for(TradingCycle.run, ticket.workflow_id)
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await patiently(handle.result)


async def more(count: Callable[[], int], by: int) -> None:
    """Wait until a count has grown: of calls that were answered, say, or of those that were given up."""
    wanted = count() + by

    async def reached() -> bool:
        return count() >= wanted

    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(reached)


async def at_rest(client: Client, desk_id: str) -> None:
    """Wait until a desk has nothing under way."""
    until = time.monotonic() + PATIENCE_SECONDS
    while await patiently(lambda: _is_busy(client, desk_id)):
        if time.monotonic() > until:
            raise TimeoutError(f"{desk_id} was still busy after {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(PAUSE_SECONDS)


async def sent(client: Client, report: CycleReport) -> None:
    """Wait for the end of every order's own workflow: a cycle goes on without one whose sender was killed."""
    for row in report.rows:
        if row.client_order_id and row.order_state != OrderState.DENIED:
            # One that nobody answered for in time may rest at the broker: looks at it come ever more seldom.
            async with asyncio.timeout(2 * PATIENCE_SECONDS):
                await patiently(client.get_workflow_handle(row.client_order_id).result)


async def _is_busy(client: Client, desk_id: str) -> bool:
    found = (await desk_of(client, desk_id).describe()).raw_description
    return bool(found.pending_activities or found.pending_children or found.HasField("pending_workflow_task"))


async def wrongs(ports: Ports, desk_id: str) -> list[str]:
    """Everything that is wrong with a desk's books and the broker's: the audit's findings, and our own count."""
    books, book = await ports.ledger.books(desk_id), plainly(await ports.broker.orders(desk_id))
    legs = [order for order in await ports.broker.orders(desk_id) if order.leg in PROTECTIVE]
    return [*map(_said, audit(books, (*book, *legs))), *doubled(books, book), *lost(books, book)]


def doubled(books: Books, book: Iterable[BrokerOrder]) -> list[str]:
    """What is there twice and may be there once: an order, a fill's shares, an event's meaning."""
    sent = Counter(order.client_order_id for order in book)
    said = Counter(_meaning(stored.event) for stored in books.events)
    decisions = Counter((o.request.cycle_id, o.request.symbol) for o in books.orders if o.request.leg not in PROTECTIVE)
    fills = Counter(fill.fill_id for fill in books.fills)
    counted: dict[str, Counter[Any]] = {"order": sent, "event": said, "decision": decisions, "fill": fills}
    return [f"{kind} {key} is there {n} times" for kind, keys in counted.items() for key, n in keys.items() if n > 1]


def lost(books: Books, book: Iterable[BrokerOrder]) -> list[str]:
    """Orders that were intended and never sent, or sent and never filled: market orders on paper fill at once."""
    held = {order.client_order_id: order for order in book}
    ours = [o for o in books.orders if o.state is not OrderState.DENIED and o.request.leg not in PROTECTIVE]
    return [
        f"{order.request.client_order_id} is {order.state}, at the broker {at.state if at else 'unknown'}"
        for order in ours
        if (at := held.get(order.request.client_order_id)) is None or order.state is not OrderState.FILLED
    ]


def tell(words: str) -> None:
    """Say the figures of a test; `pytest -s` shows them."""
    print(f"\n{words}")  # noqa: T201  figures are for people


def shown(seconds: Iterable[float]) -> str:
    """Median, 95th percentile and maximum of some durations."""
    kept = sorted(seconds)
    if len(kept) < 2:
        return f"{kept} s"
    cuts = quantiles(kept, n=20, method="inclusive")
    return f"p50 {cuts[9]:.1f} s, p95 {cuts[18]:.1f} s, max {kept[-1]:.1f} s"


def _said(finding: Finding) -> str:
    return f"{finding.invariant} {finding.about}: {finding.found}"


def _meaning(event: Event) -> tuple[str, ...]:
    """An event without its id and its hour: whose it is, its kind, and what it is about."""
    data = event.data
    strategy = data.get("strategy")
    whose = data.get("strategy_id") or (strategy.get("strategy_id") if isinstance(strategy, dict) else "")
    about = data.get("client_order_id") or data.get("symbol") or data.get("about") or ""
    more = (
        data.get("fill_id")
        or data.get("word")
        or data.get("state")
        or data.get("agent")
        or data.get("limit")
        or data.get("found")
        or ""
    )
    return event.aggregate_id, event.type, str(about), str(more), str(whose)
