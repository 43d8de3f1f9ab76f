"""Wiring only: settings → adapters → activities → workers.

`worker.py` serves every queue of the desk, or those that `--queues` names: `backtests` is one by itself.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import structlog
import typer
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

import settings as configuration
from activities.agents import AgentActivities
from activities.alerting import AlertingActivities
from activities.auditing import AuditActivities
from activities.backtests import BacktestActivities
from activities.breaker import BreakerActivities
from activities.closing import ClosingActivities, Exchange
from activities.cycles import CycleActivities
from activities.gate import Gate, GateRules
from activities.inquiring import InquirerActivities, InquiryActivities
from activities.ledger import LedgerActivities
from activities.market import MarketActivities
from activities.memory import MemoryActivities
from activities.opening import OpeningActivities
from activities.orders import OrderActivities
from activities.price_looks import Hands
from activities.price_watching import PriceWatchingActivities
from activities.reconciling import ReconcilingActivities
from activities.replaying import ReplayActivities
from activities.reporting import ReportingActivities
from activities.repricing import RepricingActivities
from activities.reviewing import ReviewingActivities
from activities.rules import RuleActivities
from activities.scans import ScanActivities
from activities.shadow import ShadowActivities
from activities.standing import StandingActivities
from activities.standing_down import StandingDownActivities
from activities.universes import UniverseActivities
from activities.watching import WatchingActivities
from adapters import logs
from adapters.earnings_file import EarningsFile
from adapters.metrics.activities import Metered
from adapters.metrics.desk import DeskReader, telling_of_desk
from adapters.metrics.instruments import REGISTRY
from adapters.metrics.ports import MeteredChannel, MeteredJournal, MeteredModel
from adapters.metrics.serving import Telling, telling
from adapters.postgres.alerts import PostgresAlerts
from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.chronicle import PostgresChronicle
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.engine import Database, application_engine
from adapters.postgres.grounds import PostgresGrounds
from adapters.postgres.holders import PostgresHolders
from adapters.postgres.inquiries import PostgresInquiries
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.memory import PostgresMemory
from adapters.postgres.moves import PostgresMoves
from adapters.postgres.snapshots import PostgresSnapshots
from adapters.postgres.weeks import PostgresWeeks
from adapters.temporal.connection import add_missing_search_attributes, connect
from adapters.temporal.ending import leave
from adapters.temporal.pulse import beating
from adapters.temporal.versions import config_of, own, when_current
from adapters.tracing.ports import TracedJournal, TracedModel
from console import ready
from console.complaint import complain
from console.door import SignalledDesk
from console.reach import reach
from console.routine import keep_routine, timetable_in
from console.tracing import trace
from settings import Settings
from trading.errors import BadConfiguration
from trading.inquiry_ports import Tools
from trading.ports import Broker, Calendar, Earnings, Ledger, Market
from trading.strategy_rules import StrategyRules
from wiring.asking import redaction_of, tools_of
from wiring.brokers import broker_of, paper_terms_of, vet_broker
from wiring.budgets import budget_of
from wiring.casting import cast_of
from wiring.markets import assets_of, calendar_of, market_of
from wiring.memory import shelf_of
from wiring.metrics import place_of, watched_of
from wiring.monitoring import eyes_of, plan_of
from wiring.notices import channels_of
from wiring.rules import gate_rules
from wiring.strategies import rules_of
from workflows import policies, search_attributes
from workflows.alert_watch import AlertWatch
from workflows.backtest import Backtest
from workflows.broker_watch import BrokerWatch
from workflows.daily_close import DailyClose
from workflows.desks import started
from workflows.inquiry import Inquiry
from workflows.order_execution import OrderExecution
from workflows.price_watch import PriceWatch
from workflows.reconciliation import Reconciliation
from workflows.replay import Replay
from workflows.scheduled_scan import RollCall, ScheduledScan
from workflows.stand_down import StandDown
from workflows.trading_cycle import TradingCycle
from workflows.trading_desk import TradingDesk
from workflows.weekly_report import WeeklyReport

Activities = list[Callable[..., Any]]
WORKFLOWS = (
    TradingDesk,
    TradingCycle,
    OrderExecution,
    Reconciliation,
    StandDown,
    BrokerWatch,
    PriceWatch,
    ScheduledScan,
    RollCall,
    DailyClose,
    WeeklyReport,
    AlertWatch,
    Replay,
    Inquiry,
    Backtest,
)
WORKFLOWS_OF = {policies.DESK_QUEUE: WORKFLOWS[:-1], policies.BACKTESTS_QUEUE: (Backtest,)}
"""Which of them a queue's workers run."""
# An order being sent must learn its answer; a model's thought may be cut, its reply is journalled when it comes.
GRACE = timedelta(seconds=20)

