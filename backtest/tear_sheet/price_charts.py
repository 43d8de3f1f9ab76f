"""Where it bought and sold: each symbol's closes with its fills on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.measures.attribution import Attribution, SymbolPart
from backtest.results.result import Result
from backtest.tear_sheet.axes import axis_of
from backtest.tear_sheet.drawing import Frame, Mark, chart, legend, line
from backtest.tear_sheet.figures import dollars, price, shares
from backtest.tear_sheet.markup import Html, element, joined
from backtest.tear_sheet.parts import counted, figure, note

MOST_CHARTS = 12
MOST_MARKS = 400
_SMALL_POINTS = 600
_LOW, _TALL = 170, 320
"""Pixels, of one picture of many and of one alone."""
_GUARDS = frozenset({"stop", "target"})


def price_charts(result: Result, attribution: Attribution) -> Html:
    """One chart a symbol, of those that most dollars were traded of."""
    traded = sorted(attribution.symbols, key=lambda part: (-part.traded, part.symbol))
    if not traded:
        return note("Nothing was traded.")
    shown = traded[:MOST_CHARTS]
    words = "Signs lie at the price of the fill, and say more when they are pointed at."
    if len(traded) > MOST_CHARTS:
        words = f"The {MOST_CHARTS} symbols with most dollars traded, of {len(traded)} that were. {words}"
    kinds = [("price", "close"), ("bought", "bought"), ("sold", "sold"), ("guarded", "by a stop or a target")]
    alone = len(shown) == 1
    charts = (_chart(result, part, _TALL if alone else _LOW) for part in shown)
    return joined(note(words), legend(kinds), element("div", *charts, class_=None if alone else "many"))


def _chart(result: Result, part: SymbolPart, height: int) -> Html:
    symbol = result.symbols.index(part.symbol)
    fills = np.flatnonzero(result.fills.symbol == symbol)
    marked = _largest(result, fills)
    closes = result.closes[:, symbol]
    frame = Frame(result.days, axis_of([closes, result.fills.price[marked]], log=True), height, points=_SMALL_POINTS)
    told = f"{counted(len(fills), 'fill')}, {dollars(part.total, sign=True)}."
    if len(marked) < len(fills):
        told += f" The {MOST_MARKS} largest fills are marked."
    if frame.axis.log:
        told += " Logarithmic scale."
    marks = [_mark(result, int(at)) for at in marked]
    title = f"Closes of {part.symbol} with its fills: {told}"
    return figure(part.symbol, chart(frame, title, [line(frame, closes, "price")], marks), caption=told)


def _largest(result: Result, fills: NDArray[np.int64]) -> NDArray[np.int64]:
    sizes = np.abs(result.fills.shares[fills] * result.fills.price[fills])
    return np.sort(fills[np.argsort(-sizes, kind="stable")[:MOST_MARKS]])


def _mark(result: Result, at: int) -> Mark:
    fills = result.fills
    day, count, leg = int(fills.day[at]), float(fills.shares[at]), fills.leg[at]
    done = "bought" if count > 0 else "sold"
    title = f"{result.days[day]}: {done} {shares(abs(count))} at {price(float(fills.price[at]))} ({leg})"
    return Mark("guarded" if leg in _GUARDS else done, day, float(fills.price[at]), title)
