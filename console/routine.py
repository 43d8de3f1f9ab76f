"""What a desk does without being asked: what the clock starts, a look at the broker, an ear on it, and its alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, Schedule, ScheduleAlreadyRunningError, ScheduleUpdate, ScheduleUpdateInput
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.ledger import PostgresLedger
from console.timetable import OF_STRATEGIES, Timetable, entries_of, timetable_of
from console.watchlist import Prices
from settings import Settings
from trading.reconciling import ReconciliationAsked
from trading.strategy import Strategy
from wiring import monitoring
from workflows import policies
from workflows.alert_watch import AlertWatch
from workflows.broker_watch import BrokerWatch
from workflows.price_watch import PriceWatch
from workflows.reconciliation import Reconciliation


async def begin_routine(client: Client, timetable: Timetable, *, listens: bool, watches: bool = False) -> None:
    """Compare the books now, keep the clock, and tell alerts; listen where the broker tells, watch prices that move.

    Harmless to repeat.
    """
    desk_id = timetable.desk_id
    now = f"{desk_id}-start-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    asked = ReconciliationAsked(desk_id=desk_id, reconciliation_id=now, trace_id=now)
    await client.start_workflow(
        Reconciliation.run,
        asked,
        id=asked.workflow_id,
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        execution_timeout=policies.RECONCILING_LIFE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="books and broker, as the worker starts",
    )
    await applied(client, timetable)
    if listens:
        await _watch(client, BrokerWatch.run, f"broker-watch/{desk_id}", "orders as they move")
    if watches:
        await _watch(client, PriceWatch.run, f"price-watch/{desk_id}", "prices as they move")
    await _watch(client, AlertWatch.run, f"alerts/{desk_id}", "alerts to those who read them")


async def keep_routine(client: Client, settings: Settings, engine: AsyncEngine) -> None:
    """Begin it by the settings and strategies of now: a build of the worker may have waited for its turn for days."""
    timetable = await timetable_in(settings, engine)
    await begin_routine(
        client, timetable, listens=settings.orders.broker != "paper", watches=monitoring.watches(settings)
    )


async def timetable_in(settings: Settings, engine: AsyncEngine) -> Timetable:
    """The clock of the settings' desk and of its strategies. Raises BadConfiguration when it could not be kept to."""
    strategies = await PostgresLedger(engine).strategies(settings.desk.id)
    return await timetable_of(settings, Prices.of(settings), strategies)


async def _watch(client: Client, watch: Callable[..., Any], name: str, says: str) -> None:
    """Start one of the workflows that a desk has one of, for ever; its id ends with the desk's."""
    await client.start_workflow(
        watch,
        name.partition("/")[2],
        id=name,
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=says,
    )


@dataclass(frozen=True)
class Applied:
    """What became of a desk's schedules: by name, those that are new, and those that nobody needs any more."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


async def apply_schedules(client: Client, settings: Settings, strategies: Sequence[Strategy]) -> Applied:
    """Bring the schedules of the settings' desk to what the settings and all of its strategies say.

    To be called after each change of a strategy; harmless to repeat. Raises BadConfiguration, before anything is
    changed, for times that cannot be kept to.
    """
    return await applied(client, await timetable_of(settings, Prices.of(settings), strategies))


async def applied(client: Client, timetable: Timetable) -> Applied:
    """Make every schedule, or bring it to its form; take away those of strategies that have no times any more."""
    desk_id, entries = timetable.desk_id, entries_of(timetable.own)
    new = [one.name for one in entries if await keep(client, one.id_of(desk_id), one.schedule(timetable))]
    kept = {entry.name for entry in entries}
    gone = [name for name in await made(client, desk_id) if name not in kept]
    for name in gone:
        await _taken_away(client, f"{name}/{desk_id}")
    return Applied(tuple(new), tuple(gone))


async def made(client: Client, desk_id: str) -> list[str]:
    """The names of a desk's schedules of single strategies that the server has."""
    found = [one.id async for one in await client.list_schedules()]
    names = (one.removesuffix(f"/{desk_id}") for one in found if one.endswith(f"/{desk_id}"))
    return sorted(name for name in names if name.startswith(OF_STRATEGIES) and "/" not in name)


async def _taken_away(client: Client, name: str) -> None:
    """The server's list is a moment behind: what somebody else took away meanwhile is away."""
    try:
        await client.get_schedule_handle(name).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def keep(client: Client, name: str, schedule: Schedule) -> bool:
    """Make it, or bring it to this form, and say whether it is new. Whether it is paused stays as a person left it."""

    def renewed(old: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule.state = old.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renewed)
        return False
    return True