log = structlog.get_logger()


def activities_of(queue: str, settings: Settings, engine: AsyncEngine) -> Activities:
    """The activities of one queue, with only the adapters that they need.

    No key is read for a queue that is not served.
    """
    if queue == policies.BACKTESTS_QUEUE:
        return activities_of_studies(settings, engine)
    ledger, snapshots = PostgresLedger(engine), PostgresSnapshots(engine)
    if queue == policies.AGENTS_QUEUE:
        models, journal = settings.models, TracedJournal(MeteredJournal(PostgresJournal(engine)))
        cast, budget = cast_of(models, lambda model: MeteredModel(TracedModel(model))), budget_of(models)
        agents = AgentActivities(cast, journal, snapshots, budget, PostgresMemory(engine))
        answering = InquirerActivities(cast, journal, budget)
        four: Activities = [agents.ask_data, agents.ask_risk, agents.ask_validator, agents.ask_meta]
        return [*four, agents.argue, agents.reflect, answering.ask_inquirer]
    calendar = calendar_of(settings.schedule)
    market = market_of(settings, calendar, engine)
    if queue == policies.ORDERS_QUEUE:
        broker = broker_of(settings, engine, market)
        hands = Hands(broker, ledger, PostgresHolders(engine), PostgresMoves(engine), SignalledDesk())
        watch = PriceWatchingActivities(eyes_of(settings, market, calendar), hands, plan_of(settings, market))
        earnings = EarningsFile(settings.trading.earnings_calendar)
        outside = Outside(broker, market, calendar)
        return [*activities_of_orders(outside, ledger, gate_rules(settings), earnings), watch.watch_prices]
    rules = gate_rules(settings)
    gate = Gate(market, calendar, ledger, rules, PostgresMemory(engine))
    books = LedgerActivities(ledger, snapshots)
    earnings = EarningsFile(settings.trading.earnings_calendar)
    looking = MarketActivities(market, calendar, snapshots, rules.max_data_age, earnings)
    breaker = BreakerActivities(ledger, settings.breaker.rules, settings.schedule.timezone)
    ruling = RuleActivities(snapshots, rules_of(settings.strategies))
    universes = UniverseActivities(market, assets_of(market), calendar)
    reading: Activities = [gate.open_cycle, looking.take_snapshot, ruling.apply_rule, universes.resolve_universe]
    cycles, scans = CycleActivities(started), ScanActivities(market, calendar, ledger, PostgresHolders(engine))
    asking: Activities = [cycles.ask_desk, cycles.await_cycles]
    asking += [scans.may_scan, scans.strategies_due, scans.was_missed, scans.note_skip]
    writing: Activities = [books.record, books.end_cycle, books.mark, books.intend, books.change_state]
    exchange = Exchange(market, calendar, settings.desk.benchmark, settings.schedule.timezone)
    costs = paper_terms_of(settings)
    shadow = ShadowActivities(ledger, market, calendar, costs)
    memory = MemoryActivities(shelf_of(settings, engine), ledger, snapshots, exchange, costs)
    recalling: Activities = [memory.resolve_memories, memory.recall_precedents, memory.remember_decisions]
    thinking: Activities = [shadow.decide_in_shadow, shadow.score_shadow]
    closing = activities_of_closing(exchange, engine, settings.strategies.rules)
    channels = [MeteredChannel(one) for one in channels_of(settings.alerts)]
    alerting = AlertingActivities(PostgresAlerts(engine), ledger, channels, settings.alerts.rules)
    judging: Activities = [breaker.judge, breaker.judge_desk, breaker.resume_desk, alerting.deliver_alerts]
    replaying = ReplayActivities(PostgresGrounds(engine), PostgresChronicle(engine))
    looking_back: Activities = [replaying.load_past, replaying.sum_up_replay]
    return [*reading, *asking, *writing, *thinking, *recalling, *judging, *closing, *looking_back]


