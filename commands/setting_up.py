"""Setting the desk up."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from adapters import logs
from commands.doing import AsJson, do
from console.output import Output

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(*, as_json: AsJson = False) -> int:
    """What a cycle needs, and what to do about what is missing."""
    from console.doctor import doctor

    logs.configure(form="console", level="error")
    return asyncio.run(doctor(Output(as_json=as_json)))


@app.command()
def init(  # noqa: PLR0913  each is an option of the command line
    *,
    given: Annotated[list[str] | None, typer.Option("--set", help="Asks nothing.", metavar="NAME=VALUE")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is set already.")] = False,
    compose: Annotated[bool, typer.Option("--compose", help="Make the passwords of docker-compose.yml.")] = False,
    observability: Annotated[
        bool, typer.Option("--observability", help="And what turns its profile `observability` on.")
    ] = False,
    untried: Annotated[bool, typer.Option("--untried", help="Try no key; write it unseen.")] = False,
    as_json: AsJson = False,
) -> int:
    """Ask for keys and servers, try each, and write `.env`."""
    from console.init import Wish, given_of, init

    logs.configure(form="console", level="error")
    wish = Wish(
        given=given_of(given or ()), replace=force, compose=compose, observability=observability, untried=untried
    )
    return init(Output(as_json=as_json), wish)


@app.command()
def migrate(*, as_json: AsJson = False) -> int:
    """Bring the books to this code's revision; `up` does it by itself."""
    from console.migrate import migrate

    return do(migrate, as_json=as_json)


@app.command()
def config(*, as_json: AsJson = False) -> int:
    """The settings in force, by their variables; secrets are masked."""
    from console.config import config

    return do(config, as_json=as_json)
