"""What the clock does for the desk."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, Reason, do

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What the clock does for the desk.")
Name = Annotated[str, typer.Argument(help="A schedule, as `list` names it.", metavar="SCHEDULE")]
MOMENT = "as 2026-11-23T09:30, by the clock of SCHEDULE_TIMEZONE."


@app.command("list")
def schedules_list(*, as_json: AsJson = False) -> int:
    """The next times, the last runs and what came of them, and what is paused."""
    from console.schedules import listing

    return do(listing, as_json=as_json)


@app.command()
def apply(*, as_json: AsJson = False) -> int:
    """Make every schedule, or bring it to the settings; a worker does it by itself as it starts."""
    from console.schedules import apply

    return do(apply, as_json=as_json)


@app.command()
def pause(name: Name, *, reason: Reason, as_json: AsJson = False) -> int:
    """Start nothing until it is unpaused; that lasts, whatever is applied."""
    from console.schedules import pause

    return do(lambda settings, output: pause(settings, output, name, reason), as_json=as_json)


@app.command()
def unpause(name: Name, *, reason: Reason, as_json: AsJson = False) -> int:
    """Go on; what was due meanwhile is not made up for."""
    from console.schedules import unpause

    return do(lambda settings, output: unpause(settings, output, name, reason), as_json=as_json)


@app.command()
def trigger(
    name: Name,
    *,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay with it to its end.")] = True,
    as_json: AsJson = False,
) -> int:
    """Run now, under the same rules as by the clock."""
    from console.schedules import trigger

    return do(lambda settings, output: trigger(settings, output, name, wait=wait), as_json=as_json)


@app.command()
def backfill(
    name: Name,
    *,
    since: Annotated[str, typer.Option(help=f"From when, {MOMENT}", metavar="MOMENT")],
    until: Annotated[str, typer.Option(help=f"To when, {MOMENT}", metavar="MOMENT")],
    as_json: AsJson = False,
) -> int:
    """Run for every time that has gone by; a scan then ends as missed, for it never trades late."""
    from console.schedules import backfill

    return do(lambda settings, output: backfill(settings, output, name, since, until), as_json=as_json)


@app.command()
def delete(name: Name, *, as_json: AsJson = False) -> int:
    """Take it away, until it is applied again or a worker starts."""
    from console.schedules import delete

    return do(lambda settings, output: delete(settings, output, name), as_json=as_json)
