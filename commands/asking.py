"""Asking the desk in plain language."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from commands.doing import AsJson, Limit, do

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="As: why did we not buy MSFT yesterday?")],
    *,
    max_usd: Annotated[float | None, typer.Option(min=0, help="Overrides ASK_MAX_USD.")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, max=50, help="Overrides ASK_MAX_STEPS.")] = None,
    desk: Annotated[str | None, typer.Option(help="Another desk of the same books.", metavar="ID")] = None,
    as_json: AsJson = False,
) -> int:
    """Ask a question about the desk; the answer cites what it rests on. Nothing is changed."""
    from console.inquiring import Asked, ask

    asked = Asked(
        question=question,
        desk_id=desk,
        max_usd=None if max_usd is None else Decimal(str(max_usd)),
        max_steps=max_steps,
    )
    return do(lambda settings, output: ask(settings, output, asked), as_json=as_json)


@app.command()
def inquiries(*, limit: Limit = 20, as_json: AsJson = False) -> int:
    """Questions that were asked of the desk, and their answers."""
    from console.inquiring import inquiries

    return do(lambda settings, output: inquiries(settings, output, limit=limit), as_json=as_json)
