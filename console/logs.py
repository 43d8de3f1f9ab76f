"""`logs`: what the workers wrote, of one cycle, one trace or all of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from adapters.log_file import following, newest
from adapters.looking_up.log_lines import LEVELS, is_ours, moment_of, of_cycle
from console.output import STYLES, Output, Tone, plain
from settings import Settings
from trading.errors import BadConfiguration
from wiring.asking import log_file_of

_HEAD = ("timestamp", "level", "event")
_LAST = ("exception", "stack")
_TONES: dict[str, Tone] = {"debug": "faint", "warning": "odd", "error": "bad", "critical": "bad"}


@dataclass(frozen=True, slots=True)
class LogWish:
    """Which lines are meant: of a cycle with its orders, of a trace, of at least a level."""

    cycle: str | None = None
    trace: str | None = None
    level: str = "info"
    follow: bool = False
    limit: int = 200

    def fits(self, line: Mapping[str, Any]) -> bool:
        """Whether a line is one of them."""
        if LEVELS.get(str(line.get("level", "info")).upper(), 0) < LEVELS[self.level.upper()]:
            return False
        if self.trace is not None and line.get("trace_id") != self.trace:
            return False
        return self.cycle is None or of_cycle(line, self.cycle)


async def logs(settings: Settings, output: Output, wish: LogWish) -> int:
    """The newest lines of this desk; with `follow`, those to come as well, until Ctrl-C."""
    file = log_file_of(settings)
    if file is None:
        raise BadConfiguration("the workers write no file of log lines: LOG_FILE names one, `up` has one by itself")

    def fits(line: Mapping[str, Any]) -> bool:
        return wish.fits(line) and is_ours(line, settings.desk.id)

    containing = wish.cycle or wish.trace or ""
    if wish.follow:
        async for line in following(file, fits, wish.limit, containing):
            output.line(line, shown(line))
    found = newest(file, fits, wish.limit, containing)
    if not found and containing:
        raise BadConfiguration(f"no line of {file} is of {containing}")
    output.show(found, *map(shown, found))
    return 0


def shown(line: Mapping[str, Any]) -> Text:
    """A line for people: when, how grave, what, and whatever else it says; a traceback below it."""
    at, level = moment_of(line), str(line.get("level", "info"))
    tone = STYLES[_TONES.get(level, "plain")]
    said = Text.assemble(
        (_clock(at), STYLES["faint"]), " ", (f"{level:<7} ", tone), (plain(str(line.get("event", ""))), tone)
    )
    for name, value in line.items():
        if name not in {*_HEAD, *_LAST}:
            said.append(f"  {plain(name)}=", STYLES["faint"]).append(plain(str(value)))
    for name in _LAST:
        if name in line:
            said.append("\n" + "\n".join(plain(one) for one in str(line[name]).splitlines()), STYLES["faint"])
    return said


def _clock(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"[:23] if at else "-" * 23
