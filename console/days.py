"""Days that were typed, as moments."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from console.watchlist import read_day
from trading.errors import BadConfiguration

EVER = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def span(since: str | None, until: str | None) -> tuple[datetime, datetime]:
    """From the first day's midnight up to that after the last, UTC; all of time where a day is not named.

    Raises BadConfiguration for what is no date, and for days that end before they begin.
    """
    first, last = read_day(since), read_day(until)
    begins = EVER if first is None else datetime.combine(first, time(), UTC)
    ends = LATEST if last is None else datetime.combine(min(last, LATEST.date()), time(), UTC) + timedelta(days=1)
    if ends <= begins:
        raise BadConfiguration(f"no day is from {since} to {until}: --until comes before --since")
    return begins, ends
