"""Runs over the past, as they are kept: the list, one of them, several beside each other, and those under way."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, Limit, do

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Runs over the past, as they are kept.")
Run = Annotated[str, typer.Argument(help="A run's name, or how it begins.", metavar="RUN")]


@app.command("list")
def backtests_list(*, limit: Limit = 20, as_json: AsJson = False) -> int:
    """The newest runs."""
    from console.backtests import listing

    return do(lambda settings, output: listing(settings, output, limit), as_json=as_json)


@app.command()
def show(
    run: Run,
    *,
    trials: Annotated[int, typer.Option(min=0, max=10_000, help="Trials to name, the best first.")] = 10,
    as_json: AsJson = False,
) -> int:
    """All of one."""
    from console.backtests import show

    return do(lambda settings, output: show(settings, output, run, trials), as_json=as_json)


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(help="Two or more.", metavar="RUN RUN...")],
    *,
    html: Annotated[
        str | None, typer.Option(help="Write a page too: curves, numbers, settings.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Several beside each other: in what they differ, and what they brought."""
    from console.backtests import compare

    return do(lambda settings, output: compare(settings, output, tuple(runs), html), as_json=as_json)


@app.command()
def progress(run: Run, *, as_json: AsJson = False) -> int:
    """How far one is."""
    from console.backtests import progress

    return do(lambda settings, output: progress(settings, output, run), as_json=as_json)


@app.command()
def cancel(run: Run, *, as_json: AsJson = False) -> int:
    """End one that is under way; what is done of it stays, and is summed up."""
    from console.backtests import cancel

    return do(lambda settings, output: cancel(settings, output, run), as_json=as_json)
