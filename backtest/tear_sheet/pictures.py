"""The pictures of a run over its days: equity, drawdown, rolling Sharpe ratio, exposure."""

from __future__ import annotations

import numpy as np

from backtest.data.panel import Column
from backtest.measures import curves
from backtest.results.result import Result
from backtest.tear_sheet.axes import Axis, axis_of
from backtest.tear_sheet.drawing import Frame, area, chart, legend, level, line
from backtest.tear_sheet.figures import dollars, percent
from backtest.tear_sheet.markup import Html, joined
from backtest.tear_sheet.parts import figure

ROLLING_SESSIONS = (126, 252)


def equity_picture(result: Result) -> Html:
    """Equity against what the same cash had become in the benchmark and in equal parts of all symbols."""
    shown = [("strategy", "strategy", result.equity), *_compared(result)]
    axis = axis_of([values for _, _, values in shown], log=True)
    frame = Frame(result.days, axis, 340)
    words = [(kind, f"{name}: {dollars(_last(values))}") for kind, name, values in shown]
    told = f"Equity in dollars at each close, {_span(result)}. At the end " + "; ".join(each for _, each in words)
    layers = [line(frame, values, kind) for kind, _, values in reversed(shown)]
    scale = "Dollars at each close" + (", logarithmic scale." if axis.log else ".")
    return figure("Equity", legend(words), chart(frame, told, layers), caption=scale)


def drawdown_picture(result: Result) -> Html:
    """How far equity was below its highest close so far."""
    start = float(result.plan.cash)
    falls = -curves.drawdown(result.equity, start)
    frame = Frame(result.days, axis_of([falls], floor_at=0.0), 200, percent=True)
    deepest = int(falls.argmin())
    words = (
        f"Deepest {percent(float(falls[deepest]))} on {result.days[deepest]}, at the end {percent(float(falls[-1]))}."
    )
    layers = [area(frame, falls, "fall"), line(frame, falls, "fall")]
    return figure("Drawdown", chart(frame, f"Fraction below the highest close. {words}", layers), caption=words)


def rolling_picture(result: Result) -> Html:
    """The Sharpe ratio of the last half year and of the last year at each close."""
    half, year = (curves.rolling_sharpe(result.equity, sessions) for sessions in ROLLING_SESSIONS)
    if not np.isfinite(half).any():
        words = f"There are too few sessions for one: it takes {ROLLING_SESSIONS[0]} returns that differ."
        return figure("Rolling Sharpe ratio", caption=words)
    frame = Frame(result.days, axis_of([half, year], floor_at=0.0), 220, unit="")
    lines = [("second thin", f"{ROLLING_SESSIONS[0]} sessions"), ("strategy", f"{ROLLING_SESSIONS[1]} sessions")]
    layers = [level(frame, 0.0), line(frame, half, "second thin"), line(frame, year, "strategy")]
    told = f"Sharpe ratio of the last 126 and 252 daily returns. At the end {_last(half):.2f} and {_last(year):.2f}."
    caption = "Mean over deviation (n − 1) of the daily returns before each close, times the root of 252."
    return figure("Rolling Sharpe ratio", legend(lines), chart(frame, told, layers), caption=caption)


def exposure_picture(result: Result) -> Html:
    """How much of equity was at work, and in how many symbols."""
    at_work = curves.exposure(result.equity, result.gross)
    held = np.asarray((np.abs(result.positions) > 0).sum(axis=1), np.float64)
    known = at_work[np.isfinite(at_work)]
    mean = percent(float(known.mean()), 1) if len(known) else "nothing"
    frame = Frame(result.days, axis_of([at_work], floor_at=0.0), 180, percent=True)
    layers = [area(frame, at_work, "strategy"), line(frame, at_work, "strategy thin")]
    first = chart(frame, f"Value of what is held over equity at each close, on average {mean}.", layers)
    counts = Frame(result.days, Axis(0.0, max(1.0, float(held.max()) * 1.08)), 130, unit="", whole=True)
    told = f"Number of positions at each close, {int(held.max())} at most."
    second = chart(counts, told, [area(counts, held, "second"), line(counts, held, "second thin")])
    caption = f"Value of what is held, unsigned, over equity: {mean} on average."
    most = f"{int(held.max())} at most."
    return joined(figure("Exposure", first, caption=caption), figure("Positions", second, caption=most))


def _compared(result: Result) -> list[tuple[str, str, Column]]:
    symbol = result.plan.benchmark
    named = [
        ("benchmark", f"benchmark {symbol} held" if symbol else "benchmark held", result.benchmark),
        ("held", "all symbols held, bought in equal parts", result.held),
    ]
    known = [(kind, name, values) for kind, name, values in named if values is not None and np.isfinite(values).any()]
    return known[:1] if len(known) > 1 and np.allclose(known[0][2], known[1][2], equal_nan=True) else known


def _span(result: Result) -> str:
    return f"{result.days[0]} to {result.days[-1]}"


def _last(values: Column) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else float("nan")
