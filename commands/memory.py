"""What the desk remembers of its decisions."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated

import typer

from commands.doing import AsJson, AsOf, do
from trading.instruments import Side

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What the desk remembers of its decisions.")
Desk = Annotated[str | None, typer.Option(help="Of another desk than DESK_ID.", metavar="NAME")]
Most = Annotated[int, typer.Option("--limit", min=1, max=100, help="Most memories.")]


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, as `a breakout on thin volume`.")],
    *,
    symbol: Annotated[str | None, typer.Option(help="Only those of one symbol.", metavar="SYMBOL")] = None,
    desk: Desk = None,
    limit: Most = 10,
    as_json: AsJson = False,
) -> int:
    """The decisions whose reasoning is nearest in meaning, and what became of each."""
    from console.memory import Where, search

    where = Where(desk, limit)
    return do(lambda settings, output: search(settings, output, (text, symbol), where), as_json=as_json)


@app.command()
def similar(  # noqa: PLR0913  each is an option of the command line
    symbol: Annotated[str, typer.Argument(help="A ticker, as AAPL.", metavar="SYMBOL")],
    *,
    side: Annotated[Side, typer.Option(help="Setups to buy or to sell.")] = Side.BUY,
    as_of: AsOf = None,
    desk: Desk = None,
    limit: Most = 5,
    as_json: AsJson = False,
) -> int:
    """Look at the market, and find the resolved setups that were most alike: the nearest won, and the nearest lost."""
    from console.memory import Where, similar

    where = Where(desk, limit, as_of)
    return do(lambda settings, output: similar(settings, output, (symbol, side), where), as_json=as_json)


@app.command()
def stats(*, desk: Desk = None, as_json: AsJson = False) -> int:
    """How much is remembered, what it came to, and how much room it takes."""
    from console.memory import stats

    return do(lambda settings, output: stats(settings, output, desk), as_json=as_json)