def activities_of_closing(exchange: Exchange, engine: AsyncEngine, rules: StrategyRules) -> Activities:
    """What is done when a day or a week is over."""
    closes = PostgresCloses(engine)
    closing = ClosingActivities(exchange, closes)
    reporting = ReportingActivities(exchange.market, exchange.calendar, closes, PostgresWeeks(engine))
    reviewing = ReviewingActivities(closes, PostgresLedger(engine), rules)
    reports: Activities = [reporting.plan_week, reporting.report_week]
    return [closing.plan_closes, closing.close_session, reviewing.review_strategies, *reports]


def activities_of_inquiries(settings: Settings, engine: AsyncEngine, tools: Tools) -> Activities:
    """What a question in plain language does besides thinking."""
    market = market_of(settings, calendar_of(settings.schedule), engine)
    looking = InquiryActivities(tools, PostgresInquiries(engine), market, settings.schedule.timezone)
    return [looking.open_inquiry, looking.look_up, looking.check_citations, looking.keep_inquiry]


def activities_of_studies(settings: Settings, engine: AsyncEngine) -> Activities:
    """What is done with the past: no key and no broker, only the database and the files of bars."""
    from wiring.studies import studies_of  # noqa: PLC0415  its compiler takes a second that no desk should wait for

    studies = BacktestActivities(studies_of(settings, PostgresRuns(engine)))
    return [studies.prepare_study, studies.run_chunk, studies.judge_fold, studies.finish_study]


class Outside(NamedTuple):
    """The world as an order meets it."""

    broker: Broker
    market: Market
    calendar: Calendar


def activities_of_orders(outside: Outside, ledger: Ledger, rules: GateRules, earnings: Earnings) -> Activities:
    """What the process does that holds the broker's key."""
    broker, market, calendar = outside
    limits = rules.limits
    orders = OrderActivities(broker, ledger, market, real_money=rules.real_money)
    audits = AuditActivities(broker, ledger)
    standing = StandingActivities(broker, market, calendar, earnings, rules.max_data_age)
    reconciling = ReconcilingActivities(broker, ledger, market, calendar, limits)
    sending: Activities = [standing.inquire, orders.clear_way, orders.submit_order, orders.look_up_order]
    following: Activities = [orders.give_up_order, orders.follow_order, orders.cancel_order, orders.cancel_resting]
    leaving: Activities = [StandingDownActivities(ledger, market, limits).intend_exits]
    repricing = RepricingActivities(ledger, market, standing, rules)
    opening: Activities = [OpeningActivities(broker, ledger).open_desk]
    comparing: Activities = [reconciling.compare, reconciling.conclude, audits.audit_desk]
    return [
        *opening,
        *sending,
        *following,
        *leaving,
        *comparing,
        repricing.intend_successor,
        WatchingActivities(broker, ledger).watch_orders,
    ]


