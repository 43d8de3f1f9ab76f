"""`alerts` and `ack`: what was raised, whether the channels work, and saying that a person has seen it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.text import Text

from adapters.postgres.alerts import PostgresAlerts
from console.desk import DeskBooks, books_of
from console.output import Output, Tone, grid, plain, title, toned
from console.reach import reach
from settings import Settings
from trading.alert_ports import Notifier
from trading.alerts import Severity
from trading.errors import BadConfiguration, TradingError
from trading.money import Record
from trading.notices import AlertLine, Notice, Outcome
from wiring.notices import channels_of

LONGEST_NAME = 80
MOST = 10_000
SECONDS = 20.0
TONES: dict[Severity, Tone] = {Severity.INFO: "faint", Severity.WARNING: "odd", Severity.CRITICAL: "bad"}
NO_CHANNEL = (
    "no channel is set, nobody is told: set ALERT_DISCORD_WEBHOOK_URL, ALERT_SMTP_URL, ALERT_SES_REGION or ALERT_URLS"
)


@dataclass(frozen=True)
class Wish:
    """What the operator typed: which alerts somebody has seen, and who."""

    numbers: tuple[int, ...] = ()
    every: bool = False
    by: str = "operator"


class Trial(Record):
    """How it went with one channel."""

    channel: str
    arrived: bool
    words: str
    seconds: float


async def listing(settings: Settings, output: Output, *, open_only: bool, limit: int) -> int:
    """The newest alerts, the oldest of them first."""
    async with books_of(reach(settings).database, settings.desk.id) as books:
        lines = await PostgresAlerts(books.engine).listed(books.desk_id, limit=limit, open_only=open_only)
    heading = "Alerts that nobody has acknowledged" if open_only else f"Alerts of {settings.desk.id}"
    shown = _table(lines, wide=output.is_wide) if lines else [toned("  none", "faint")]
    output.show(lines, title(heading), *shown)
    return 0


async def acknowledge(settings: Settings, output: Output, wish: Wish) -> int:
    """Write that somebody has seen these alerts. Raises BadConfiguration for one that there is not."""
    async with books_of(reach(settings).database, settings.desk.id) as books:
        lines = await acknowledged(books, wish)
    output.show(lines, *([_seen(line) for line in lines] or [toned("  nothing waits for anybody", "faint")]))
    return 0


async def acknowledged(books: DeskBooks, wish: Wish) -> list[AlertLine]:
    """Write that somebody has seen these alerts; they as they are then. Raises as `acknowledge`."""
    by = wish.by.strip()
    if not (0 < len(by) <= LONGEST_NAME and by.isprintable()):
        raise BadConfiguration(f"--by is a name of 1 to {LONGEST_NAME} characters")
    alerts = PostgresAlerts(books.engine)
    known = {line.alert.number: line for line in await alerts.listed(books.desk_id, limit=MOST)}
    asked = _asked(wish, known.values())
    if unknown := [number for number in asked if number not in known]:
        raise BadConfiguration(f"there is no alert {unknown[0]}: `starter.py alerts list` shows them")
    await alerts.acknowledge(books.desk_id, asked, by, datetime.now(UTC))
    return [line for line in await alerts.listed(books.desk_id, limit=MOST) if line.alert.number in set(asked)]


async def try_channels(settings: Settings, output: Output) -> int:
    """Say something on every channel that is set, at once, and tell on which it arrived."""
    channels = channels_of(settings.alerts)
    if not channels:
        raise BadConfiguration(NO_CHANNEL)
    now = datetime.now(UTC)
    notice = Notice(
        desk_id=settings.desk.id,
        severity=Severity.INFO,
        title=f"[test] {settings.desk.id}: alerts arrive here",
        body=f"Somebody typed `starter.py alerts test` at {now:%Y-%m-%d %H:%M:%S} UTC. Nothing is wrong.",
        raised_at=now,
    )
    with output.waiting("telling every channel"):
        trials = await asyncio.gather(*(_tried(channel, notice) for channel in channels))
    table = grid("channel", "", ">seconds", "~what")
    for one in trials:
        word = toned("arrived", "good") if one.arrived else toned("failed", "bad")
        table.add_row(one.channel, word, f"{one.seconds:.1f}", plain(one.words))
    output.show(trials, table)
    return 0 if all(one.arrived for one in trials) else 1


def _table(lines: Sequence[AlertLine], *, wide: bool) -> list[RenderableType]:
    """A line each; on a narrow terminal why they were raised stands below by their numbers: it must not be cut away."""
    table = grid(">alert", "when", "severity", "topic", "told", "seen by", *(["~why"] if wide else []))
    for line in lines:
        table.add_row(
            str(line.alert.number),
            f"{line.alert.raised_at:%Y-%m-%d %H:%M}",
            toned(line.alert.severity, TONES[line.alert.severity]),
            line.alert.topic.replace("_", " "),
            _told(line),
            plain(line.acknowledged_by or ""),
            *([plain(line.alert.reason)] if wide else []),
        )
    return [table, *([] if wide else [Text(f"  {one.alert.number}: {plain(one.alert.reason)}") for one in lines])]


async def _tried(channel: Notifier, notice: Notice) -> Trial:
    began, words = time.monotonic(), ""
    try:
        async with asyncio.timeout(SECONDS):
            await channel.send(notice)
    except TradingError as error:
        words = str(error)
    except TimeoutError:
        words = f"nothing within {SECONDS:.0f} s"
    return Trial(channel=channel.name, arrived=not words, words=words, seconds=time.monotonic() - began)


def _asked(wish: Wish, known: Iterable[AlertLine]) -> list[int]:
    open_ones = [line.alert.number for line in known if line.acknowledged_by is None]
    if wish.every:
        return open_ones
    if not wish.numbers:
        waiting = ", ".join(map(str, open_ones[-10:])) or "none waits"
        raise BadConfiguration(f"name an alert, or --all (there are: {waiting})")
    return list(dict.fromkeys(wish.numbers))


def _told(line: AlertLine) -> str:
    told = [one.channel + ("" if one.outcome is Outcome.TOLD else f" {one.outcome}") for one in line.deliveries]
    return ", ".join(told)


def _seen(line: AlertLine) -> Text:
    at = line.acknowledged_at
    words = f"  alert {line.alert.number}: seen by {line.acknowledged_by} at {at:%Y-%m-%d %H:%M} UTC" if at else ""
    return toned(words, "good")
