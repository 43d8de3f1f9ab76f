"""What a desk does by the clock and by the prices, without being asked."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator
from pydantic_settings import BaseSettings, NoDecode

from settings.group import group
from trading.money import Fraction
from trading.moves import Pace
from trading.price_watch import WatchRules


def _read_time(value: object) -> object:
    """A time of the day as `11:00`, nothing finer: pydantic alone would read 1100 as so many seconds."""
    if isinstance(value, str):
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value.strip()):
            message = f"not a time of the day: {value.strip()!r} (one looks like 09:30)"
            raise ValueError(message)
        return time.fromisoformat(value.strip())
    return value


Clock = Annotated[time, BeforeValidator(_read_time), PlainSerializer(lambda at: f"{at:%H:%M}", when_used="json")]
Times = Annotated[tuple[Clock, ...], NoDecode, Field(min_length=1, max_length=24)]


class ScheduleSettings(BaseSettings):
    """The clock of the desk."""

    model_config = group("SCHEDULE_")

    scan_times: Times = Field(
        (time(11, 0), time(14, 30)), description="When the desk scans its watchlist, separated by commas, as `11:00`."
    )
    close_time: Clock = Field(time(16, 20), description="When the day is closed: marks, performance, digest.")
    report_time: Clock = Field(time(17, 0), description="When the week is reported, on its last weekday.")
    timezone: str = Field("America/New_York", description="The zone of these times, by its IANA name.")
    calendar: str = Field("XNYS", description="The exchange calendar, by its ISO 10383 code; `24/7` never closes.")

    @field_validator("scan_times", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"no time zone {value!r} (one looks like America/New_York)"
            raise ValueError(message) from error
        return value


class MonitorSettings(BaseSettings):
    """What the desk watches between its scans."""

    model_config = group("MONITOR_")

    enabled: bool = Field(True, description="Whether prices are watched between scans.")  # noqa: FBT003  a default
    stream: bool = Field(
        True,  # noqa: FBT003  a default
        description="Whether a market that streams its prices is heard, beside the looks by the clock.",
    )
    poll_seconds: int = Field(60, ge=1, le=3600, description="Seconds between two looks by the clock.")
    price_move_threshold: Annotated[Fraction, Field(gt=0)] = Field(
        Decimal("0.05"), description="A move of so much against the reference asks for a look, as a fraction."
    )
    cool_down_minutes: int = Field(60, ge=0, le=1440, description="Least minutes between two such looks at one symbol.")
    max_cycles_per_day: int = Field(10, ge=0, le=1000, description="Most such looks of a strategy in a day.")
    confirm_quotes: int = Field(
        3, ge=1, le=100, description="Quotes in a row that must bear a move out before it counts."
    )
    volume_factor: Annotated[Decimal, Field(ge=0, le=1000)] = Field(
        Decimal(0), description="A day's volume of so many times its average also asks for a look; 0 is off."
    )
    news: bool = Field(False, description="Whether fresh news of a symbol asks for a look.")  # noqa: FBT003  a default
    mark_minutes: int = Field(5, ge=1, le=1440, description="Minutes between two valuations of what is held.")

    @property
    def rules(self) -> WatchRules:
        """What is watched for."""
        return WatchRules(
            threshold=self.price_move_threshold,
            pace=Pace(cool_down_minutes=self.cool_down_minutes, most_a_day=self.max_cycles_per_day),
            confirm_quotes=self.confirm_quotes,
            volume_factor=self.volume_factor,
            news=self.news,
        )
