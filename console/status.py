"""`status` and `watch`: one look at the desk, and one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from temporalio.client import Client

from adapters.postgres.alerts import PostgresAlerts
from adapters.postgres.spending import PostgresSpending
from adapters.temporal.connection import connect
from console.desk import DeskBooks, books_of, cycles, pollers, workflow_id, workflow_url
from console.gauges import gauges, resumptions, strategy_states
from console.output import Output, Tone, dollars, grid, pairs, plain, title, toned
from console.reach import reach
from console.runs import Scheduled
from console.runs import look as scheduled
from console.tables import STATE_TONES
from console.timetable import TABLE
from settings import Settings
from trading.agents.budget import Tally
from trading.breaker import CircuitBreaker, StrategyBreaker, TradingState
from trading.desk import CycleLine
from trading.docket import CycleOutcome
from trading.notices import AlertLine
from trading.portfolio import Portfolio, drawdown
from trading.strategy import AGENTS

QUEUES = ("desk", "orders", "agents")
RECENT = 8
NAMED = 3
NEXT = 2
MOST_ALERTS = 100
_TONES: dict[CycleOutcome, Tone] = {
    CycleOutcome.TRADED: "good",
    CycleOutcome.FAILED: "bad",
    CycleOutcome.SKIPPED: "odd",
    CycleOutcome.SHADOWED: "odd",
}


@dataclass(frozen=True)
class Look:
    """What is to be seen of a desk at one moment."""

    desk_id: str
    breaker: CircuitBreaker
    strategies: tuple[StrategyBreaker, ...]
    held: Portfolio
    spent: Tally
    workers: dict[str, int]
    cycles: list[CycleLine] | None
    scans: Scheduled
    alerts: tuple[AlertLine, ...]
    url: str | None

    @property
    def document(self) -> dict[str, object]:
        """For a program."""
        return {
            "desk": self.desk_id,
            "breaker": self.breaker,
            "strategies": self.strategies,
            "equity": self.held.equity,
            "cash": self.held.cash,
            "drawdown": drawdown(self.held.equity, self.held.peak_equity),
            "positions": len(self.held.positions),
            "open_orders": len(self.held.open_orders),
            "spent_today": self.spent,
            "next_scans": self.scans.next_at,
            "scans_paused": self.scans.is_paused,
            "open_alerts": len(self.alerts),
            "workers": self.workers,
            "cycles": self.cycles,
        }

    def shown(self, *, notes: bool) -> tuple[RenderableType, ...]:
        """For a person."""
        lines: list[tuple[str, str | Text]] = [
            *_desk(self.breaker, self.held),
            ("cycles", _queue(self.cycles)),
            ("next scans", _scans(self.scans)),
            ("alerts", _unseen(self.alerts)),
            ("models today", f"{self.spent.calls} calls, {self.spent.tokens:,} tokens, {self.spent.usd:,.2f} USD"),
            ("workers", _serving(self.workers)),
        ]
        lines += [("Web UI", self.url)] if self.url else []
        after = [toned(f"  {line}", "odd") for line in resumptions(self.breaker)]
        return (
            title(f"Trading desk {self.desk_id}"),
            pairs(lines),
            title("Circuit breaker"),
            gauges(self.breaker, notes=notes),
            *after,
            *_strategies(self.strategies),
            title("Cycles"),
            _cycles(self.cycles),
        )


async def status(settings: Settings, output: Output) -> int:
    """The trading state with every rule, the cycles, the equity, the models' cost and who serves the desk."""
    async with _looking(settings) as look:
        seen = await look()
    output.show(seen.document, *seen.shown(notes=output.is_wide))
    return 0


