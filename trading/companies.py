"""What is known of a company, and how long that may be believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from trading.instruments import UNKNOWN_SECTOR, Instrument, Symbol
from trading.money import Record

MOST_AGE = timedelta(days=30)
"""Names and sectors change a few times in a decade."""
MOST_AGE_UNTRADABLE = timedelta(days=1)
"""A share that may not be traded today may be tomorrow."""


class Company(Record):
    """Facts of one company or fund, who told them and when. `sector` is a GICS sector, `ETF` or `Unknown`."""

    symbol: Symbol
    name: str = ""
    sector: str = UNKNOWN_SECTOR
    industry: str = ""
    tradable: bool = True
    source: str
    known_at: AwareDatetime

    @property
    def instrument(self) -> Instrument:
        """What the limits need of it."""
        return Instrument(symbol=self.symbol, name=self.name, sector=self.sector)

    def is_fresh(self, now: datetime) -> bool:
        """Whether nobody need be asked again."""
        return now - self.known_at <= (MOST_AGE if self.tradable else MOST_AGE_UNTRADABLE)


def merged(old: Company | None, new: Company) -> Company:
    """The newer facts; what the new source does not tell stays as it was known."""
    if old is None:
        return new
    kept = {
        "name": new.name or old.name,
        "sector": old.sector if new.sector == UNKNOWN_SECTOR else new.sector,
        "industry": new.industry or old.industry,
    }
    return new.model_copy(update=kept)
