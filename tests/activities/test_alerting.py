"""The teller of alerts over real books: every channel its own way, nothing lost, nothing told twice without need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.alerting import DEAD_AFTER, AlertingActivities, Pace
from adapters.postgres.alerts import PostgresAlerts
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import DESK, event, opening
from tests.fakes.channel import Channel
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.errors import LedgerUnavailable
from trading.events import EventType
from trading.notices import AlertLine, AlertRules, Outcome, Settled

LOOK = timedelta(milliseconds=20)
PACE = Pace(look=LOOK, send=timedelta(milliseconds=200), rest=timedelta(milliseconds=1))


@pytest.fixture
async def ledger(engine: AsyncEngine) -> PostgresLedger:
    ledger = PostgresLedger(engine)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    return ledger


@pytest.fixture
def alerts(engine: AsyncEngine) -> PostgresAlerts:
    return PostgresAlerts(engine)


class Flaky(PostgresAlerts):
    """Books that cannot be written just as something was told."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.trouble = 2

    async def settle(self, desk_id: str, channel: str, settled: Settled) -> None:
        if settled.alerts and self.trouble:
            self.trouble -= 1
            raise LedgerUnavailable("away")
        await super().settle(desk_id, channel, settled)


async def raise_some(ledger: PostgresLedger, *keys: str, severity: Severity = Severity.CRITICAL) -> None:
    """Alerts raised now, each for a reason of its own."""
    at = datetime.now(UTC)
    raised = [Alert(topic=Topic.SYSTEM, key=key, reason=f"{key} is broken", severity=severity) for key in keys]
    await ledger.record([alert_raised(DESK, one, at) for one in raised])


@asynccontextmanager
async def telling(
    ledger: PostgresLedger, alerts: PostgresAlerts, *channels: Channel, **rules: Any
) -> AsyncIterator[None]:
    """A teller that works as long as the block, and then ends as its worker does."""
    environment, before = ActivityEnvironment(), sum(len(channel.arrived) for channel in channels)
    teller = AlertingActivities(alerts, ledger, channels, AlertRules(**rules), PACE)
    work = asyncio.ensure_future(environment.run(teller.deliver_alerts, DESK))
    try:
        yield
        assert not work.done()
    finally:
        environment.worker_shutdown()
        told = await work
    assert told == sum(len(channel.arrived) for channel in channels) - before


async def until(seen: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            found = seen()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def listed(alerts: PostgresAlerts) -> Sequence[AlertLine]:
    return await alerts.listed(DESK, limit=100)


async def test_every_channel_is_told_each_alert_once(ledger: PostgresLedger, alerts: PostgresAlerts) -> None:
    phone, mail = Channel("phone"), Channel("mail")
    await raise_some(ledger, "disk")
    for _ in range(2):
        async with telling(ledger, alerts, phone, mail):
            await raise_some(ledger, "stream")
            await until(lambda: len(phone.arrived) == len(mail.arrived) == 2)
            await asyncio.sleep(5 * LOOK.total_seconds())
    assert phone.titles == mail.titles == [f"[critical] {DESK}: disk is broken", f"[critical] {DESK}: stream is broken"]


async def test_a_desk_that_is_not_open_yet_is_waited_for(engine: AsyncEngine, alerts: PostgresAlerts) -> None:
    phone, ledger = Channel(), PostgresLedger(engine)
    async with telling(ledger, alerts, phone):
        await asyncio.sleep(3 * LOOK.total_seconds())
        opened, cash = opening()
        await ledger.open_desk(opened, cash=cash)
        await raise_some(ledger, "disk")
        await until(lambda: len(phone.arrived) == 1)


@pytest.mark.parametrize("trouble", ["unavailable", "bug", "silent"])
async def test_a_dead_channel_holds_up_no_other_and_is_told_to_them(
    ledger: PostgresLedger, alerts: PostgresAlerts, trouble: str
) -> None:
    dead, live = Channel("dead", ever=trouble), Channel("live")
    await raise_some(ledger, "disk", "stream")
    async with telling(ledger, alerts, dead, live):
        await until(lambda: len(live.arrived) == 3)
    assert dead.tries >= DEAD_AFTER
    assert dead.arrived == []
    assert live.arrived[-1].severity is Severity.WARNING
    assert "alerts do not arrive by dead" in live.arrived[-1].body
    assert "secret" not in live.arrived[-1].body
    told = {line.alert.reason.split()[0]: [one.channel for one in line.deliveries] for line in await listed(alerts)}
    assert told == {"disk": ["live"], "stream": ["live"], "alerts": ["live"]}
    # It works again: what it missed is told in full.
    back = Channel("dead")
    async with telling(ledger, alerts, back):
        await until(lambda: len(back.arrived) == 3)


async def test_a_channel_that_fails_is_left_alone_and_then_told(ledger: PostgresLedger, alerts: PostgresAlerts) -> None:
    phone = Channel("phone", "unavailable", "bug")
    await raise_some(ledger, "disk")
    async with telling(ledger, alerts, phone):
        await until(lambda: len(phone.arrived) == 1)
    assert phone.tries == 3


async def test_a_notice_that_is_refused_is_not_sent_again_and_the_next_is(
    ledger: PostgresLedger, alerts: PostgresAlerts
) -> None:
    phone = Channel("phone", "refused")
    await raise_some(ledger, "disk", "stream")
    async with telling(ledger, alerts, phone):
        await until(lambda: len(phone.arrived) == 1)
        await asyncio.sleep(3 * LOOK.total_seconds())
    assert phone.tries == 2
    outcomes = [[one.outcome for one in line.deliveries] for line in await listed(alerts)]
    assert outcomes == [[Outcome.REFUSED], [Outcome.TOLD]]


async def test_what_was_told_while_the_books_were_away_is_not_told_again(
    engine: AsyncEngine, ledger: PostgresLedger
) -> None:
    phone, flaky = Channel(), Flaky(engine)
    await raise_some(ledger, "disk", "stream")
    async with telling(ledger, flaky, phone):
        await until(lambda: len(phone.arrived) == 2)
        await asyncio.sleep(3 * LOOK.total_seconds())
    assert flaky.trouble == 0
    assert len(phone.arrived) == 2


async def test_a_worker_that_ends_lets_what_is_under_way_arrive(ledger: PostgresLedger, alerts: PostgresAlerts) -> None:
    class Slow(Channel):
        async def send(self, notice: Any) -> None:
            begun.set()
            await asyncio.sleep(0.1)
            await super().send(notice)

    begun, phone = asyncio.Event(), Slow()
    await raise_some(ledger, "disk")
    async with telling(ledger, alerts, phone):
        await begun.wait()
    assert len(phone.arrived) == 1


async def test_the_log_is_read_and_told_without_any_channel(ledger: PostgresLedger, alerts: PostgresAlerts) -> None:
    at = datetime.now(UTC)
    failed = [
        event(EventType.CYCLE_FAILED, {"reason": "no model", "code": "no_model"}, name=f"c-{n}", aggregate=f"c-{n}")
        for n in range(10)
    ]
    async with telling(ledger, alerts):
        for one in failed:
            await ledger.record([one.model_copy(update={"occurred_at": at})])
        await until(lambda: _count(alerts, 1))
        await ledger.record([event(EventType.CYCLE_COMPLETED, {}, name="c-99", aggregate="c-99")])
        await until(lambda: _count(alerts, 2))
    assert [line.alert.severity for line in await listed(alerts)] == [Severity.WARNING, Severity.INFO]


async def _count(alerts: PostgresAlerts, number: int) -> bool:
    return len(await listed(alerts)) == number
