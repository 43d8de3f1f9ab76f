"""Who may come over HTTP."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, do
from trading.access import OPERATOR, Scope

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tokens of the HTTP API.")

By = Annotated[str, typer.Option(help="Who wants it.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, as the log will say.", metavar="NAME")],
    *,
    scope: Annotated[list[Scope] | None, typer.Option(help="What for, once for each; `read` when unset.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Until when; for good when unset.")] = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> int:
    """Make one, and show it this once; the log says that it was made, and by whom."""
    from console.tokens import Wish, create

    wish = Wish(name, scope or [Scope.READ], days, by)
    return do(lambda settings, output: create(settings, output, wish), as_json=as_json)


@app.command("list")
def token_list(*, as_json: AsJson = False) -> int:
    """Whose there are, what for and until when."""
    from console.tokens import listing

    return do(listing, as_json=as_json)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its name in the list.", metavar="TOKEN")],
    *,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> int:
    """Let nobody come with it any more."""
    from console.tokens import revoke

    return do(lambda settings, output: revoke(settings, output, token, by), as_json=as_json)
