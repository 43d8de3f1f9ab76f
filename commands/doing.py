"""What the commands have in common: their options, and how one is run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

import typer

import settings as configuration
from adapters import logs
from console.output import Output
from console.tracing import trace
from settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]
AsOf = Annotated[str | None, typer.Option(help="The session whose close is now, as 2017-11-10.", metavar="DATE")]
Anytime = Annotated[bool, typer.Option("--anytime", help="Run although the exchange is closed (on paper).")]
Amount = Annotated[str, typer.Argument(help="Dollars and cents, as 2500.00.")]
Again = Annotated[str | None, typer.Option("--id", help="Of an earlier try: what it did is not done twice.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Most lines.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads the log.")]
Symbols = Annotated[list[str], typer.Argument(help="Tickers, as AAPL.", metavar="SYMBOL...")]
Watchlist = Annotated[
    list[str] | None, typer.Argument(help="Tickers; else DESK_SYMBOLS, else all.", metavar="[SYMBOL...]")
]
Universe = Annotated[
    list[str] | None, typer.Argument(help="Tickers; else what the strategy looks at.", metavar="[SYMBOL...]")
]
Work = Callable[[Settings, Output], Coroutine[Any, Any, int]]


def do(work: Work, *, as_json: bool) -> int:
    """Run a command on the settings; a person's terminal stays quiet unless LOG_LEVEL says otherwise."""
    settings = configuration.load()
    asked_for = "level" in settings.log.model_fields_set
    logs.configure(form=settings.log.format, level=settings.log.level if asked_for else "warning")
    trace(settings)
    return asyncio.run(work(settings, Output(as_json=as_json)))


def with_options(options: Mapping[str, Any]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command these options besides its own; it takes them as keywords, None where one was not typed."""

    def give(command: Callable[..., int]) -> Callable[..., int]:
        every = inspect.signature(command, eval_str=True).parameters.values()
        own = [one for one in every if one.kind is not one.VAR_KEYWORD]
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
            for name, option in options.items()
            if name not in {one.name for one in own}
        ]
        positional = [one for one in own if one.kind is one.POSITIONAL_OR_KEYWORD]
        needed = [one for one in own if one not in positional and one.default is one.empty]
        rest = [one for one in own if one not in positional and one not in needed]
        command.__signature__ = inspect.Signature([*positional, *needed, *shared, *rest])  # type: ignore[attr-defined]
        return command

    return give
