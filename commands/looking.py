"""Looking at the desk, its books and its prices."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from commands.doing import AsJson, AsOf, Limit, Symbols, do


class LogLevel(StrEnum):
    """How grave a line of the log is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def status(*, as_json: AsJson = False) -> int:
    """The trading state, the cycles, the equity, and who serves the desk."""
    from console.status import status

    return do(status, as_json=as_json)


@app.command()
def watch(
    *,
    seconds: Annotated[float, typer.Option(min=0.2, max=3600, help="Between two looks.")] = 2,
    as_json: AsJson = False,
) -> int:
    """The same, live, until Ctrl-C; with --json, one document a line."""
    from console.status import watch

    return do(lambda settings, output: watch(settings, output, seconds), as_json=as_json)


@app.command()
def cycles(
    *,
    strategy: Annotated[str | None, typer.Option(help="Only those of one strategy.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> int:
    """Cycles and how each ended, from the log."""
    from console.books import cycles

    return do(lambda settings, output: cycles(settings, output, strategy=strategy, limit=limit), as_json=as_json)


@app.command()
def portfolio(
    *,
    strategy: Annotated[str | None, typer.Option(help="Only the part of this strategy.", metavar="NAME")] = None,
    as_json: AsJson = False,
) -> int:
    """What the desk is worth and holds."""
    from console.books import portfolio

    return do(lambda settings, output: portfolio(settings, output, strategy), as_json=as_json)


@app.command()
def trades(*, limit: Limit = 50, as_json: AsJson = False) -> int:
    """Round trips, from flat to flat."""
    from console.books import trades

    return do(lambda settings, output: trades(settings, output, limit=limit), as_json=as_json)


@app.command()
def shadow(*, limit: Limit = 50, as_json: AsJson = False) -> int:
    """What a halted desk would have traded, and what that would have made."""
    from console.shadow import shadow

    return do(lambda settings, output: shadow(settings, output, limit=limit), as_json=as_json)


@app.command()
def orders(
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that may still fill.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> int:
    """Orders, denied and protective ones among them."""
    from console.books import orders

    return do(lambda settings, output: orders(settings, output, open_only=open_only, limit=limit), as_json=as_json)


@app.command()
def events(
    *,
    cycle: Annotated[str | None, typer.Option(help="Only those of this cycle.", metavar="ID")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Also those to come, until Ctrl-C.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> int:
    """The audit log; with --follow and --json, one document a line."""
    from console.books import events

    return do(
        lambda settings, output: events(settings, output, cycle=cycle, limit=limit, follow=follow), as_json=as_json
    )


@app.command()
def logs(  # noqa: PLR0913  each is an option
    *,
    cycle: Annotated[str | None, typer.Option(help="Only those of this cycle and its orders.", metavar="ID")] = None,
    trace: Annotated[str | None, typer.Option(help="Only those of this trace.", metavar="ID")] = None,
    level: Annotated[LogLevel, typer.Option(help="Of at least this level.")] = LogLevel.INFO,
    follow: Annotated[bool, typer.Option("--follow", help="Also those to come, until Ctrl-C.")] = False,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> int:
    """What the workers wrote in their file of log lines; with --follow and --json, one document a line."""
    from console.logs import LogWish, logs

    wish = LogWish(cycle=cycle, trace=trace, level=level, follow=follow, limit=limit)
    return do(lambda settings, output: logs(settings, output, wish), as_json=as_json)


@app.command()
def quote(symbols: Symbols, *, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """The best known prices."""
    from console.prices import quote

    return do(lambda settings, output: quote(settings, output, symbols, as_of), as_json=as_json)


@app.command()
def indicators(symbols: Symbols, *, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """The numbers that an agent may cite."""
    from console.prices import indicators

    return do(lambda settings, output: indicators(settings, output, symbols, as_of), as_json=as_json)


@app.command()
def report(
    *,
    day: Annotated[
        str | None, typer.Option(help="The close of this day; the newest when unset.", metavar="DATE")
    ] = None,
    week: Annotated[str | None, typer.Option(help="The report of the week of this day.", metavar="DATE")] = None,
    as_json: AsJson = False,
) -> int:
    """A day as it was closed, or a week as it was reported."""
    from console.report import report

    return do(lambda settings, output: report(settings, output, day, week), as_json=as_json)


@app.command()
def performance(*, as_json: AsJson = False) -> int:
    """Return, risk and costs of the desk and its strategies since the opening."""
    from console.report import performance

    return do(performance, as_json=as_json)


@app.command()
def audit(*, as_json: AsJson = False) -> int:
    """Every invariant over the books and the broker's book; a finding is exit code 1."""
    from console.audit import audit

    return do(audit, as_json=as_json)
