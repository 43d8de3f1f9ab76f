"""What models cost."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, do
from trading.spending import SpendKey

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def spend(
    *,
    by: Annotated[SpendKey, typer.Option(help="What it is summed up by.")] = SpendKey.AGENT,
    days: Annotated[int, typer.Option(min=1, max=3660, help="So many days, today the last of them; by UTC.")] = 30,
    as_json: AsJson = False,
) -> int:
    """What models cost, what is reserved for calls under way, and how much of each budget is used."""
    from console.spend import spend

    return do(lambda settings, output: spend(settings, output, by, days), as_json=as_json)
