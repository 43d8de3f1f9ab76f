"""What the world outside the books says of one order at the moment it is intended, and what the desk did lately."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from trading.accounts import Account, Asset
from trading.money import ZERO, Dollars, Identifier, Price, Quantity, Record


class Standing(Record):
    """The broker's account, its word on the symbol, and the market's newest price.

    `asset` is None when the broker does not trade the symbol, `price` when no fresh one is known; `average_volume` in
    shares a day, None when unknown; `opens_at` and `closes_at` are the bells of the session, None outside of one;
    `reports_on` is the day of earnings that is nearest, None when none is known. `market_at` is the moment that price,
    bells and earnings are of: now, or on a market that knows only the past the moment the cycle reasons about.
    """

    account: Account
    asset: Asset | None
    price: Price | None = None
    average_volume: Quantity | None = None
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    reports_on: date | None = None
    market_at: AwareDatetime
    asked_at: AwareDatetime


class Recent(Record):
    """What the desk has intended lately, counted in the books under their lock; `usd_today` is notional, both sides.

    What was denied does not count, nor do stops and targets; whatever became of the rest, it does. A day is one of UTC.
    `same` names an order of the same strategy, symbol, side and quantity that is so recent that this one looks like its
    double.
    """

    last_minute: int = Field(0, ge=0)
    today: int = Field(0, ge=0)
    usd_today: Dollars = ZERO
    same: Identifier | None = None
