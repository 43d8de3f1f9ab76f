"""Which build of the workers runs what begins now."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, do

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Builds of the workers beside each other.")
Build = Annotated[str, typer.Argument(help="A build, as `list` names it.", metavar="BUILD")]
Deployment = Annotated[
    str | None, typer.Option(help="Else TEMPORAL_DEPLOYMENT_NAME, else the only one.", metavar="NAME")
]


@app.command("list")
def rollout_list(*, deployment: Deployment = None, as_json: AsJson = False) -> int:
    """Every build: which is current, which gets a part, which may be taken away."""
    from console.rollout import listing

    return do(lambda settings, output: listing(settings, output, deployment), as_json=as_json)


@app.command()
def current(build: Build, *, deployment: Deployment = None, as_json: AsJson = False) -> int:
    """Let whatever begins from now on begin on this build, and desks go over to it; back to an older one just so."""
    from console.rollout import current

    return do(lambda settings, output: current(settings, output, deployment, build), as_json=as_json)


@app.command()
def ramp(
    build: Build,
    percent: Annotated[float, typer.Argument(min=0, max=100, help="Of what begins; 0 ends it.")],
    *,
    deployment: Deployment = None,
    as_json: AsJson = False,
) -> int:
    """Let a part of what begins begin on this build; of many desks as many go over."""
    from console.rollout import ramp

    return do(lambda settings, output: ramp(settings, output, deployment, (build, percent)), as_json=as_json)
