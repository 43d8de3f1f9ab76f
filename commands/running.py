"""Starting the desk and asking it for a cycle."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from pydantic_settings import BaseSettings

from commands.doing import Anytime, AsJson, AsOf, Reason, Universe, Watchlist, do
from console.output import Output
from settings import Settings
from trading.instruments import Side

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Provider(StrEnum):
    """The markets that may be named on the command line."""

    FILE = "file"
    SIMULATED = "simulated"
    ALPACA = "alpaca"
    YFINANCE = "yfinance"


@app.command()
def up(  # noqa: PLR0913  each is an option of the command line
    symbols: Watchlist = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="End after one cycle.")] = False,
    as_of: AsOf = None,
    anytime: Anytime = False,
    market: Annotated[Provider | None, typer.Option(help="Overrides MARKET_PROVIDERS.")] = None,
    as_json: AsJson = False,
) -> int:
    """Start servers and a worker, run one cycle, and serve until Ctrl-C."""
    from console.cycle import Wish
    from console.up import up

    wish = Wish(symbols=tuple(symbols or ()), as_of=as_of, anytime=anytime)
    return do(
        lambda settings, output: up(typed_over(settings, market, symbols), output, wish, once=once), as_json=as_json
    )


@app.command()
def run(  # noqa: PLR0913  each is an option of the command line
    symbols: Universe = None,
    *,
    strategy: Annotated[str, typer.Option(help="The strategy that decides.")] = "agents",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the cycle to its end.")] = True,
    as_of: AsOf = None,
    anytime: Anytime = False,
    trace_id: Annotated[str | None, typer.Option(help="Joins log lines and events; made when not given.")] = None,
    as_json: AsJson = False,
) -> int:
    """Ask the running desk for a cycle, and follow it."""
    from console.cycle import Wish
    from console.run import run

    wish = Wish(symbols=tuple(symbols or ()), strategy=strategy, as_of=as_of, anytime=anytime, trace_id=trace_id)
    return do(lambda settings, output: run(settings, output, wish, wait=wait), as_json=as_json)


@app.command()
def trade(  # noqa: PLR0913  each is an option of the command line
    side: Annotated[Side, typer.Argument(help="What to do.")],
    symbol: Annotated[str, typer.Argument(help="A ticker, as AAPL.")],
    *,
    shares: Annotated[str | None, typer.Option(help="How many; a sale without a size is of all.")] = None,
    weight: Annotated[str | None, typer.Option(help="Else the part of the strategy's equity, as 0.05.")] = None,
    stop: Annotated[str | None, typer.Option(help="Sold again from here, in dollars a share.")] = None,
    target: Annotated[str | None, typer.Option(help="And from here.")] = None,
    days: Annotated[int, typer.Option(help="For how many sessions it is meant.")] = 20,
    reason: Reason,
    strategy: Annotated[str, typer.Option(help="Whose equity, shares and limits.")] = "agents",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow its cycle to the end.")] = True,
    as_of: AsOf = None,
    anytime: Anytime = False,
    trace_id: Annotated[str | None, typer.Option(help="Joins log lines and events; made when not given.")] = None,
    as_json: AsJson = False,
) -> int:
    """Propose a trade of your own: no agent is asked, and the limits, approval and the halt hold for it."""
    from console.cycle import Wish, trade_of
    from console.run import run

    sizes = {"shares": shares, "weight": weight, "stop": stop, "target": target, "horizon_days": days}

    async def propose(settings: Settings, output: Output) -> int:
        wanted = trade_of(symbol, {"side": side.value, "reason": reason, **sizes})
        wish = Wish((wanted.symbol,), strategy, as_of, anytime, trace_id, wanted)
        return await run(settings, output, wish, wait=wait)

    return do(propose, as_json=as_json)


@app.command()
def price_move(
    symbol: Annotated[str, typer.Argument(help="A ticker, as AAPL.")],
    *,
    percent: Annotated[float | None, typer.Option(help="How far it moved.")] = None,
    as_json: AsJson = False,
) -> int:
    """Tell the desk that a price moved: it looks at that symbol next."""
    from console.state import price_move

    return do(lambda settings, output: price_move(settings, output, symbol, percent), as_json=as_json)


def typed_over(settings: Settings, market: Provider | None, symbols: Sequence[str] | None) -> Settings:
    """What is typed stands for the setting, for as long as the desk is up: the clock looks at the same symbols."""
    changed: dict[str, BaseSettings] = {}
    if market is not None:
        changed["market"] = settings.market.model_copy(update={"providers": (market.value,)})
    if symbols:
        changed["desk"] = settings.desk.model_copy(update={"symbols": ",".join(symbols)})
    return settings.model_copy(update=changed)
