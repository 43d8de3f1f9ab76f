"""What is paid in and out."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

import typer

from commands.doing import Again, Amount, AsJson, Reason, do

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What is paid in and out.")


@app.command()
def deposit(amount: Amount, *, reason: Reason, again: Again = None, as_json: AsJson = False) -> int:
    """Pay money into the desk's account at the paper broker."""
    from console.capital import move
    from trading.statement import ActivityKind

    asked = (amount, reason, again)
    return do(lambda settings, output: move(settings, output, ActivityKind.DEPOSIT, asked), as_json=as_json)


@app.command()
def withdraw(amount: Amount, *, reason: Reason, again: Again = None, as_json: AsJson = False) -> int:
    """Take money out of the desk's account at the paper broker, as far as it is free."""
    from console.capital import move
    from trading.statement import ActivityKind

    asked = (amount, reason, again)
    return do(lambda settings, output: move(settings, output, ActivityKind.WITHDRAWAL, asked), as_json=as_json)


@app.command("list")
def capital_list(*, as_json: AsJson = False) -> int:
    """Everything that changed the cash without a trade."""
    from console.capital import listing

    return do(listing, as_json=as_json)
