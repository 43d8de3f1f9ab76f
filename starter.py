"""The operator's command line: `commands/` says what can be typed, `console/` does it once it is called."""

from __future__ import annotations

# ruff: noqa: E402  what stands before the other imports has to be there before them
import os
import signal

INTERRUPTED = 130
USAGE = 2


def _at_once(*_: object) -> NoReturn:
    """End before anything has begun: what follows is a second of imports, which Ctrl-C would break with a traceback."""
    os._exit(INTERRUPTED)


if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _at_once)

import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from adapters.temporal.ending import leave
from commands import (
    alerts,
    approving,
    asking,
    backtesting,
    backtests,
    capital,
    deciding,
    looking,
    memory,
    rollout,
    running,
    schedules,
    setting_up,
    spending,
    stopping,
    strategies,
    studies,
    tokens,
    web,
)

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="A trading desk and its operator."
)
for part in (running, looking, asking, approving, deciding, spending, stopping, setting_up, backtesting, studies, web):
    app.add_typer(part.app)
app.add_typer(alerts.top)
app.add_typer(capital.app, name="capital")
app.add_typer(schedules.app, name="schedules")
app.add_typer(alerts.app, name="alerts")
app.add_typer(strategies.app, name="strategies")
app.add_typer(deciding.agents, name="agents")
app.add_typer(backtests.app, name="backtests")
app.add_typer(memory.app, name="memory")
app.add_typer(tokens.app, name="token")
app.add_typer(rollout.app, name="rollout")


def main() -> NoReturn:
    """Run one command; whatever becomes of it, end in the one way that is clean."""
    try:
        if signal.getsignal(signal.SIGINT) is _at_once:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except TyperException as error:
        print(f"starter: {error.format_message()} (starter.py --help)", file=sys.stderr)  # noqa: T201  the one line
        code = USAGE
    except Exception as error:  # noqa: BLE001  the last place that can say anything
        from console.complaint import complain  # noqa: PLC0415  only a failure needs it

        code = complain("starter", error)
    leave(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
