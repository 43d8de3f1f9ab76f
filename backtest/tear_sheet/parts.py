"""What a page is put together from: sections, tables, figures, and how numbers lie in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backtest.tear_sheet.markup import Html, Inner, element

LONG = 40
"""A table of more rows than this moves under its heading."""


class Heading(NamedTuple):
    """A column of a table: its words, and what stands below: a `number` lines up at the right, `prose` is broken."""

    words: str
    kind: str | None = "number"


def text(words: str) -> Heading:
    """A column of single words and dates."""
    return Heading(words, None)


def prose(words: str) -> Heading:
    """A column of sentences."""
    return Heading(words, "prose")


def section(title: str, *inner: Inner) -> Html:
    """A part of the page under its own heading."""
    return element("section", element("h2", title), *inner)


def note(words: str) -> Html:
    """A sentence that says how to read what follows."""
    return element("p", words, class_="note")


def figure(title: str, *inner: Inner, caption: str = "") -> Html:
    """A picture with what it is called and what to know of it."""
    told = element("figcaption", element("b", title), f" {caption}" if caption else None)
    return element("figure", told, *inner)


def table(name: str, headings: Sequence[Heading], rows: Iterable[Sequence[Inner]], foot: Sequence[Inner] = ()) -> Html:
    """A table whose first column names the row; what is too wide or too long moves under its frame."""
    head = element("tr", *(element("th", each.words, scope="col", class_=each.kind) for each in headings))
    body = [_row(headings, row) for row in rows]
    last = element("tfoot", _row(headings, foot)) if foot else None
    inner = element("table", element("caption", name), element("thead", head), element("tbody", *body), last)
    return element(
        "div", inner, class_="scroll long" if len(body) > LONG else "scroll", tabindex=0, role="region", aria_label=name
    )


def toned(words: str, value: float) -> Html:
    """A number in the colour of a gain or a loss; its sign says the same."""
    return element("span", words, class_="gain" if value > 0 else "loss" if value < 0 else None)


def more(summary: str, *inner: Inner) -> Html:
    """What is shown when it is asked for."""
    return element("details", element("summary", summary), *inner)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 fill`, `1,994 fills`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _row(headings: Sequence[Heading], row: Sequence[Inner]) -> Html:
    first = element("th", row[0], scope="row", class_=headings[0].kind)
    cells = zip(headings[1:], row[1:], strict=True)
    return element("tr", first, *(element("td", cell, class_=heading.kind) for heading, cell in cells))
