"""What the desk wants a person to know: the list, the channels, and saying that one has seen it."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, Limit, do

Numbers = Annotated[list[int] | None, typer.Argument(help="Their numbers, as the list has them.", metavar="[ALERT...]")]
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What the desk wants a person to know.")
top = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("list")
def alerts_list(
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that nobody has acknowledged.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> int:
    """Alerts with who was told of them, and who has seen them."""
    from console.alerts import listing

    return do(lambda settings, output: listing(settings, output, open_only=open_only, limit=limit), as_json=as_json)


@app.command("test")
def alerts_test(*, as_json: AsJson = False) -> int:
    """Say something on every channel now; one on which it does not arrive is exit code 1."""
    from console.alerts import try_channels

    return do(try_channels, as_json=as_json)


@top.command()
def ack(
    alerts: Numbers = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that nobody has acknowledged.")] = False,
    by: Annotated[str, typer.Option(help="Who has seen them.")] = "operator",
    as_json: AsJson = False,
) -> int:
    """Say that a person has seen alerts: what nobody has seen in time may stop the desk."""
    from console.alerts import Wish, acknowledge

    wish = Wish(numbers=tuple(alerts or ()), every=every, by=by)
    return do(lambda settings, output: acknowledge(settings, output, wish), as_json=as_json)
