"""How good the agents' words were, and what would have been decided on others."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, do

app = typer.Typer(add_completion=False, rich_markup_mode=None)
agents = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="How good the agents' words were.")
Since = Annotated[str | None, typer.Option(help="From this day on, by UTC, as 2026-11-02.", metavar="DATE")]
Until = Annotated[str | None, typer.Option(help="Up to this day, which counts.", metavar="DATE")]
OfStrategy = Annotated[str | None, typer.Option("--strategy", help="Only those of one strategy.", metavar="NAME")]


@agents.command()
def scoreboard(
    *, since: Since = None, until: Until = None, strategy: OfStrategy = None, as_json: AsJson = False
) -> int:
    """Each agent by what became of what it spoke of: how often right, how well calibrated, at what cost."""
    from console.scoreboard import Within, scoreboard

    within = Within(since, until, strategy)
    return do(lambda settings, output: scoreboard(settings, output, within), as_json=as_json)


@agents.command()
def ablation(
    agent: Annotated[
        str | None, typer.Argument(help="validator, risk, meta or debate; else all.", metavar="[AGENT]")
    ] = None,
    *,
    since: Since = None,
    until: Until = None,
    strategy: OfStrategy = None,
    as_json: AsJson = False,
) -> int:
    """Is an agent worth its tokens: what decisions made with it and would have made without, in dollars."""
    from console.scoreboard import Within, ablation

    within = Within(since, until, strategy)
    return do(lambda settings, output: ablation(settings, output, agent, within), as_json=as_json)


@app.command()
def replay(  # noqa: PLR0913  each is an option of the command line
    cycle: Annotated[str | None, typer.Argument(help="A cycle's id, as `cycles` lists it.", metavar="[CYCLE]")] = None,
    *,
    model: Annotated[
        list[str] | None, typer.Option(help="Another model for an agent; once for each.", metavar="AGENT=MODEL")
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(help="Other words for an agent: a file, or a version.", metavar="AGENT=FILE"),
    ] = None,
    limits: Annotated[
        str | None, typer.Option(help="Tighter limits: a TOML or JSON file, as max_position = 0.05.", metavar="FILE")
    ] = None,
    since: Since = None,
    until: Until = None,
    strategy: OfStrategy = None,
    max_usd: Annotated[str, typer.Option(help="Most dollars that new questions may take in all.")] = "1.00",
    as_json: AsJson = False,
) -> int:
    """Decide past cycles once more, by others or other words, with no order possible; what differs, side by side."""
    from console.replay import replay
    from console.replay_wish import Wish

    named = tuple(model or ()), tuple(prompt or ())
    wish = Wish(cycle, *named, limits, since=since, until=until, strategy=strategy, max_usd=max_usd)
    return do(lambda settings, output: replay(settings, output, wish), as_json=as_json)
