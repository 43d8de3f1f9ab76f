"""Charts as SVG that fit any width: across in percent, down in pixels, so that letters and lines keep their size.

Colours are classes of `page.css`, so that one picture serves light and dark, and lines differ in their dashes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.data.panel import Column, Days
from backtest.tear_sheet.axes import Axis, date_ticks
from backtest.tear_sheet.figures import compact
from backtest.tear_sheet.markup import Html, element, joined

WIDE = 2000
"""Units across; a picture is drawn at whatever width there is."""
_TOP, _BOTTOM = 10, 24
"""Pixels above the frame, and below it for the dates."""
_POINTS = 1200
"""As many points as a wide screen has columns; of more, each column keeps its first, least, most and last."""
_EDGE = 0.97
"""Beyond this part of the width a date is written to the left of its mark."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart is drawn into: D `days` across, an `axis` up, `height` pixels in all; ticks in dollars or else.

    `whole`: what is counted has no halves.
    """

    days: Days
    axis: Axis
    height: int = 260
    unit: str = "$"
    percent: bool = False
    whole: bool = False
    points: int = _POINTS

    @property
    def inner(self) -> int:
        """Pixels between the lowest and the highest value."""
        return self.height - _TOP - _BOTTOM

    def across(self, session: float) -> float:
        """Where a session lies, 0 to 1."""
        return session / (len(self.days) - 1) if len(self.days) > 1 else 0.5

    def down(self, value: float) -> float:
        """Pixels from the top of the picture."""
        return _TOP + self.inner * (1 - float(self.axis.place(np.array([value]))[0]))


class Mark(NamedTuple):
    """A sign of `page.css` and of `signs()` at a session and a value, with what is read of it."""

    sign: str
    session: int
    value: float
    title: str


def chart(frame: Frame, title: str, layers: Iterable[Html], marks: Iterable[Mark] = ()) -> Html:
    """A picture with its axes; `title` is what somebody hears who does not see it."""
    plot = element(
        "svg",
        *layers,
        y=_TOP,
        width="100%",
        height=frame.inner,
        viewBox=f"0 0 {WIDE} {frame.inner}",
        preserveAspectRatio="none",
        overflow="visible",
    )
    values, dates = _values(frame), _dates(frame)
    placed = joined(*(_mark(frame, mark) for mark in marks))
    picture = element(
        "svg",
        values.lines,
        dates,
        plot,
        placed,
        class_="plot",
        role="img",
        aria_label=title,
        height=frame.height,
        overflow="visible",
    )
    beside = element("svg", values.labels, class_="beside", aria_hidden="true", height=frame.height)
    return element("div", beside, picture, class_="chart")


def line(frame: Frame, values: Column, kind: str) -> Html:
    """A curve; where values are missing it has a gap, and one alone is a dot."""
    return element("path", class_=f"line {kind}", d=_path(frame, values), vector_effect="non-scaling-stroke")


def area(frame: Frame, values: Column, kind: str, base: float = 0.0) -> Html:
    """What lies between a curve and a value."""
    floor = frame.inner * (1 - float(frame.axis.place(np.array([base]))[0]))
    shapes = []
    for xs, ys in _stretches(frame, values):
        corners = " ".join(f"{x:g} {y:.1f}" for x, y in zip(xs, ys, strict=True))
        shapes.append(f"M{xs[0]:g} {floor:.1f}L{corners}L{xs[-1]:g} {floor:.1f}Z")
    return element("path", class_=f"area {kind}", d="".join(shapes))


def level(frame: Frame, value: float) -> Html:
    """A line across at a value that means something."""
    y = frame.inner * (1 - float(frame.axis.place(np.array([value]))[0]))
    return element("path", class_="line level", d=f"M0 {y:.1f}H{WIDE}", vector_effect="non-scaling-stroke")


def signs() -> Html:
    """The signs that marks are made of, once a page: bought points up and is full, sold points down and is hollow."""
    up = element("path", id="bought", d="M0 -1L4.5 7H-4.5Z")
    down = element("path", id="sold", d="M0 1L4.5 -7H-4.5Z")
    guard = element("path", id="guarded", d="M-4 -4L4 4M-4 4L4 -4")
    return element("svg", element("defs", up, down, guard), width=0, height=0, class_="signs", aria_hidden="true")


def legend(rows: Sequence[tuple[str, str]]) -> Html:
    """What each kind of line is; `(kind, words)`."""
    return element("ul", *(element("li", _sample(kind), words) for kind, words in rows), class_="legend")


def _sample(kind: str) -> Html:
    if kind in {"bought", "sold", "guarded"}:
        sign = element("use", href=f"#{kind}", x=14, y=6, class_=f"mark {kind}")
        return element("svg", sign, width=28, height=12, overflow="visible", aria_hidden="true")
    stroke = element("path", class_=f"line {kind}", d="M1 6H27")
    return element("svg", stroke, width=28, height=12, aria_hidden="true")


def _mark(frame: Frame, mark: Mark) -> Html:
    return element(
        "use",
        element("title", mark.title),
        href=f"#{mark.sign}",
        class_=f"mark {mark.sign}",
        x=f"{frame.across(mark.session):.3%}",
        y=f"{frame.down(mark.value):.1f}",
    )


class _Values(NamedTuple):
    lines: Html
    labels: Html


def _values(frame: Frame) -> _Values:
    ticks, step = frame.axis.ticks(max(3, frame.inner // 34), 1.0 if frame.whole else 0.0)
    lines, labels = [], []
    for tick in ticks:
        y = frame.down(tick)
        lines.append(element("line", class_="grid", x2="100%", y1=f"{y:.1f}", y2=f"{y:.1f}"))
        labels.append(
            element("text", _tick(frame, tick, step, max(map(abs, ticks))), x="100%", dx=-8, y=f"{y + 4:.1f}")
        )
    return _Values(joined(*lines), joined(*labels))


def _tick(frame: Frame, tick: float, step: float, most: float) -> str:
    if frame.percent:
        return compact(tick * 100, step * 100, "") + "%"
    return compact(tick, tick if frame.axis.log else step, frame.unit, tick if frame.axis.log else most)


def _dates(frame: Frame) -> Html:
    told = []
    for session, words in date_ticks(frame.days):
        x, place = frame.across(session), f"{frame.across(session):.3%}"
        anchor = "end" if x > _EDGE else "start" if x < 1 - _EDGE else "middle"
        told.append(element("line", class_="grid", x1=place, x2=place, y1=_TOP, y2=_TOP + frame.inner))
        told.append(element("text", words, x=place, y=frame.height - 6, text_anchor=anchor))
    return joined(*told)


def _path(frame: Frame, values: Column) -> str:
    strokes = []
    for xs, ys in _stretches(frame, values):
        corners = [f"{x:g} {y:.1f}" for x, y in zip(xs, ys, strict=True)]
        strokes.append(f"M{corners[0]}" + (f"L{' '.join(corners[1:])}" if len(corners) > 1 else "h0"))
    return "".join(strokes)


def _stretches(frame: Frame, values: Column) -> list[tuple[Column, Column]]:
    """Runs of finite values without a gap, as units across and down."""
    heights = frame.inner * (1 - frame.axis.place(values))
    known = np.flatnonzero(np.isfinite(heights))
    if not len(known):
        return []
    pieces = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)
    kept = [_thinned(piece, heights, max(2, round(frame.points * len(piece) / len(values)))) for piece in pieces]
    wide = WIDE / (len(values) - 1) if len(values) > 1 else 0.0
    middle = 0.0 if len(values) > 1 else WIDE / 2
    return [(np.round(piece * wide + middle), heights[piece]) for piece in kept]


def _thinned(piece: NDArray[np.int64], heights: Column, points: int) -> NDArray[np.int64]:
    """So few places that no one sees which are missing."""
    if len(piece) <= points:
        return piece
    kept = [piece[[0, -1]]]
    for part in np.array_split(piece, max(1, points // 4)):
        kept.append(part[[0, -1]])
        kept.append(part[[heights[part].argmin(), heights[part].argmax()]])
    return np.unique(np.concatenate(kept))
