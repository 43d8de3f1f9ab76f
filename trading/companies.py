"""What is known of a company, and how long that may be believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from trading.fundamentals import MOST_AGE as MOST_AGE_TODAY
from trading.fundamentals import Fundamentals, ReportDays
from trading.instruments import UNKNOWN_SECTOR, Instrument, Symbol
from trading.money import Record

MOST_AGE = timedelta(days=30)
"""Names and sectors change a few times in a decade."""
MOST_AGE_UNTRADABLE = timedelta(days=1)
"""A share that may not be traded today may be tomorrow."""


class Company(Record):
    """Facts of one company or fund, who told them and when. `sector` is a GICS sector, `ETF` or `Unknown`.

    `fundamentals` and `earnings` are None of a provider that has none; they say themselves who told them and when.
    """

    symbol: Symbol
    name: str = ""
    sector: str = UNKNOWN_SECTOR
    industry: str = ""
    tradable: bool = True
    source: str
    known_at: AwareDatetime
    fundamentals: Fundamentals | None = None
    earnings: ReportDays | None = None

    @property
    def instrument(self) -> Instrument:
        """What the limits need of it."""
        return Instrument(symbol=self.symbol, name=self.name, sector=self.sector)

    def is_fresh(self, now: datetime) -> bool:
        """Whether nobody need be asked again."""
        return now - self.known_at <= (MOST_AGE if self.tradable else MOST_AGE_UNTRADABLE)

    def is_of_today(self, now: datetime) -> bool:
        """Whether its numbers, or that there are none, were told within a day."""
        return self.fundamentals is not None and now - self.fundamentals.known_at <= MOST_AGE_TODAY


def merged(old: Company | None, new: Company) -> Company:
    """The newer facts; what the new source does not tell stays as it was known."""
    if old is None:
        return new
    kept = {
        "name": new.name or old.name,
        "sector": old.sector if new.sector == UNKNOWN_SECTOR else new.sector,
        "industry": new.industry or old.industry,
        "fundamentals": new.fundamentals or old.fundamentals,
        "earnings": new.earnings or old.earnings,
    }
    return new.model_copy(update=kept)
