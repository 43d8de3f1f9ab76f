"""Many runs over the past: sweeps, walk-forward and Monte Carlo."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.backtest_options import OPTIONS
from commands.doing import AsJson, do, with_options

app = typer.Typer(add_completion=False, rich_markup_mode=None)
Strategy = Annotated[str, typer.Option(help="A rule by its name, or a class: my_strategies:Breakout2.", metavar="NAME")]
Local = Annotated[bool, typer.Option("--local", help="In this process, without Temporal; only its end is kept.")]
Detach = Annotated[bool, typer.Option("--detach", help="Do not wait: `starter.py backtests progress RUN`.")]
WHICH: dict[str, Any] = {
    "grid": Annotated[
        list[str] | None,
        typer.Option(help="A parameter's values; once for each.", metavar="NAME=FROM..TO:STEP|A,B,C"),
    ],
    "combinations": Annotated[
        str | None, typer.Option(help="A JSON file: a list of objects of parameters, beside the grid.", metavar="FILE")
    ],
    "metric": Annotated[
        str | None,
        typer.Option(
            help="What the best is the best in; sharpe.", metavar="sharpe|sortino|calmar|cagr|total_return|max_drawdown"
        ),
    ],
}
NAMED: dict[str, Any] = {"name": Annotated[str | None, typer.Option(help="What the run is called in lists.")]}


@app.command()
@with_options({**WHICH, **OPTIONS, **NAMED})
def sweep(
    *,
    strategy: Strategy,
    holdout: Annotated[
        str | None, typer.Option(help="Last part of the days, that only judges the best, as 25%.")
    ] = None,
    local: Local = False,
    detach: Detach = False,
    as_json: AsJson = False,
    **typed: Any,
) -> int:
    """Run a strategy with every combination of parameters, and say what the best of so many is worth."""
    from console.study import Where, study
    from console.study_wish import sweep_asked

    wish, where = {"strategy": strategy, "holdout": holdout, **typed}, Where(local=local, detach=detach)
    return do(lambda settings, output: study(settings, output, (sweep_asked, wish), where), as_json=as_json)


@app.command("walk-forward")
@with_options({**WHICH, **OPTIONS, **NAMED})
def walk_forward(  # noqa: PLR0913  each is an option of the command line
    *,
    strategy: Strategy,
    train: Annotated[int, typer.Option(min=2, help="Sessions to choose in.")] = 504,
    test: Annotated[int, typer.Option(min=1, help="Sessions to trade with what was chosen.")] = 126,
    step: Annotated[int | None, typer.Option(min=1, help="Sessions from one choice to the next; as --test.")] = None,
    anchored: Annotated[bool, typer.Option("--anchored", help="Each choice looks back to the first day.")] = False,
    local: Local = False,
    detach: Detach = False,
    as_json: AsJson = False,
    **typed: Any,
) -> int:
    """Choose parameters over some time, trade the time after it with them, and go on."""
    from console.study import Where, study
    from console.study_wish import walk_asked

    wish = {"strategy": strategy, "train": train, "test": test, "step": step, "anchored": anchored, **typed}
    where = Where(local=local, detach=detach)
    return do(lambda settings, output: study(settings, output, (walk_asked, wish), where), as_json=as_json)


@app.command("monte-carlo")
@with_options({**OPTIONS, **NAMED})
def monte_carlo(  # noqa: PLR0913  each is an option of the command line
    run: Annotated[str | None, typer.Argument(help="A run of `backtests list`: its plan, or its best.")] = None,
    *,
    strategy: Annotated[str | None, typer.Option(help="Instead of a run: a strategy.", metavar="NAME")] = None,
    trials: Annotated[int, typer.Option(min=1, max=10_000, help="Courses to draw.")] = 1000,
    block: Annotated[int, typer.Option(min=1, max=10_000, help="Sessions that stay together, on average.")] = 20,
    of: Annotated[
        str, typer.Option(help="What is drawn: days, or trades in another order.", metavar="returns|trades")
    ] = ("returns"),
    local: Local = False,
    detach: Detach = False,
    as_json: AsJson = False,
    **typed: Any,
) -> int:
    """Draw other courses that a run could have taken: how bad it might have been."""
    from console.study import Where, study
    from console.study_wish import monte_carlo_asked

    wish = {"run": run, "strategy": strategy, "trials": trials, "block": block, "of": of, **typed}
    where = Where(local=local, detach=detach)
    return do(lambda settings, output: study(settings, output, (monte_carlo_asked, wish), where), as_json=as_json)
