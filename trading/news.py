"""A headline about one symbol, as a provider printed it: words from outside, to be read as data only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.instruments import Symbol
from trading.money import Record

MOST_HEADLINE = 1000
"""Characters of a headline that are kept."""


class News(Record):
    """One headline about one symbol. `url` is empty when the provider gave none."""

    symbol: Symbol
    headline: Annotated[str, Field(min_length=1, max_length=MOST_HEADLINE)]
    source: Annotated[str, Field(max_length=120)]
    published_at: AwareDatetime
    url: Annotated[str, Field(max_length=2000, pattern=r"^(https?://\S+)?$")] = ""


MOST_KEPT = 5


def newest(news: Iterable[News], symbol: str, as_of: datetime) -> tuple[News, ...]:
    """The newest few of one symbol that were out at a moment, newest first; the same whatever order they came in."""
    out = {(one.published_at, one.headline): one for one in news if one.symbol == symbol and one.published_at <= as_of}
    return tuple(out[key] for key in sorted(out, reverse=True)[:MOST_KEPT])
