"""A whole desk under test.

Real Temporal, real Postgres, real prices of the sample, and ports that a test may replace.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from activities.agents import AgentActivities, Seat
from activities.alerting import AlertingActivities, Pace
from activities.breaker import BreakerActivities
from activities.casting import Cast
from activities.closing import Exchange
from activities.cycles import CycleActivities
from activities.gate import Gate, GateRules
from activities.inquiring import InquirerActivities, InquiryActivities
from activities.ledger import LedgerActivities
from activities.market import MarketActivities
from activities.memory import MemoryActivities, Shelf
from activities.price_looks import Eyes, Hands, WatchPlan
from activities.price_watching import PriceWatchingActivities
from activities.replaying import ReplayActivities
from activities.rules import RuleActivities
from activities.scans import ScanActivities
from activities.shadow import ShadowActivities
from activities.universes import UniverseActivities
from adapters.earnings_file import EarningsFile
from adapters.embedding.small import SmallEmbedder
from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.postgres.alerts import PostgresAlerts
from adapters.postgres.chronicle import PostgresChronicle
from adapters.postgres.grounds import PostgresGrounds
from adapters.postgres.holders import PostgresHolders
from adapters.postgres.inquiries import PostgresInquiries
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.memory import PostgresMemory
from adapters.postgres.moves import PostgresMoves
from adapters.postgres.snapshots import PostgresSnapshots
from adapters.prompts import read_prompts
from adapters.rule_loader import RuleLoader
from adapters.rules_model import RulesModel
from console.door import SignalledDesk
from tests.fakes.tools import ScriptedTools
from trading.agents.budget import Budget
from trading.agents.questions import Agent, Asking
from trading.alert_ports import Alerts, Notifier
from trading.audit import Finding, audit
from trading.breaker import TradingState
from trading.breaker_rules import BreakerRules
from trading.costs import Costs
from trading.desk import CycleTicket
from trading.docket import CycleReport
from trading.inquiry_ports import Inquiries, Tools
from trading.notices import AlertRules
from trading.ports import Broker, Calendar, Journal, LanguageModel, Ledger, Market, Snapshots
from trading.steps import CycleRequest
from trading.strategy_ports import Holders, Rules
from trading.strategy_rules import StrategyRules
from trading.watch_ports import MoveLog
from wiring.markets import assets_of
from worker import WORKFLOWS, Outside, activities_of_closing, activities_of_orders
from workflows import policies
from workflows.desks import started, update
from workflows.trading_cycle import TradingCycle
from workflows.trading_desk import TradingDesk

SYMBOLS = ("AAPL", "AXP", "BAC", "CAT", "DUK", "GE", "HD", "IBM", "INTC", "JPM", "MSFT", "WMT")
LOOK_AGAIN = 0.05
CALENDAR = ExchangeCalendar("XNYS", until=datetime(2026, 11, 22, tzinfo=UTC).date())


@dataclass
class Ports:
    """What a desk is plugged into; replace any of them."""

    market: Market
    model: LanguageModel
    broker: Broker
    ledger: Ledger
    journal: Journal
    snapshots: Snapshots
    alerts: Alerts
    holders: Holders
    shelf: Shelf
    rules: GateRules = field(default_factory=GateRules)
    budget: Budget = field(default_factory=Budget)
    cast: Cast | None = None
    """Who sits where; the model in every seat when unset."""
    breaker: BreakerRules = field(default_factory=BreakerRules)
    costs: Costs = field(default_factory=Costs)
    calendar: Calendar = CALENDAR
    """By which scans and price watches are held."""
    closes: AsyncEngine | None = None
    strategies: StrategyRules = field(default_factory=StrategyRules)
    channels: tuple[Notifier, ...] = ()
    telling: AlertRules = field(default_factory=AlertRules)
    moves: MoveLog | None = None
    plan: WatchPlan = field(default_factory=WatchPlan)
    strategy_rules: Rules = field(default_factory=RuleLoader)
    tools: Tools = field(default_factory=ScriptedTools)
    inquiries: Inquiries | None = None

    @classmethod
    def real(cls, engine: AsyncEngine, data: Path, terms: PaperTerms | None = None) -> Ports:
        """Every port as the worker builds it, on the sample's prices."""
        market = FileMarket(data, CALENDAR)
        return cls(
            market=market,
            model=RulesModel(),
            broker=PaperBroker(engine, market, terms or PaperTerms()),
            ledger=PostgresLedger(engine),
            journal=PostgresJournal(engine),
            snapshots=PostgresSnapshots(engine),
            closes=engine,
            inquiries=PostgresInquiries(engine),
            alerts=PostgresAlerts(engine),
            holders=PostgresHolders(engine),
            shelf=Shelf(PostgresMemory(engine), PostgresGrounds(engine), SmallEmbedder()),
            moves=PostgresMoves(engine),
        )

    def but(self, **changes: Any) -> Ports:
        """The same ports with some replaced."""
        return replace(self, **changes)

    def watching(self, moves: MoveLog) -> PriceWatchingActivities:
        """The watch over this market's prices, by the clock."""
        hands = Hands(self.broker, self.ledger, self.holders, moves, SignalledDesk())
        universes = UniverseActivities(self.market, assets_of(self.market), self.calendar)
        return PriceWatchingActivities(Eyes(self.market, self.calendar, universes.resolve_universe), hands, self.plan)

    def activities(self, queue: str) -> list[Callable[..., Any]]:
        """The activities of one queue."""
        if queue == policies.AGENTS_QUEUE:
            cast = self.cast or cast_on(self.model)
            agents = AgentActivities(cast, self.journal, self.snapshots, self.budget, self.shelf.memory)
            inquirer = InquirerActivities(cast, self.journal, self.budget)
            four: list[Callable[..., Any]] = [agents.ask_data, agents.ask_risk, agents.ask_validator, agents.ask_meta]
            return [*four, agents.argue, agents.reflect, inquirer.ask_inquirer]
        if queue == policies.ORDERS_QUEUE:
            outside = Outside(self.broker, self.market, CALENDAR)
            orders = activities_of_orders(outside, self.ledger, self.rules, EarningsFile(None))
            return [*orders, *([self.watching(self.moves).watch_prices] if self.moves is not None else [])]
        gate = Gate(self.market, self.calendar, self.ledger, self.rules, self.shelf.memory)
        books = LedgerActivities(self.ledger, self.snapshots)
        looking = MarketActivities(self.market, CALENDAR, self.snapshots, self.rules.max_data_age)
        writing: list[Callable[..., Any]] = [
            books.record,
            books.end_cycle,
            books.mark,
            books.intend,
            books.change_state,
        ]
        reading: list[Callable[..., Any]] = [
            gate.open_cycle,
            looking.take_snapshot,
            RuleActivities(self.snapshots, self.strategy_rules).apply_rule,
            UniverseActivities(self.market, assets_of(self.market), CALENDAR).resolve_universe,
        ]
        breaker = BreakerActivities(self.ledger, self.breaker)
        pace = Pace(look=timedelta(seconds=LOOK_AGAIN))
        telling = AlertingActivities(self.alerts, self.ledger, self.channels, self.telling, pace)
        writing.append(telling.deliver_alerts)
        shadow = ShadowActivities(self.ledger, self.market, CALENDAR, self.costs)
        reading += [shadow.decide_in_shadow, shadow.score_shadow]
        cycles = CycleActivities(started)
        scans = ScanActivities(self.market, self.calendar, self.ledger, self.holders)
        asking: list[Callable[..., Any]] = [
            cycles.ask_desk,
            cycles.await_cycles,
            scans.may_scan,
            scans.strategies_due,
            scans.was_missed,
            scans.note_skip,
        ]
        exchange = Exchange(self.market, CALENDAR, "none")
        memory = MemoryActivities(self.shelf, self.ledger, self.snapshots, exchange, self.costs)
        writing += [memory.resolve_memories, memory.recall_precedents, memory.remember_decisions]
        closing = activities_of_closing(exchange, self.closes, self.strategies) if self.closes else []
        if self.closes is not None:
            again = ReplayActivities(PostgresGrounds(self.closes), PostgresChronicle(self.closes))
            closing += [again.load_past, again.sum_up_replay]
        asking += self._inquiring() if self.inquiries else []
        return [*reading, *asking, *writing, breaker.judge, breaker.judge_desk, breaker.resume_desk, *closing]

    def _inquiring(self) -> list[Callable[..., Any]]:
        assert self.inquiries is not None
        looking = InquiryActivities(self.tools, self.inquiries, self.market, "America/New_York")
        return [looking.open_inquiry, looking.look_up, looking.check_citations, looking.keep_inquiry]


