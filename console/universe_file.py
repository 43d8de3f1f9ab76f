"""A universe from a file of symbols, read once, when the strategy is added."""

from __future__ import annotations

import csv
from pathlib import Path

from trading.errors import BadConfiguration
from trading.instruments import tickers
from trading.universes import MOST_SYMBOLS

COLUMN = "symbol"
MOST_BYTES = 1_000_000
"""A hundred symbols are less than a thousandth of it: a larger file is another."""


def read_universe(path: Path, most: int = MOST_SYMBOLS) -> tuple[str, ...]:
    """The symbols of a file: one a line, or the column `symbol` of a CSV; `#` begins a comment.

    Each once, in the file's order. Raises BadConfiguration, in one line, for a file that cannot be read, with anything
    in it that is no ticker, with none at all, or with more than `most`, by default what a cycle looks at.
    """
    rows = [row for row in csv.reader(_lines(path)) if any(cell.strip() for cell in row)]
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    if COLUMN in names:
        place = names.index(COLUMN)
        words = [row[place] if place < len(row) else "" for row in rows[1:]]
    elif any(len(row) > 1 for row in rows):
        raise BadConfiguration(f"{path}: has several columns and none named {COLUMN}")
    else:
        words = [row[0] for row in rows]
    return _symbols(path, words, most)


def _symbols(path: Path, words: list[str], most: int) -> tuple[str, ...]:
    try:
        symbols = tickers(words)
    except BadConfiguration as wrong:
        raise BadConfiguration(f"{path}: {str(wrong)[:300]}") from None
    if not symbols:
        raise BadConfiguration(f"{path}: has no symbols: write one a line, or a CSV with a column {COLUMN}")
    if len(symbols) > most:
        raise BadConfiguration(f"{path}: has {len(symbols)} symbols, and a strategy looks at {most} at most")
    return symbols


def _lines(path: Path) -> list[str]:
    """The lines without comments."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadConfiguration(f"{path}: is too large for a list of symbols")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as wrong:
        raise BadConfiguration(f"{path}: cannot be read: {wrong.strerror}") from None
    except UnicodeDecodeError:
        raise BadConfiguration(f"{path}: is no text") from None
    return [line.partition("#")[0] for line in text.splitlines()]
