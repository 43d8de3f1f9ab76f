"""The HTTP API in a process of its own."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a server

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, do

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def web(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else WEB_HOST, this machine's own.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port; else WEB_PORT, else 8000.")] = None,
    as_json: AsJson = False,
) -> int:
    """Serve the HTTP API of a desk until Ctrl-C; `up` has its own."""
    from web.command import web

    return do(lambda settings, output: web(settings, output, host, port), as_json=as_json)
