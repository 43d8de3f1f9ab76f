"""Raising what the log gives reason for, telling it on every channel, and telling the desk what nobody reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog
from temporalio import activity
from temporalio.service import RPCError, RPCStatusCode

from activities import clock
from trading.alert_ports import Alerts, Notifier
from trading.alerts import alert_raised
from trading.breaker import StateChange, TradingState
from trading.errors import ChannelUnavailable, NoticeRefused, TradingError
from trading.notices import AlertRules, Message, Outcome, Raised, Settled, due
from trading.occasions import ALERTS, dead_channel, look_at, read_on, unread
from trading.ports import Ledger

log = structlog.get_logger()

LONGEST_REST = timedelta(minutes=10)
"""The longest that a channel is left alone."""
MOST_AT_ONCE = 10
"""Messages to a channel between two looks at what is due."""
DEAD_AFTER = 5
"""Failures in a row after which the other channels are told: with the rests between them a minute and a quarter."""
MOST_UNREAD = timedelta(days=7)
"""What is older was not read before anybody asked for it, and does not stop a desk today."""
DESK = "desk"
"""The desk itself as a channel: it is told of what no person has read."""


class Pace(NamedTuple):
    """How often it is looked, how long a channel may take, and how long one that failed is left alone at first.

    After each further failure it is left alone twice as long. What a channel did not take in its time, less than a
    worker has to end, is sent again, and may be said twice.
    """

    look: timedelta = timedelta(seconds=3)
    send: timedelta = timedelta(seconds=15)
    rest: timedelta = timedelta(seconds=5)


class AlertingActivities:
    """The alerts of a desk. Only the process that serves this queue holds the channels' addresses."""

    def __init__(
        self,
        alerts: Alerts,
        ledger: Ledger,
        channels: Sequence[Notifier] = (),
        rules: AlertRules = AlertRules(),  # noqa: B008  a frozen record
        pace: Pace = Pace(),  # noqa: B008  the same
    ) -> None:
        self._alerts = alerts
        self._ledger = ledger
        self._channels = channels
        self._rules = rules
        self._pace = pace

    @activity.defn
    async def deliver_alerts(self, desk_id: str) -> int:
        """Raise alerts, tell them and see whether they are read, until the worker ends; how many messages went out.

        Each channel goes its own way: one that hangs or fails holds up neither the others nor anything else.

        Repeat: what was told is remembered when it was; only a message that was sent as its worker died, or as its time
        was up, is sent again.
        """
        lines = [_Line(channel, (self._alerts, self._ledger), self._rules, self._pace) for channel in self._channels]
        jobs = [self._notice, *([self._escalate] if self._rules.acknowledge_within else []), *(o.tell for o in lines)]
        stopping = asyncio.ensure_future(activity.wait_for_worker_shutdown())
        try:
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    group.create_task(self._go_on(job, desk_id, stopping))
        finally:
            stopping.cancel()
        return sum(line.told for line in lines)

    async def _go_on(self, job: Callable[[str], Awaitable[None]], desk_id: str, stopping: asyncio.Future[None]) -> None:
        """Do a job again and again; books in trouble are asked again at the next look."""
        while not stopping.done():
            try:
                if await self._ledger.knows(desk_id):
                    await job(desk_id)
            except TradingError as error:
                log.warning("alerts wait", desk_id=desk_id, reason=f"{type(error).__name__}: {error}")
            await asyncio.wait({stopping}, timeout=self._pace.look.total_seconds())

    async def _notice(self, desk_id: str) -> None:
        """Raise what the log and the books give reason for."""
        at = clock.now()
        before, entries, read_to = await self._alerts.read_on(desk_id, at)
        noticed, from_log = read_on(before, entries)
        portfolio = await self._ledger.portfolio(desk_id)
        noticed, from_books = look_at(noticed, portfolio, self._rules.large_position, at)
        noticed = noticed.model_copy(update={"read_to": read_to})
        if noticed != before:
            raised = [alert_raised(desk_id, one.alert, one.at) for one in (*from_log, *from_books)]
            await self._alerts.note(desk_id, noticed, raised)

    async def _escalate(self, desk_id: str) -> None:
        """Tell the desk of each critical alert that nobody has acknowledged in time: it reduces from then on."""
        at, within = clock.now(), self._rules.acknowledge_within or MOST_UNREAD
        for alert in await self._alerts.unread(desk_id, at - MOST_UNREAD, at - within):
            told = unread(alert.number, alert.reason, int(within.total_seconds() // 60))
            if (await self._ledger.breaker(desk_id)).hold is TradingState.ACTIVE:
                await self._reduce(desk_id, alert, told.reason, at)
            await self._ledger.record([alert_raised(desk_id, told, at)])
            await self._alerts.settle(desk_id, DESK, Settled(outcome=Outcome.TOLD, alerts=(alert,), at=at))

    async def _reduce(self, desk_id: str, alert: Raised, reason: str, at: datetime) -> None:
        change = StateChange(
            desk_id=desk_id,
            change_id=f"unread-{alert.number}",
            state=TradingState.REDUCING,
            changed_by=ALERTS,
            reason=reason,
            at=at,
        )
        await self._ledger.change_state(change)
        log.error("nobody reads the alerts", desk_id=desk_id, alert=alert.number)
        try:
            await activity.client().get_workflow_handle(f"desk/{desk_id}").signal("books_changed")
        except RPCError as error:
            # The books say it, and the intent of each order reads them; a desk that does not run needs not hear.
            level = log.info if error.status is RPCStatusCode.NOT_FOUND else log.warning
            level("the desk was not told", desk_id=desk_id, reason=error.message)


class _Line:
    """One channel, and how it goes with it in this life of the worker."""

    def __init__(self, channel: Notifier, books: tuple[Alerts, Ledger], rules: AlertRules, pace: Pace) -> None:
        self._channel = channel
        self._alerts, self._ledger = books
        self._rules = rules
        self._pace = pace
        self._failures = 0
        self._rests_until = datetime.min.replace(tzinfo=UTC)
        self._unsettled: list[Settled] = []
        self.told = 0

    async def tell(self, desk_id: str) -> None:
        """Tell the channel what is due; one that failed is left alone for a while."""
        await self._settle(desk_id)
        at, name = clock.now(), self._channel.name
        if at < self._rests_until:
            return
        since = at - max(self._rules.cool_down, timedelta(hours=1))
        plan = due(await self._alerts.inbox(desk_id, name, since), self._rules, at)
        await self._alerts.settle(desk_id, name, Settled(outcome=Outcome.PASSED, alerts=plan.passed, at=at))
        for message in plan.messages[:MOST_AT_ONCE]:
            if not await self._send(desk_id, message):
                return

    async def _settle(self, desk_id: str) -> None:
        """Remember what was told while the books could not be written: it is not told again."""
        while self._unsettled:
            await self._alerts.settle(desk_id, self._channel.name, self._unsettled[0])
            del self._unsettled[0]

    async def _send(self, desk_id: str, message: Message) -> bool:
        """Send one message; whether the channel works."""
        outcome = Outcome.TOLD
        try:
            async with asyncio.timeout(self._pace.send.total_seconds()):
                await self._channel.send(message.notice)
        except NoticeRefused as refusal:
            outcome = Outcome.REFUSED
            named = {"channel": self._channel.name, "alert": message.alerts[-1].number}
            log.error("alert refused", **named, reason=str(refusal))  # noqa: TRY400  its words say all there is
        except TimeoutError:
            return await self._failed(
                desk_id, ChannelUnavailable(f"nothing within {self._pace.send.total_seconds():g} s")
            )
        except ChannelUnavailable as failure:
            return await self._failed(desk_id, failure)
        except Exception as bug:  # noqa: BLE001  a fault of one channel is not the others'; its words may hold an address
            return await self._failed(desk_id, ChannelUnavailable(type(bug).__name__))
        self._failures = 0
        self.told += outcome is Outcome.TOLD
        self._unsettled.append(Settled(outcome=outcome, alerts=message.alerts, at=clock.now()))
        await self._settle(desk_id)
        return True

    async def _failed(self, desk_id: str, failure: ChannelUnavailable) -> bool:
        """Leave the channel alone for a while; one that goes on failing is an alert for the others."""
        at, name = clock.now(), self._channel.name
        self._failures += 1
        rest = min(self._pace.rest * 2 ** min(self._failures - 1, 10), LONGEST_REST)
        asked = timedelta(seconds=failure.retry_after_seconds or 0)
        self._rests_until = at + max(rest, min(asked, LONGEST_REST))
        log.warning("alert not told", channel=name, failures=self._failures, reason=str(failure))
        if self._failures == DEAD_AFTER:
            await self._ledger.record([alert_raised(desk_id, dead_channel(name, str(failure), at), at)])
        return False
