"""What was written of a company: headlines with their source. Words of strangers: data for an agent, never an order."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from trading.instruments import Symbol
from trading.money import Record

Headline = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]


class NewsItem(Record):
    """One article of a news source, about these symbols."""

    headline: Headline
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    published_at: AwareDatetime
    symbols: tuple[Symbol, ...]
    url: Address | None = None
