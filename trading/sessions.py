"""When the exchange trades. The calendar itself is an adapter; what follows from it is here."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import AwareDatetime, model_validator

from trading.money import Record


class Session(Record):
    """One trading day of an exchange, from the opening to the closing bell."""

    session_on: date
    opens_at: AwareDatetime
    closes_at: AwareDatetime

    @model_validator(mode="after")
    def _opens_first(self) -> Session:
        if self.opens_at >= self.closes_at:
            message = f"{self.session_on}: closes before it opens"
            raise ValueError(message)
        return self


def is_open(session: Session | None, at: datetime) -> bool:
    """Whether the exchange trades at this moment; both bells belong to the session."""
    return session is not None and session.opens_at <= at <= session.closes_at
