"""`status`: one look at the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from temporalio.client import Client

from adapters.temporal.connection import connect
from console.desk import books_of, cycles, pollers, workflow_id, workflow_url
from console.output import Output, Tone, dollars, grid, pairs, plain, title, toned
from console.reach import reach
from console.tables import STATE_TONES
from settings import Settings
from trading.breaker import CircuitBreaker
from trading.desk import CycleLine
from trading.docket import CycleOutcome
from trading.portfolio import Portfolio, drawdown

QUEUES = ("desk", "orders", "agents")
RECENT = 8
NAMED = 3
_TONES: dict[CycleOutcome, Tone] = {
    CycleOutcome.TRADED: "good",
    CycleOutcome.FAILED: "bad",
    CycleOutcome.SKIPPED: "odd",
}


async def status(settings: Settings, output: Output) -> int:
    """The trading state, the cycles, the equity and who serves the desk."""
    found, desk_id = reach(settings), settings.desk.id
    client = await connect(found.temporal_address)
    async with books_of(found.database, desk_id) as books:
        breaker, held = await books.ledger.breaker(desk_id), await books.ledger.portfolio(desk_id)
    known, workers = await asyncio.gather(cycles(client, desk_id), _workers(client))
    document = {
        "desk": desk_id,
        "breaker": breaker,
        "equity": held.equity,
        "cash": held.cash,
        "drawdown": drawdown(held.equity, held.peak_equity),
        "positions": len(held.positions),
        "open_orders": len(held.open_orders),
        "workers": workers,
        "cycles": known,
    }
    lines: list[tuple[str, str | Text]] = [*_desk(breaker, held), ("workers", _serving(workers))]
    url = workflow_url(found.ui_url, client, workflow_id(desk_id))
    lines += [("Web UI", url)] if url else []
    output.show(document, title(f"Trading desk {desk_id}"), pairs(lines), title("Cycles"), _cycles(known))
    return 0


async def _workers(client: Client) -> dict[str, int]:
    counts = await asyncio.gather(*(pollers(client, queue) for queue in QUEUES))
    return dict(zip(QUEUES, counts, strict=True))


def _desk(breaker: CircuitBreaker, held: Portfolio) -> list[tuple[str, str | Text]]:
    since = f", since {breaker.since_at:%Y-%m-%d %H:%M} UTC" if breaker.since_at else ""
    why = f" by {breaker.changed_by}{since}: {breaker.reason}" if breaker.reason else ""
    fallen = drawdown(held.equity, held.peak_equity)
    below = f", {fallen:.2%} below its peak" if fallen else ""
    return [
        ("trading", toned(f"{breaker.state}{why}", STATE_TONES[breaker.state])),
        ("equity", f"{dollars(held.equity)} USD{below}"),
        ("cash", f"{dollars(held.cash)} USD"),
        ("holding", f"{len(held.positions)} positions, {len(held.open_orders)} open orders"),
    ]


def _serving(workers: dict[str, int]) -> str | Text:
    silent = [queue for queue, count in workers.items() if not count]
    if silent:
        return toned(f"nobody serves {', '.join(silent)}: start worker.py", "bad")
    return ", ".join(f"{queue} {count}" for queue, count in workers.items())


def _cycles(known: Sequence[CycleLine] | None) -> RenderableType:
    if known is None:
        return toned("  the desk does not answer: no worker, or no cycle was ever asked for", "odd")
    if not known:
        return "  none yet"
    table: Table = grid("cycle", "trigger", "symbols", ">age", "~outcome")
    for line in known[-RECENT:]:
        more = f" +{len(line.symbols) - NAMED}" if len(line.symbols) > NAMED else ""
        symbols = ", ".join(line.symbols[:NAMED]) + more
        table.add_row(line.cycle_id, line.trigger.replace("_", " "), symbols, _age(line), _outcome(line))
    return table


def _age(line: CycleLine) -> RenderableType:
    if line.started_at is None:
        return ""
    seconds = int((datetime.now(UTC) - line.started_at).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return toned(f"{seconds // length} {unit}", "faint")
    return toned(f"{seconds} s", "faint")


def _outcome(line: CycleLine) -> RenderableType:
    if line.outcome is None:
        return toned("running" if line.started_at else "waiting", "odd")
    words = line.outcome.replace("_", " ") + (f": {line.reason}" if line.reason else "")
    return toned(plain(words), _TONES.get(line.outcome, "plain"))
