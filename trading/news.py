"""A headline about one symbol, as a provider printed it: words from outside, to be read as data only."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.instruments import Symbol
from trading.money import Record


class News(Record):
    """One headline about one symbol. `url` is empty when the provider gave none."""

    symbol: Symbol
    headline: Annotated[str, Field(max_length=1000)]
    source: Annotated[str, Field(max_length=120)]
    published_at: AwareDatetime
    url: Annotated[str, Field(max_length=2000)] = ""
