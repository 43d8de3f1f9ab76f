"""Gains and losses as bars from nothing to the right and to the left, the largest on top."""

from __future__ import annotations

from backtest.measures.attribution import Attribution
from backtest.tear_sheet.figures import dollars
from backtest.tear_sheet.markup import Html, element
from backtest.tear_sheet.parts import figure

MOST_BARS = 40
_ROW, _BAR = 24, 14
"""Pixels a row, and of the bar in it."""


def symbols_bars(attribution: Attribution) -> Html | None:
    """What each symbol brought, of those that gained or lost most; nothing where nothing was traded."""
    parts = sorted(attribution.symbols, key=lambda part: (-abs(part.total), part.symbol))[:MOST_BARS]
    if not parts:
        return None
    parts.sort(key=lambda part: (-part.total, part.symbol))
    few = f"The {MOST_BARS} that gained or lost most." if len(attribution.symbols) > MOST_BARS else ""
    return figure("Gain or loss by symbol", _drawn([(part.symbol, part.total) for part in parts]), caption=few)


def _drawn(rows: list[tuple[str, float]]) -> Html:
    low, high = min(0.0, *(value for _, value in rows)), max(0.0, *(value for _, value in rows))
    span = high - low or 1.0
    zero = -low / span
    names, bars = [], []
    for at, (name, value) in enumerate(rows):
        y = at * _ROW
        names.append(element("text", name, x=0, y=y + 16, class_="name"))
        names.append(element("text", _whole(value), x="100%", dx=-8, y=y + 16))
        kind = "gain" if value > 0 else "loss"
        shape = element(
            "rect",
            element("title", f"{name} {dollars(value, sign=True)}"),
            class_=f"bar {kind}",
            x=f"{zero + min(value, 0.0) / span:.3%}",
            y=y + 5,
            width=f"{abs(value) / span:.3%}",
            height=_BAR,
        )
        bars.append(shape)
    tall = len(rows) * _ROW
    bars.append(element("line", class_="zero", x1=f"{zero:.3%}", x2=f"{zero:.3%}", y2=tall))
    told = "Dollars by symbol: " + ", ".join(f"{name} {dollars(value, sign=True)}" for name, value in rows)
    beside = element("svg", *names, class_="beside wide", aria_hidden="true", height=tall)
    return element(
        "div", beside, element("svg", *bars, class_="plot", role="img", aria_label=told, height=tall), class_="chart"
    )


def _whole(value: float) -> str:
    words = dollars(round(value), sign=True)
    return words.removesuffix(".00")
