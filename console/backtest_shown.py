"""A run on a terminal: where it comes from, what to be wary of, what it brought, its trades, and where the rest is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backtest.data.panel import Caution
from backtest.measures.round_trips import OPEN, Trades
from backtest.results.exports import Exported
from backtest.results.result import Result, RunCard
from console.backtest_agents import Panelists
from console.output import Output, gain, grid, pairs, plain, price, title, toned
from trading.backtest_plan import Engine, Plan
from trading.metrics import MEASURES, NOT_DEFINED, Metrics, shown

MOST_CAUTIONS = 3
"""Of one kind; all are in the files."""
MOST_NOTES = 10
MOST_TRADES = 8
MOST_SYMBOLS = 8
ROOM_FOR_PRICES = 95
"""Columns of a terminal."""


def show(output: Output, result: Result, card: RunCard, metrics: Metrics, trades: Trades) -> None:
    """Everything but the files."""
    output.say(title(f"Backtest {card.run_id}"), pairs(list(_card(result, card))))
    for banner in card.banners:
        output.say("", toned(f"  {banner}", "bad"))
    if card.cautions:
        output.say(title("Be wary"), *_cautions(card.cautions))
    if result.notes:
        more = len(result.notes) - MOST_NOTES
        told = [*result.notes[:MOST_NOTES], *([f"and {more} more, in the tear sheet"] if more > 0 else [])]
        output.say(title("On the way"), *(toned(f"  {note}", "faint") for note in told))
    output.say(title("Metrics"), _metrics(metrics, wide=output.is_wide))
    beside = list(_beside(result))
    output.say(*(("", pairs(beside)) if beside else ()))
    if len(trades):
        largest = f", the {MOST_TRADES} that moved most" if len(trades) > MOST_TRADES else ""
        output.say(title(f"Trades{largest}"), _trades(result, trades, wide=output.console.width >= ROOM_FOR_PRICES))
    if result.refusals:
        output.say(title("Refused"), *_refused(result))


def models(output: Output, who: Panelists) -> None:
    """What the models were asked, and where their replies are kept for the next run."""
    if who.deciders is None or not who.paid:
        return
    meter = who.deciders.meter
    kept = f"{meter.asked:,} for {meter.spent_usd:.4f} USD; {meter.cached:,} more were answered before"
    lines: list[tuple[str, str | Text]] = [("questions", kept)]
    if who.no_database:
        lines.append(("no database", toned(f"replies are kept in a file alone: {who.no_database}", "odd")))
    output.say("", pairs(lines))


def files(output: Output, card: RunCard, at: Exported, no_row: str | None) -> None:
    """Where the rest is, and how to go on."""
    sheet = [("tear sheet", str(at.tear_sheet))] if at.tear_sheet.exists() else []
    lines: list[tuple[str, str | Text]] = [*sheet, ("files", str(at.folder))]
    if no_row is None:
        lines.append(("compare", f"starter.py backtests compare {card.run_id} OTHER_RUN"))
    else:
        lines.append(("no row", toned(f"in no list of runs: {no_row}", "faint")))
    output.say("", pairs(lines))


def _card(result: Result, card: RunCard) -> Iterator[tuple[str, str | Text]]:
    plan, in_columns = result.plan, result.engine is Engine.COLUMNS
    parameters = ", ".join(f"{name}={value}" for name, value in plan.parameters.items())
    names = ", ".join(plan.symbols[:MOST_SYMBOLS]) + (" …" if len(plan.symbols) > MOST_SYMBOLS else "")
    yield "strategy", plain(f"{plan.strategy} {parameters}".strip())
    yield "symbols", f"{len(plan.symbols)}: {names}"
    yield "days", f"{result.days[0]} to {result.days[-1]}, {len(result.days)} sessions"
    yield "engine", f"{result.engine}, fills at {plan.fill.replace('_', ' ')}"
    yield "costs", _costs(plan)
    yield "limits", "the desk's" if plan.limits else "off"
    yield "breaker", "the desk's" if plan.breaker else "none: it is for whole cycles" if in_columns else "off"
    if plan.heed:
        yield "memory", f"denies what has failed {plan.heed.failed_times} times within {plan.heed.similar_distance:g}"
    if plan.debate_rounds:
        yield "debate", f"{plan.debate_rounds} rounds of Bull and Bear"
    yield "data", plain(card.data)
    yield "data hash", card.data_hash[:16]
    yield "code", card.code_version + (f", {card.rule_version}" if card.rule_version else "")
    if card.models:
        yield "models", ", ".join(f"{who}: {which}" for who, which in card.models.items())
    if plan.mask:
        yield "mask", "names, sectors and price levels were hidden from the agents"


def _costs(plan: Plan) -> str:
    costs, frictions = plan.frictions.costs, plan.frictions
    said = {
        f"commission {costs.commission_bps} bps": costs.commission_bps,
        f"{costs.commission_per_share} USD a share": costs.commission_per_share,
        f"{costs.commission_per_order} USD an order": costs.commission_per_order,
        f"slippage {costs.slippage_bps} bps": costs.slippage_bps,
        f"spread {frictions.spread_bps} bps": frictions.spread_bps,
        f"borrowing {frictions.borrow_rate:%} a year": frictions.borrow_rate,
        f"cash earns {frictions.cash_rate:%} a year": frictions.cash_rate,
    }
    words = [word for word, amount in said.items() if amount]
    words += [f"at most {frictions.volume_share:%} of a bar's volume"] if frictions.volume_share is not None else []
    return ", ".join(words) or "none"


def _cautions(cautions: Sequence[Caution]) -> Iterator[Text]:
    codes: dict[str, list[Caution]] = {}
    for caution in cautions:
        codes.setdefault(caution.code, []).append(caution)
    for code, same in codes.items():
        for caution in same[:MOST_CAUTIONS]:
            about = f"{caution.symbol} " if caution.symbol else ""
            yield toned(f"  {code}: {about}{caution.reason}", "odd")
        if len(same) > MOST_CAUTIONS:
            yield toned(f"  {code}: and {len(same) - MOST_CAUTIONS} more, in card.json", "odd")


def _metrics(metrics: Metrics, *, wide: bool) -> Table:
    """All that is defined; what each means where there is room for it."""
    table = grid("", ">value", *(("~how it is counted",) if wide else ()))
    for measure in MEASURES:
        said = shown(measure, getattr(metrics, measure.field))
        if said != NOT_DEFINED:
            table.add_row(measure.label, said, *((toned(measure.definition, "faint"),) if wide else ()))
    return table


def _beside(result: Result) -> Iterator[tuple[str, str]]:
    """What it is held against."""
    start = float(result.plan.cash)
    for name, curve in ((result.plan.benchmark or "", result.benchmark), ("all symbols", result.held)):
        if curve is not None and np.isfinite(curve[-1]):
            yield f"bought and kept: {name}", f"{curve[-1]:,.2f} USD, {curve[-1] / start - 1:+.2%}"


def _trades(result: Result, trades: Trades, *, wide: bool) -> Table:
    largest = np.argsort(-np.abs(trades.pnl), kind="stable")[:MOST_TRADES]
    prices = (trades.price, trades.exit_price) if wide else ()
    table = grid("symbol", "in", "out", ">shares", *((">entry", ">exit") if wide else ()), ">gain", ">return", "by")
    for at in sorted(largest.tolist()):
        left = int(trades.left[at])
        cells: list[RenderableType] = [
            result.symbols[trades.symbol[at]],
            str(result.days[trades.entered[at]]),
            toned("open", "odd") if left == OPEN else str(result.days[left]),
            f"{trades.shares[at]:,.10g}",
            *(price(Decimal(repr(round(float(each[at]), 4)))) for each in prices),
            gain(Decimal(repr(round(float(trades.pnl[at]), 2)))),
            f"{trades.returned[at]:+.1%}",
            trades.leg[at],
        ]
        table.add_row(*cells)
    return table


def _refused(result: Result) -> Iterator[Text]:
    codes: dict[str, int] = {}
    for refusal in result.refusals:
        codes[refusal.code] = codes.get(refusal.code, 0) + 1
    for code, many in sorted(codes.items(), key=lambda pair: -pair[1]):
        first = next(one for one in result.refusals if one.code == code)
        words = f"{many} for {code}, the first on {first.decided_on}: {first.symbol}, {first.reason}"
        yield toned(f"  {words}", "faint")