def cast_on(model: LanguageModel) -> Cast:
    """The model in every seat; what rules say is free."""
    free = isinstance(model, RulesModel)
    seats = {agent: Seat(model, Asking(model="rules-1"), is_free=free) for agent in Agent}
    return Cast(seats, read_prompts(), Seat(RulesModel(), Asking(model="rules-1"), is_free=True))


@asynccontextmanager
async def serving(client: Client, ports: Ports, **options: Any) -> AsyncIterator[None]:
    """Workers for every queue, in this process."""
    async with AsyncExitStack() as stack:
        for queue in policies.QUEUES:
            worker = Worker(
                client,
                task_queue=queue,
                workflows=WORKFLOWS if queue == policies.DESK_QUEUE else [],
                activities=ports.activities(queue),
                # On a loaded machine a thread gives no sign of life for two seconds now and then. Interrupting it comes
                # to nothing in a callback of the garbage collector, and the worker would wait for its end for ever.
                debug_mode=True,
                max_concurrent_activities=None if queue == policies.AGENTS_QUEUE else policies.MOST_ACTIVITIES,
                **options,
            )
            await stack.enter_async_context(worker)
        yield


def request(*symbols: str, **changes: Any) -> CycleRequest:
    """A request for a cycle on the sample's last day."""
    return CycleRequest.model_validate({"symbols": symbols or SYMBOLS, "trace_id": "trace-1", **changes})


