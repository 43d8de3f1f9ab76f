"""Stopping, going on, and levelling the books."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, Reason, do

app = typer.Typer(add_completion=False, rich_markup_mode=None)

One = Annotated[str | None, typer.Option("--strategy", help="This strategy alone.", metavar="NAME")]


@app.command()
def halt(
    *,
    reason: Reason,
    cancel_orders: Annotated[bool, typer.Option("--cancel-orders", help="Also cancel what rests, stops too.")] = False,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Also sell what is held, once what rests is gone.")
    ] = False,
    strategy: One = None,
    as_json: AsJson = False,
) -> int:
    """Stop trading now; what is held stays held, unless you say otherwise."""
    from console.state import HaltWish, halt

    wish = HaltWish(reason=reason, cancel_orders=cancel_orders, flatten=flatten, strategy=strategy)
    return do(lambda settings, output: halt(settings, output, wish), as_json=as_json)


@app.command()
def resume(
    *,
    reason: Reason,
    force: Annotated[bool, typer.Option("--force", help="Although what stopped it still holds.")] = False,
    strategy: One = None,
    as_json: AsJson = False,
) -> int:
    """Trade again; refused while what stopped the desk, or the strategy, still holds."""
    from console.state import ResumeWish, resume

    wish = ResumeWish(reason=reason, force=force, strategy=strategy)
    return do(lambda settings, output: resume(settings, output, wish), as_json=as_json)


@app.command()
def reconcile(
    *,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Take over a difference on your word, as the table names it.", metavar="CASE:ABOUT"),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it may be taken over.")] = "",
    strategy: Annotated[
        str | None, typer.Option(help="Whose the shares are, else the desk's first.", metavar="NAME")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """The books against the broker's account; what nobody explains is exit code 1."""
    from console.reconcile import Wish, reconcile

    wish = Wish(accept=tuple(accept or ()), reason=reason, strategy=strategy)
    return do(lambda settings, output: reconcile(settings, output, wish), as_json=as_json)
