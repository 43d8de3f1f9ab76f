"""An exchange that never closes, a session a day from the hour at which ex-dates begin; and one that is closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from trading.sessions import Session

BELL = time(7, tzinfo=UTC)
DAY = timedelta(days=1)


class AlwaysOpen:
    """The port `Calendar`: whenever a test runs, the exchange is open."""

    def session(self, day: date) -> Session | None:
        opens_at = datetime.combine(day, BELL)
        return Session(session_on=day, opens_at=opens_at, closes_at=opens_at + DAY - timedelta(microseconds=1))

    def last_session(self, at: datetime) -> Session:
        found = self.session((at.astimezone(UTC) - timedelta(hours=BELL.hour)).date())
        assert found is not None
        return found


class Closed(AlwaysOpen):
    """An exchange that is closed whenever a test runs."""

    def session(self, day: date) -> Session | None:
        found = super().session(day)
        return None if found is None else found.model_copy(update={"closes_at": found.opens_at + timedelta(seconds=1)})
