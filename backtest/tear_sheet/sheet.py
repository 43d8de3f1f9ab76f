"""The tear sheet: what was run, what it brought, and what it is made of, in the order in which one asks."""

from __future__ import annotations

from pathlib import Path

from backtest.measures.attribution import by_agent, by_symbol
from backtest.measures.round_trips import trades_of
from backtest.results.result import Result, RunCard
from backtest.results.written import write_whole
from backtest.tear_sheet.bars import symbols_bars
from backtest.tear_sheet.card import head, measures, run_card, tiles, title_of
from backtest.tear_sheet.drawing import signs
from backtest.tear_sheet.markup import Html
from backtest.tear_sheet.page import page
from backtest.tear_sheet.parts import section
from backtest.tear_sheet.pictures import drawdown_picture, equity_picture, exposure_picture, rolling_picture
from backtest.tear_sheet.price_charts import price_charts
from backtest.tear_sheet.tables import agents_table, months_table, refusals_table, symbols_table, trades_table
from trading.metrics import Metrics


def write_tear_sheet(result: Result, card: RunCard, metrics: Metrics, path: Path) -> None:
    """Write the page; what is at the path is replaced once it is whole."""
    write_whole(path, tear_sheet(result, card, metrics).encode())


def tear_sheet(result: Result, card: RunCard, metrics: Metrics) -> Html:
    """The page of a result of one session or more."""
    trades = trades_of(result)
    symbols, agents = by_symbol(result, trades), by_agent(result)
    return page(
        f"{title_of(card.plan)}: {card.kind}",
        head(result, card),
        tiles(card, metrics),
        run_card(result, card),
        measures(metrics),
        section("Over time", equity_picture(result), drawdown_picture(result)),
        section("Months", months_table(result)),
        section("Risk and exposure", rolling_picture(result), exposure_picture(result)),
        section("Where it bought and sold", signs(), price_charts(result, symbols)),
        section("Where it came from", symbols_bars(symbols), symbols_table(symbols)),
        section("What the agents said", agents_table(agents)) if agents else None,
        section("Trades", trades_table(result, trades)),
        section("Refusals", refusals_table(result)),
    )
