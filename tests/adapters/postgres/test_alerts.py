"""What is remembered of alerts: who was told, who has seen them, how far the log was read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.alerts import DESK as DESK_ITSELF
from adapters.postgres.alerts import MOST_LINES, PostgresAlerts
from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import DESK, event
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.errors import BadConfiguration
from trading.events import EventType
from trading.notices import Outcome, Settled
from trading.occasions import UNREAD, Noticed

NOW = datetime(2024, 3, 1, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def alerts(engine: AsyncEngine, ledger: PostgresLedger) -> PostgresAlerts:
    return PostgresAlerts(engine)


async def raise_one(
    ledger: PostgresLedger, key: str, severity: Severity = Severity.CRITICAL, at: datetime = NOW, kind: str = ""
) -> None:
    alert = Alert(topic=Topic.SYSTEM, key=key, reason=f"{key} is broken", severity=severity, kind=kind)
    await ledger.record([alert_raised(DESK, alert, at)])


async def waiting(alerts: PostgresAlerts, channel: str = "phone") -> list[str]:
    return [one.reason.split()[0] for one in (await alerts.inbox(DESK, channel, NOW - 60 * MINUTE)).waiting]


async def test_what_waits_is_settled_once_for_each_channel(alerts: PostgresAlerts, ledger: PostgresLedger) -> None:
    assert await waiting(alerts) == []
    for key in ("disk", "stream"):
        await raise_one(ledger, key)
    inbox = await alerts.inbox(DESK, "phone", NOW - 60 * MINUTE)
    told = Settled(outcome=Outcome.TOLD, alerts=inbox.waiting[:1], at=NOW)
    for again in (told, told.model_copy(update={"outcome": Outcome.REFUSED})):
        await alerts.settle(DESK, "phone", again)
    assert (await waiting(alerts), await waiting(alerts, "mail")) == (["stream"], ["disk", "stream"])
    (first, second) = await alerts.listed(DESK, limit=10)
    assert [(one.channel, one.outcome) for one in first.deliveries] == [("phone", Outcome.TOLD)]
    assert second.deliveries == ()


async def test_the_critical_stand_first_before_more_than_one_reading_takes(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    many = [
        Alert(topic=Topic.SYSTEM, key=f"case-{n}", reason="much", severity=Severity.INFO) for n in range(MOST_LINES + 5)
    ]
    await ledger.record([alert_raised(DESK, one, NOW) for one in many])
    await raise_one(ledger, "disk")
    found = await waiting(alerts)
    assert (len(found), found[0]) == (MOST_LINES, "disk")


async def test_what_was_told_lately_and_what_takes_a_place_in_the_hour(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    for key, severity in (("disk", Severity.WARNING), ("stream", Severity.WARNING), ("order", Severity.CRITICAL)):
        await raise_one(ledger, key, severity)
    disk, stream, order = sorted((await alerts.inbox(DESK, "phone", NOW)).waiting, key=lambda one: one.number)
    for group, minutes in (((disk, stream), 0), ((order,), 1)):
        at = NOW + minutes * MINUTE
        await alerts.settle(DESK, "phone", Settled(outcome=Outcome.TOLD, alerts=group, at=at))
    await raise_one(ledger, "more")
    inbox = await alerts.inbox(DESK, "phone", NOW - MINUTE)
    assert inbox.told == {disk.cause: NOW, stream.cause: NOW, order.cause: NOW + MINUTE}
    assert inbox.lately == (NOW,)
    # A reason that a person has seen is news when it comes back.
    await alerts.acknowledge(DESK, [disk.number, order.number], "ada", NOW)
    assert set((await alerts.inbox(DESK, "phone", NOW - MINUTE)).told) == {disk.cause, stream.cause}
    assert (await alerts.inbox(DESK, "phone", NOW)).lately == ()


async def test_a_new_channel_begins_a_day_ago_and_reading_the_log_too(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    await raise_one(ledger, "old", at=NOW - timedelta(days=3))
    await raise_one(ledger, "young", at=NOW - timedelta(hours=3))
    assert await waiting(alerts) == ["young"]
    noticed, entries, read_to = await alerts.read_on(DESK, NOW)
    assert (noticed.read_to, entries, read_to) == (3, (), 4)


async def test_the_log_is_read_once_in_pieces_and_what_it_gives_reason_for_is_written_with_how_far(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    failed = [
        event(EventType.CYCLE_FAILED, {"reason": "r"}, name=f"c-{n}", aggregate=f"c-{n}") for n in range(MOST_LINES + 3)
    ]
    await ledger.record(failed)
    noticed, entries, read_to = await alerts.read_on(DESK, NOW)
    assert (len(entries), entries[-1].sequence, read_to) == (MOST_LINES, MOST_LINES + 2, MOST_LINES + 2)
    raised = alert_raised(DESK, Alert(topic=Topic.SYSTEM, key="once", reason="one"), NOW)
    kept = Noticed(read_to=read_to, large=("AAPL",))
    for said in ("one", "said otherwise"):
        again = raised.model_copy(update={"data": {**raised.data, "reason": said}})
        await alerts.note(DESK, kept, [again])
    noticed, entries, read_to = await alerts.read_on(DESK, NOW)
    assert (noticed, len(entries), read_to) == (kept, 3, MOST_LINES + 6)
    assert [line.alert.reason for line in await alerts.listed(DESK, limit=9)] == ["one"]


async def test_an_alert_is_acknowledged_once_by_whoever_comes_first(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    for key in ("disk", "stream"):
        await raise_one(ledger, key)
    disk, stream = [line.alert.number for line in await alerts.listed(DESK, limit=9)]
    for by in ("ada", "bob"):
        await alerts.acknowledge(DESK, [disk, disk, 1, 999], by, NOW)
    lines = await alerts.listed(DESK, limit=9)
    assert [(line.acknowledged_by, line.acknowledged_at) for line in lines] == [("ada", NOW), (None, None)]
    assert [line.alert.number for line in await alerts.listed(DESK, limit=9, open_only=True)] == [stream]


async def test_unread_is_what_is_critical_old_enough_seen_by_nobody_and_not_told_to_the_desk(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    for key, severity, minutes, kind in (
        ("older", Severity.CRITICAL, 99, ""),
        ("warned", Severity.WARNING, 20, ""),
        ("seen", Severity.CRITICAL, 20, ""),
        ("told", Severity.CRITICAL, 20, ""),
        ("about-itself", Severity.CRITICAL, 20, UNREAD),
        ("unread", Severity.CRITICAL, 15, ""),
        ("fresh", Severity.CRITICAL, 14, ""),
    ):
        await raise_one(ledger, key, severity, NOW - minutes * MINUTE, kind)
    by_key = {line.alert.reason.split()[0]: line.alert for line in await alerts.listed(DESK, limit=9)}
    await alerts.acknowledge(DESK, [by_key["seen"].number], "ada", NOW)
    await alerts.settle(DESK, DESK_ITSELF, Settled(outcome=Outcome.TOLD, alerts=(by_key["told"],), at=NOW))
    found = await alerts.unread(DESK, NOW - 60 * MINUTE, NOW - 15 * MINUTE)
    assert found == (by_key["unread"],)


async def test_an_alert_of_earlier_days_that_has_only_a_reason_is_critical(
    alerts: PostgresAlerts, ledger: PostgresLedger
) -> None:
    await ledger.record([event(EventType.ALERT_RAISED, {"reason": "stream is silent"}, name="old", aggregate=DESK)])
    (one,) = (await alerts.inbox(DESK, "phone", NOW)).waiting
    assert (one.severity, one.topic, one.reason) == (Severity.CRITICAL, Topic.SYSTEM, "stream is silent")


@pytest.mark.parametrize("table", ["alert_readings", "alert_channels", "alert_deliveries"])
async def test_nothing_of_it_is_taken_away(engine: AsyncEngine, table: str) -> None:
    with pytest.raises(BadConfiguration, match="refuses the permission"):
        async with transaction(engine) as connection:
            await connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  our own words