async def ask(client: Client, asked: CycleRequest, desk_id: str = "main") -> CycleTicket:
    """Ask a desk for a cycle, starting the desk when it is not there."""
    ticket: CycleTicket = await update(client, desk_id, (TradingDesk.run_cycle, asked))
    return ticket


async def outcome(client: Client, ticket: CycleTicket) -> CycleReport:
    """Wait for a cycle to start and to end."""
    handle = client.get_workflow_handle_for(TradingCycle.run, ticket.workflow_id)
    while True:
        try:
            return await handle.result()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        # It waits for its turn: there is nothing yet that a client could wait on.
        await asyncio.sleep(LOOK_AGAIN)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so."""
    while True:
        if await seen():
            return
        await asyncio.sleep(LOOK_AGAIN)


async def quiet(desk: WorkflowHandle[TradingDesk, None]) -> None:
    """Wait until nothing runs or waits at a desk."""

    async def idle() -> bool:
        return all(line.outcome is not None for line in await desk.query(TradingDesk.cycles))

    await until(idle)


async def read(desk: WorkflowHandle[TradingDesk, None]) -> None:
    """Wait until a desk has read what it was told.

    The server refuses to let a run end while signals arrive, and takes ten thousand a run: whoever tells without a
    breath, on a machine that is busy, sees the rest refused.
    """
    await desk.query(TradingDesk.trading_state)


async def in_state(desk: WorkflowHandle[TradingDesk, None], state: TradingState, reason: str = "") -> None:
    """Wait until a desk is in this trading state, for this reason if one is named."""

    async def there() -> bool:
        breaker = await desk.query(TradingDesk.circuit_breaker)
        return breaker.state is state and (not reason or breaker.reason == reason)

    await until(there)


async def cycle(client: Client, asked: CycleRequest, desk_id: str = "main") -> CycleReport:
    """Run one cycle to its end."""
    return await outcome(client, await ask(client, asked, desk_id))


def desk_of(client: Client, desk_id: str = "main") -> WorkflowHandle[TradingDesk, None]:
    """The desk's workflow."""
    return client.get_workflow_handle_for(TradingDesk.run, f"desk/{desk_id}")


async def findings(ports: Ports, desk_id: str = "main") -> tuple[Finding, ...]:
    """What the audit finds over the books and the broker's."""
    return audit(await ports.ledger.books(desk_id), await ports.broker.orders(desk_id))
