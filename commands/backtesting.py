"""Replaying the past."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.backtest_options import AGENTS, OPTIONS, RESULT
from commands.doing import AsJson, do, with_options

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
@with_options({**OPTIONS, **AGENTS, **RESULT})
def backtest(
    *,
    strategy: Annotated[
        str, typer.Option(help="agents, a rule by its name, or a class: my_strategies:Breakout2.", metavar="NAME")
    ],
    as_json: AsJson = False,
    **typed: Any,
) -> int:
    """Replay a strategy over past days: what it would have done, and what that is worth."""
    from console.backtest import backtest

    return do(lambda settings, output: backtest(settings, output, {"strategy": strategy, **typed}), as_json=as_json)
