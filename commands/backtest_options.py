"""What can be said of a run over the past: the same words for one run and for studies of many."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Several = list[str] | None
Word = str | None

STRATEGY: dict[str, Any] = {
    "strategy": Annotated[
        Word, typer.Option(help="agents, a rule by its name, or a class: my_strategies:Breakout2.", metavar="NAME")
    ],
    "parameters": Annotated[Several, typer.Option("--set", help="Of the rule; once for each.", metavar="NAME=VALUE")],
    "sizing": Annotated[
        Word,
        typer.Option(
            help="Of each entry: so many shares, or a part of the equity; else as the rule says.",
            metavar="fixed:1000|equity:0.15",
        ),
    ],
    "limits": Annotated[Word, typer.Option(help="Whether the desk's limits hold; on.", metavar="on|off")],
    "memory": Annotated[
        Word,
        typer.Option(
            help="Whether setups that have failed too often are denied; as the desk's for agents, else off.",
            metavar="on|off",
        ),
    ],
    "debate_rounds": Annotated[Word, typer.Option(help="How often Bull and Bear argue, 0 to 3; none.", metavar="N")],
    "breaker": Annotated[
        Word, typer.Option(help="Whether its circuit breaker does; in cycles as the limits.", metavar="on|off")
    ],
}
DATA: dict[str, Any] = {
    "data": Annotated[
        Word, typer.Option(help="Folder or file of daily bars; else MARKET_DATA_DIR.", metavar="DIR|FILE")
    ],
    "provider": Annotated[
        Word, typer.Option(help="Instead of files: yahoo, alpaca, simulated or file.", metavar="NAME")
    ],
    "symbols": Annotated[Word, typer.Option(help="As AAPL,MSFT; all that the data have.", metavar="A,B|all")],
    "universe": Annotated[Word, typer.Option(help="A file of symbols instead.", metavar="FILE")],
    "from_on": Annotated[Word, typer.Option("--from", help="First day that is traded.", metavar="DATE")],
    "to_on": Annotated[Word, typer.Option("--to", help="Last day.", metavar="DATE")],
    "warm_up": Annotated[
        Word,
        typer.Option(help="Sessions before the first day that the strategy knows of.", metavar="N|all"),
    ],
    "benchmark": Annotated[
        Word, typer.Option(help="What the result is held against; else DESK_BENCHMARK.", metavar="SYMBOL|none")
    ],
}
ACCOUNT: dict[str, Any] = {
    "cash": Annotated[Word, typer.Option(help="Dollars to begin with; else TRADING_OPENING_CASH.")],
    "commission_bps": Annotated[Word, typer.Option(help="Hundredths of a percent of each fill; else PAPER_….")],
    "commission_per_share": Annotated[Word, typer.Option(help="Dollars a share.")],
    "commission_per_order": Annotated[Word, typer.Option(help="Dollars an order.")],
    "slippage_bps": Annotated[Word, typer.Option(help="How much worse than the price; else PAPER_SLIPPAGE_BPS.")],
    "spread_bps": Annotated[Word, typer.Option(help="Between bid and ask, half of it on each side; 0.")],
    "volume_share": Annotated[Word, typer.Option(help="Most of a bar's volume that fills, as 10%; any.")],
    "borrow_rate": Annotated[Word, typer.Option(help="A year, on what is short, as 3%; 0.")],
    "cash_rate": Annotated[Word, typer.Option(help="A year, on cash, as 2%; 0.")],
    "fill": Annotated[Word, typer.Option(help="Where a market order is filled; next_open.", metavar="next_open|close")],
}
AGENTS: dict[str, Any] = {
    "model": Annotated[
        Several,
        typer.Option(
            help="Of all, or of one: data=, risk=, validator=, meta=, bull=, bear=NAME.", metavar="NAME|AGENT=NAME"
        ),
    ],
    "estimate": Annotated[bool, typer.Option("--estimate", help="Say what the models would cost, and run nothing.")],
    "max_cost": Annotated[Word, typer.Option(help="Most dollars that new questions may cost; the run stops before.")],
    "mask": Annotated[bool, typer.Option("--mask", help="Hide names, sectors and price levels from the models.")],
}
RESULT: dict[str, Any] = {
    "out": Annotated[Word, typer.Option(help="Folder for the files; else one below DESK_HOME.", metavar="DIR")],
    "no_sheet": Annotated[bool, typer.Option("--no-sheet", help="Draw no tear sheet.")],
}
OPTIONS: dict[str, Any] = {
    **STRATEGY,
    **DATA,
    **ACCOUNT,
    "engine": Annotated[Word, typer.Option(help="Which replays; the fastest that can.", metavar="auto|cycles|columns")],
    "seed": Annotated[Word, typer.Option(help="Of whatever is drawn; 0.")],
}
"""Of one run, and of each run of a study."""
