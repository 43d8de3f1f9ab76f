"""`schedules`: what the clock does for the desk, as a person sees and steers it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.text import Text
from temporalio.client import (
    Client,
    ScheduleActionResult,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    WorkflowFailureError,
)

from adapters.temporal.connection import connect
from console.output import Output, Tone, grid, plain, title, toned
from console.reach import reach
from console.roster import roster
from console.routine import Applied, apply_schedules, made
from console.runs import Ran, Scheduled, described, handle_of, look, ran_of, run_of
from console.timetable import TABLE, Entry, entries_of, entry_named, own_times, timetable_of
from console.watchlist import Prices
from settings import Settings
from trading.errors import BadConfiguration, Retryable
from trading.strategy import Strategy

MOST_SHOWN = 3
LONGEST_REASON = 400
MOST_BACKFILL = timedelta(days=31)
BEGINS_WITHIN = timedelta(seconds=20)
LOOK_SECONDS = 0.1
BAD = frozenset({"failed", "terminated", "timed_out", "canceled"})


async def listing(settings: Settings, output: Output) -> int:
    """Every schedule: its next times, its last runs with what came of them, and whether somebody paused it."""
    _show(await _found(await _client(settings), settings), settings, output)
    return 0


async def apply(settings: Settings, output: Output) -> int:
    """Make every schedule, or bring it to what the settings say; what is paused stays paused."""
    prices = Prices.of(settings)
    await prices.market.instruments((await timetable_of(settings, prices)).scan.symbols)
    client, strategies = await _client(settings), await roster(reach(settings).database, settings.desk.id)
    output.say(toned(f"  {_done(await apply_schedules(client, settings, strategies))}", "good"))
    _show(await _found(client, settings), settings, output)
    return 0


async def pause(settings: Settings, output: Output, name: str, reason: str) -> int:
    """Let a schedule start nothing until it is unpaused."""
    note = _said(reason)
    return await _change(settings, output, name, lambda handle: handle.pause(note=note))


async def unpause(settings: Settings, output: Output, name: str, reason: str) -> int:
    """Let it go on; what was due meanwhile is not made up for."""
    note = _said(reason)
    return await _change(settings, output, name, lambda handle: handle.unpause(note=note))


async def delete(settings: Settings, output: Output, name: str) -> int:
    """Take a schedule away, until it is applied again or a worker starts: what is to last is paused."""
    await _change(settings, output, name, lambda handle: handle.delete())
    output.say("  A worker that starts makes it again; to keep it from running, pause it.")
    return 0


async def trigger(settings: Settings, output: Output, name: str, *, wait: bool) -> int:
    """Start its workflow now, under the same rules as by the clock; with `wait`, stay with it to its end."""
    entry, client = _entry(name), await _client(settings)
    handle = client.get_schedule_handle(entry.id_of(settings.desk.id))
    before = {run_of(one) for one in (await described(handle, name)).info.recent_actions}
    # A person asks for it now: it does not give way to one that runs. A desk has one cycle at a time anyway.
    await handle.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    with output.waiting(f"{name} ..."):
        begun = await _begun(handle, name, before)
        if wait:
            await _end_of(client, begun)
        ran = await ran_of(client, begun)
    output.show(ran, toned(f"  {_told(ran)}", _tone(ran)), toned(f"  {ran.workflow_id}", "faint"))
    return 1 if ran.outcome in BAD else 0


async def backfill(settings: Settings, output: Output, name: str, since: str, until: str) -> int:
    """Start its workflow for every time from one moment to another, as if the clock had."""
    entry, zone = _entry(name), ZoneInfo(settings.schedule.timezone)
    start, end = _moment(since, zone), _moment(until, zone)
    if not start < end <= datetime.now(UTC) or end - start > MOST_BACKFILL:
        wrong = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        raise BadConfiguration(
            f"{wrong}: a backfill begins before it ends, ends in the past, and takes 31 days at most"
        )
    handle = (await _client(settings)).get_schedule_handle(entry.id_of(settings.desk.id))
    await described(handle, name)
    # The server takes the start itself for gone by.
    asked = ScheduleBackfill(start - timedelta(seconds=1), end, overlap=ScheduleOverlapPolicy.BUFFER_ALL)
    await handle.backfill(asked)
    late = (
        ". A scan whose time has gone by ends as missed and trades nothing" if name.partition("-")[0] == "scan" else ""
    )
    document = {"name": name, "since_at": start.astimezone(UTC), "until_at": end.astimezone(UTC)}
    output.show(document, f"  {name} is asked for again, {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}{late}.")
    return 0


async def _change(
    settings: Settings, output: Output, name: str, change: Callable[[ScheduleHandle], Awaitable[None]]
) -> int:
    entry, client = _entry(name), await _client(settings)
    handle = client.get_schedule_handle(entry.id_of(settings.desk.id))
    await described(handle, name)
    await change(handle)
    _show(await _found(client, settings, entry), settings, output)
    return 0


async def _client(settings: Settings) -> Client:
    return await connect(reach(settings).temporal_address)


async def seen(client: Client, desk_id: str, strategies: Sequence[Strategy]) -> list[Scheduled]:
    """Every schedule that there should be, and those of single strategies that are still there."""
    entries = await _wanted(client, desk_id, strategies)
    return list(await asyncio.gather(*(look(client, entry, desk_id) for entry in entries)))


async def _found(client: Client, settings: Settings, *entries: Entry) -> list[Scheduled]:
    desk_id = settings.desk.id
    if not entries:
        return await seen(client, desk_id, await roster(reach(settings).database, desk_id))
    return list(await asyncio.gather(*(look(client, entry, desk_id) for entry in entries)))


async def _wanted(client: Client, desk_id: str, strategies: Sequence[Strategy]) -> tuple[Entry, ...]:
    wanted = entries_of(own_times(strategies))
    left = (entry_named(name) for name in await made(client, desk_id))
    return tuple({entry.name: entry for entry in (*wanted, *left) if entry is not None}.values())


async def _begun(handle: ScheduleHandle, name: str, before: set[str]) -> ScheduleActionResult:
    """The run that was not there before."""
    try:
        async with asyncio.timeout(BEGINS_WITHIN.total_seconds()):
            while True:
                for one in (await described(handle, name)).info.recent_actions:
                    if run_of(one) not in before:
                        return one
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        message = f"{name} was triggered and has not begun in {BEGINS_WITHIN.seconds} s: starter.py schedules list"
        raise Retryable(message) from error


async def _end_of(client: Client, begun: ScheduleActionResult) -> None:
    try:
        await handle_of(client, begun).result()
    except WorkflowFailureError:
        return  # what became of it is told all the same


def _entry(name: str) -> Entry:
    entry = entry_named(name)
    if entry is None:
        there = ", ".join(entry.name for entry in TABLE)
        raise BadConfiguration(f"no such schedule: {name!r} (there are {there}, and scan-STRATEGY)")
    return entry


def _done(done: Applied) -> str:
    words = [f"{said}: {', '.join(names)}" for said, names in (("new", done.new), ("gone", done.gone)) if names]
    return "; ".join(words) or "all were there; they are as the settings say"


def _said(reason: str) -> str:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        message = f"a reason has 1 to {LONGEST_REASON} characters, for whoever asks why"
        raise BadConfiguration(message)
    return reason.strip()


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment as 2026-11-23T09:30, by the clock of the schedules; with an offset, by that."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise BadConfiguration(f"not a moment: {text!r} (one looks like 2026-11-23T09:30)") from error


def _show(found: list[Scheduled], settings: Settings, output: Output) -> None:
    zone = ZoneInfo(settings.schedule.timezone)
    table = grid("schedule", "next", "last", "~what came of it")
    for one in found:
        table.add_row(one.name, _next(one, zone), *_last(one.last[-1:], zone))
        for earlier in reversed(one.last[-MOST_SHOWN:-1]):
            table.add_row("", "", *_last((earlier,), zone))
    output.show(found, title(f"Schedules of {settings.desk.id}, by the clock of {zone.key}"), table)


def _next(one: Scheduled, zone: ZoneInfo) -> Text:
    if not one.is_made:
        return toned("not there: starter.py schedules apply", "bad")
    if one.is_paused:
        return toned(f"paused: {one.note}" if one.note else "paused", "odd")
    return Text(f"{one.next_at[0].astimezone(zone):%a %d %b %H:%M}" if one.next_at else "")


def _last(last: tuple[Ran, ...], zone: ZoneInfo) -> tuple[Text, Text]:
    if not last:
        return Text(""), Text("")
    (ran,) = last
    return Text(f"{ran.due_at.astimezone(zone):%a %d %b %H:%M}"), toned(_told(ran), _tone(ran))


def _told(ran: Ran) -> str:
    return plain(ran.outcome.replace("_", " ") + (f": {ran.reason}" if ran.reason else ""))


def _tone(ran: Ran) -> Tone:
    tones: dict[str, Tone] = {"traded": "good", "skipped": "odd", **dict.fromkeys(BAD, "bad")}
    return tones.get(ran.outcome, "plain")