@asynccontextmanager
async def serving(
    client: Client, settings: Settings, database: Database, queues: Sequence[str], *, identity: str | None = None
) -> AsyncIterator[None]:
    """Serve these queues until the block is left, then let running activities end; `identity` else the client's.

    Raises BadConfiguration before anything is served when the clock could not be kept to.
    """
    await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
    engine, version = application_engine(database), own()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        if policies.ORDERS_QUEUE in queues:
            await _vet_broker(settings, engine)
            await timetable_in(settings, engine)
        workers: list[Worker] = []
        for queue in queues:
            activities = activities_of(queue, settings, engine)
            if queue == policies.DESK_QUEUE:
                tools = tools_of(settings, database, client)
                stack.push_async_callback(tools.close)
                activities += activities_of_inquiries(settings, engine, tools)
            rate = settings.models.max_calls_per_second if queue == policies.AGENTS_QUEUE else None
            worker = Worker(
                client,
                task_queue=queue,
                workflows=WORKFLOWS_OF.get(queue, ()),
                activities=activities,
                graceful_shutdown_timeout=GRACE,
                sticky_queue_schedule_to_start_timeout=policies.STICKY,
                max_task_queue_activities_per_second=rate,
                max_concurrent_activities=policies.MOST_AT_ONCE[queue],
                identity=identity,
                deployment_config=config_of(version),
                interceptors=[Metered()],
            )
            workers.append(worker)
        await stack.enter_async_context(together(workers))
        if policies.DESK_QUEUE in queues:
            reader = DeskReader(watched_of(settings, policies.ALL_QUEUES), engine, client)
            stack.enter_context(telling_of_desk(REGISTRY, reader))
        log.info("serving", queues=list(queues), desk=settings.desk.id)
        if policies.ORDERS_QUEUE in queues:
            await stack.enter_async_context(
                when_current(client, version, lambda: keep_routine(client, settings, engine))
            )
        yield


async def _vet_broker(settings: Settings, engine: AsyncEngine) -> None:
    """See that orders would go to the account that is meant, before the first can come."""
    market = market_of(settings, calendar_of(settings.schedule), engine)
    log.info("orders go to", broker=await vet_broker(settings, broker_of(settings, engine, market)))


@asynccontextmanager
async def together(workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Run these workers until the block is left, then drain them all at once: the slowest takes its grace, not each."""
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        try:
            yield
        finally:
            await asyncio.gather(*(worker.shutdown() for worker in workers))


async def work(settings: Settings, queues: Sequence[str], health_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT. Raises before anything is polled for when the servers are not as required."""
    stop = asyncio.Event()
    for caught in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(caught, stop.set)
    found = reach(settings)
    await _see_books(found.database)
    async with AsyncExitStack() as stack:
        told = await _told(stack, settings, queues)
        client = await connect(found.temporal_address, told.runtime if told else None)
        await ready.namespace(client)
        await stack.enter_async_context(serving(client, settings, found.database, queues))
        await stack.enter_async_context(beating(client, queues, health_file))
        await stop.wait()
        log.info("draining")


async def _told(stack: AsyncExitStack, settings: Settings, queues: Sequence[str]) -> Telling | None:
    """Where this worker's metrics are told, for as long as the stack lasts; None for nowhere."""
    if settings.metrics.port is None:
        return None
    told = await stack.enter_async_context(telling(place_of(settings.metrics)))
    log.info("metrics", address=told.address, temporal=told.temporal_address, queues=list(queues))
    return told


async def _see_books(database: Database) -> None:
    engine = application_engine(database, pool_size=1)
    try:
        await ready.migrations(engine)
    finally:
        await engine.dispose()


def queues_of(words: str) -> list[str]:
    """The queues named, separated by commas. Raises BadConfiguration for none, and for one that there is not."""
    named = [word.strip() for word in words.split(",") if word.strip()]
    unknown = set(named) - set(policies.ALL_QUEUES)
    if unknown or not named:
        message = (
            f"no such queue: {', '.join(sorted(unknown)) or 'none named'} (there are {', '.join(policies.ALL_QUEUES)})"
        )
        raise BadConfiguration(message)
    return named


def main(
    queues: Annotated[str, typer.Option(help="Queues to serve, separated by commas.")] = ",".join(policies.QUEUES),
    health_file: Annotated[
        Path | None, typer.Option(help="A file to touch while every queue is served; for a container's health check.")
    ] = None,
) -> None:
    """Serve the desk's task queues."""
    code = 0
    try:
        named = queues_of(queues)
        settings = configuration.load()
        logs.configure(form=settings.log.format, level=settings.log.level, redact=redaction_of(settings))
        if settings.log.file is not None:
            logs.write_also(settings.log.file, redaction_of(settings), level=settings.log.level)
        trace(settings)
        asyncio.run(work(settings, named, health_file))
    except Exception as error:  # noqa: BLE001  the last place that can say anything
        code = complain("worker", error)
    leave(code)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(main)
    app()