async def watch(settings: Settings, output: Output, seconds: float) -> int:
    """Look again and again until Ctrl-C: a live view in a terminal, a document a line for a program."""
    async with _looking(settings) as look:
        if not output.console.is_terminal or output.as_json:
            while True:
                seen = await look()
                output.line(seen.document, Group(*seen.shown(notes=output.is_wide)))
                await asyncio.sleep(seconds)
        with Live(console=output.console, auto_refresh=False, screen=True) as live:
            while True:
                seen = await look()
                live.update(Group(*seen.shown(notes=output.is_wide)), refresh=True)
                await asyncio.sleep(seconds)


@asynccontextmanager
async def _looking(settings: Settings) -> AsyncIterator[Callable[[], Awaitable[Look]]]:
    found, desk_id = reach(settings), settings.desk.id
    client = await connect(found.temporal_address)
    async with books_of(found.database, desk_id) as books:
        yield lambda: look_at(client, books, found.ui_url)


async def look_at(client: Client, books: DeskBooks, ui_url: str | None) -> Look:
    """Look at a desk once."""
    desk_id, today = books.desk_id, datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    known, serving = await asyncio.gather(cycles(client, desk_id), workers(client))
    return Look(
        desk_id=desk_id,
        breaker=await books.ledger.breaker(desk_id),
        strategies=await books.ledger.strategy_breakers(desk_id),
        held=await books.ledger.portfolio(desk_id),
        spent=await PostgresSpending(books.engine).spent(desk_id, today),
        workers=serving,
        cycles=known,
        scans=await scheduled(client, TABLE[0], desk_id),
        alerts=tuple(await PostgresAlerts(books.engine).listed(desk_id, limit=MOST_ALERTS, open_only=True)),
        url=workflow_url(ui_url, client, workflow_id(desk_id)),
    )


def _strategies(known: Sequence[StrategyBreaker]) -> tuple[RenderableType, ...]:
    """Where there are several, or the only one is stopped by itself."""
    told = len(known) > 1 or any(one.breaker.state is not TradingState.ACTIVE or not one.enabled for one in known)
    return (title("Strategies"), strategy_states(known)) if told else ()


def _scans(scans: Scheduled) -> str | Text:
    if scans.is_paused:
        return toned(f"paused: {scans.note}", "odd")
    if not scans.next_at:
        return toned("none: starter.py schedules apply", "odd")
    return ", ".join(f"{at:%a %Y-%m-%d %H:%M} UTC" for at in scans.next_at[:NEXT])


def _unseen(alerts: Sequence[AlertLine]) -> str | Text:
    if not alerts:
        return "none that nobody has seen"
    newest = alerts[-1].alert
    count = f"{MOST_ALERTS} and more" if len(alerts) == MOST_ALERTS else str(len(alerts))
    # What asks for a person's yes has a line for each order: the first says what it is about.
    first = newest.reason.partition("\n")[0]
    return toned(f"{count} that nobody has seen, the newest: {first} (starter.py alerts list, ack)", "bad")


def _queue(known: Sequence[CycleLine] | None) -> str | Text:
    if known is None:
        return toned("the desk does not answer", "odd")
    open_ones = [line for line in known if line.outcome is None]
    running = [line.cycle_id for line in open_ones if line.started_at]
    waiting = len(open_ones) - len(running)
    more = f" and {len(running) - 1} more" if len(running) > 1 else ""
    return f"{running[0] if running else 'none'}{more} running, {waiting} waiting"


async def workers(client: Client) -> dict[str, int]:
    """How many workers serve each queue."""
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
    several = any(line.strategy_id != AGENTS for line in known[-RECENT:])
    table: Table = grid("cycle", *(("strategy",) if several else ()), "trigger", "symbols", ">age", "~outcome")
    for line in known[-RECENT:]:
        more = f" +{len(line.symbols) - NAMED}" if len(line.symbols) > NAMED else ""
        symbols = ", ".join(line.symbols[:NAMED]) + more
        whose = (line.strategy_id,) if several else ()
        table.add_row(line.cycle_id, *whose, line.trigger.replace("_", " "), symbols, _age(line), _outcome(line))
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
