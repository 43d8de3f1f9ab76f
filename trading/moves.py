"""Something moved in one symbol between two scans: what a look at it is asked for, and how often there may be one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.money import Price, Ratio, Record


class MoveCause(StrEnum):
    """What moved: the price, the volume of the day, or there is fresh news."""

    PRICE = "price"
    VOLUME = "volume"
    NEWS = "news"


class Pace(Record):
    """How often moves may ask a desk for a look: least minutes between two at one symbol, most of all in a day."""

    cool_down_minutes: Annotated[int, Field(ge=0, le=1440)] = 60
    most_a_day: Annotated[int, Field(ge=0, le=1000)] = 10


class Move(Record):
    """What moved, as far as is known.

    `percent` is the price's move from `reference` to `price`, dollars a share; `moved_at` the moment of the quote or
    headline that bore it out. What a person says without a moment has none.
    """

    cause: MoveCause = MoveCause.PRICE
    percent: Ratio | None = None
    reference: Price | None = None
    price: Price | None = None
    moved_at: AwareDatetime | None = None
