"""How a command speaks: tables for a person, or one JSON document for a program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Literal

from pydantic_core import to_json
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

Tone = Literal["good", "bad", "odd", "faint", "plain"]
STYLES: dict[Tone, str] = {"good": "green", "bad": "red", "odd": "yellow", "faint": "dim", "plain": ""}
WIDE = 110
"""Columns of a terminal from which on there is room for sentences in a table."""


class Output:
    """Standard output, in one of its two forms."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # What a model or a file says is text: no markup, no emoji, no colours guessed from it.
        self.console = Console(markup=False, highlight=False, emoji=False)

    @property
    def is_wide(self) -> bool:
        """Whether there is room for sentences in a table."""
        return self.console.width >= WIDE

    def show(self, document: object, *shown: RenderableType) -> None:
        """Print the document for a program, or what is to be shown for a person."""
        if self.as_json:
            sys.stdout.write(to_json(document, indent=2).decode() + "\n")
            sys.stdout.flush()
        else:
            self.say(*shown)

    def line(self, document: object, shown: RenderableType) -> None:
        """Print one of many documents, each on its line."""
        if self.as_json:
            sys.stdout.write(to_json(document).decode() + "\n")
            sys.stdout.flush()
        else:
            self.say(shown)

    def say(self, *shown: RenderableType) -> None:
        """Tell a person; a program hears nothing of it."""
        if not self.as_json:
            for each in shown:
                if isinstance(each, Text) and each.no_wrap:
                    self.console.print(each, no_wrap=True, overflow="ellipsis")
                else:
                    # A sentence or an address is not broken: the terminal wraps it, and a copy of it stays whole.
                    self.console.print(each, soft_wrap=isinstance(each, str | Text))

    def waiting(self, words: str) -> AbstractContextManager[object]:
        """Say that something takes a moment, as long as it does; only on a terminal."""
        shown = self.console.is_terminal and not self.as_json
        return self.console.status(words, spinner="dots") if shown else nullcontext()


def grid(*columns: str) -> Table:
    """An empty table of few lines. `>name` is aligned right; `~name` takes what room is left, cut to one line."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), header_style="dim", border_style="dim")
    for name in columns:
        table.add_column(
            name.lstrip(">~"),
            justify="right" if name.startswith(">") else "left",
            ratio=1 if name.startswith("~") else None,
            no_wrap=True,
            overflow="ellipsis",
        )
    table.expand = any(column.ratio for column in table.columns)
    return table


def pairs(lines: Sequence[tuple[str, str | Text]]) -> Text:
    """Names and what they stand for, one below the other."""
    width = max(len(name) for name, _ in lines) + 2
    shown = [Text.assemble((f"  {name:<{width}}", STYLES["faint"]), value) for name, value in lines]
    return Text("\n").join(shown)


def title(words: str) -> Text:
    """A heading."""
    return Text(f"\n{words}", style="bold")


def toned(words: str, tone: Tone) -> Text:
    """A few words in the colour of what they mean."""
    return Text(plain(words), style=STYLES[tone])


def plain(words: str) -> str:
    """Words of a model or a file without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in words)


def dollars(amount: Decimal | None) -> str:
    """Dollars to the cent."""
    return "" if amount is None else f"{amount:,.2f}"


def shares(quantity: Decimal | None) -> str:
    """Shares, with decimals only where there are any."""
    return "" if quantity is None else f"{quantity.normalize():,f}"


def price(amount: Decimal | None) -> str:
    """Dollars a share: cents, or more decimals where the price has them below a dollar."""
    if amount is None:
        return ""
    return f"{amount:,.2f}" if amount >= 1 else f"{amount.normalize():f}"


def gain(amount: Decimal) -> Text:
    """Dollars gained or lost."""
    tone: Tone = "good" if amount > 0 else "bad" if amount < 0 else "faint"
    return toned(f"{amount:+,.2f}" if amount else "0.00", tone)
