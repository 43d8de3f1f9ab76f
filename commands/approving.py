"""What waits for a person's yes, and answering it."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import Again, AsJson, do

app = typer.Typer(add_completion=False, rich_markup_mode=None)
Cycle = Annotated[str, typer.Argument(help="Its name, as `pending` has it.", metavar="CYCLE")]
Hash = Annotated[str, typer.Option("--hash", help="Of the orders as they were seen: eight digits of it or more.")]
By = Annotated[str, typer.Option(help="Who answers.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever reads the log.")]


@app.command()
def pending(*, as_json: AsJson = False) -> int:
    """The entries of all desks that wait for a person."""
    from console.approvals import pending

    return do(pending, as_json=as_json)


@app.command()
def approve(  # noqa: PLR0913  each is an option of the command line
    cycle: Cycle,
    *,
    hash_: Hash,
    only: Annotated[
        str, typer.Option(help="A yes to these symbols alone, separated by commas.", metavar="SYMBOLS")
    ] = "",
    by: By = "operator",
    reason: Why = "",
    again: Again = None,
    as_json: AsJson = False,
) -> int:
    """Let the entries go that wait in a cycle."""
    from console.approvals import Wish, answer

    wish = Wish(cycle=cycle, hash=hash_, only=only, by=by, reason=reason, again=again, approves=True)
    return do(lambda settings, output: answer(settings, output, wish), as_json=as_json)


@app.command()
def reject(  # noqa: PLR0913  each is an option of the command line
    cycle: Cycle,
    *,
    hash_: Hash,
    by: By = "operator",
    reason: Why = "",
    again: Again = None,
    as_json: AsJson = False,
) -> int:
    """Let none of the entries go that wait in a cycle."""
    from console.approvals import Wish, answer

    wish = Wish(cycle=cycle, hash=hash_, by=by, reason=reason, again=again)
    return do(lambda settings, output: answer(settings, output, wish), as_json=as_json)
