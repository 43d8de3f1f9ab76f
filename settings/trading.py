"""Money and the hard limits."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode

from settings.group import group
from trading.approvals import MOST_VALID_MINUTES, ApprovalMode, ApprovalTerms
from trading.instruments import Symbol
from trading.limits import Budget, Count, Days, Limits, Minutes, Turnover
from trading.money import Dollars, Fraction


class TradingSettings(BaseSettings):
    """Money and the hard limits."""

    model_config = group("TRADING_")

    mode: Literal["paper", "live"] = Field(
        "paper",
        description="`live` spends real money: it needs a live key, the live address, and TRADING_LIVE_CONFIRM.",
    )
    live_confirm: str = Field("", description="The number of the live account, as its owner knows it.")

    opening_cash: Annotated[Dollars, Field(gt=0)] = Field(
        Decimal("100000.00"), description="Dollars that a new desk starts with."
    )
    max_position: Fraction = Field(Decimal("0.20"), description="Most of equity in one position.")
    max_sector: Fraction = Field(Decimal("0.30"), description="Most of equity in one sector.")
    max_positions: int = Field(10, ge=0, le=1000, description="Most positions at once.")
    collar: Fraction = Field(
        Decimal("0.05"),
        description="How far from the mark a limit, a stop and the newest price may be; cash is kept for as far above.",
    )
    sizing_margin: Fraction = Field(
        Decimal("0.005"), description="How far inside a limit orders are sized, so that slippage breaks none."
    )

    max_order_usd: Budget = Field(Decimal("50000.00"), description="Most dollars in one order that opens or adds.")
    max_orders_per_minute: Count = Field(40, description="Most orders in a minute, stops and targets aside.")
    max_orders_per_day: Count = Field(500, description="Most orders in a day, by UTC, stops and targets aside.")
    max_daily_usd: Budget = Field(
        Decimal("1000000.00"), description="Most dollars of all orders in a day, by UTC; beyond it nothing is opened."
    )
    max_daily_turnover: Turnover = Field(Decimal(4), description="The same as a multiple of equity.")
    min_price: Budget = Field(Decimal("1.00"), description="Least price of a share that is opened, in dollars.")
    max_volume_share: Fraction = Field(
        Decimal("0.01"), description="Most of a symbol's average daily volume (20 sessions) that is opened at once."
    )
    restricted_symbols: Annotated[tuple[Symbol, ...], NoDecode] = Field(
        (), description="Symbols that are never opened, separated by commas."
    )
    duplicate_minutes: Minutes = Field(
        1,
        description="The same order (strategy, symbol, side, quantity) within so many minutes is refused; 0 is off.",
    )
    blackout_open_minutes: Minutes = Field(0, description="Minutes after the open in which nothing is opened.")
    blackout_close_minutes: Minutes = Field(0, description="Minutes before the close in which nothing is opened.")
    blackout_earnings_days: Days = Field(
        0, description="Days around a company's report in which it is not opened; 0 is off."
    )
    earnings_calendar: Path | None = Field(
        None,
        validate_default=True,
        description="CSV file of the days of reports, with the columns symbol and reports_on.",
    )
    allow_short: bool = Field(False, description="Whether shares may be sold short.")  # noqa: FBT003  a field's default
    fractional: bool = Field(False, description="Whether parts of a share are bought.")  # noqa: FBT003  a field's default
    approval: ApprovalMode = Field(
        ApprovalMode.AUTO,
        description="Which entries wait for a person: `auto` none, `above_notional` the large ones, `always` all.",
    )
    approval_above_usd: Budget = Field(
        Decimal("10000.00"), description="Dollars of one order above which `above_notional` asks a person."
    )
    approval_valid_minutes: int = Field(
        15,
        ge=1,
        le=MOST_VALID_MINUTES,
        description="Minutes in which a person may answer, in a session from the oldest quote on; silence is no.",
    )
    approval_max_drift: Fraction = Field(
        Decimal("0.01"), description="How far the newest price may be from the one that was approved, as a fraction."
    )

    @field_validator("restricted_symbols", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(word.strip().upper() for word in value.split(",") if word.strip()))

    @field_validator("earnings_calendar")
    @classmethod
    def _there_for_a_black_out(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("blackout_earnings_days"):
            message = "a black-out around earnings needs a calendar of them"
            raise ValueError(message)
        return value

    @property
    def limits(self) -> Limits:
        """The hard limits in force."""
        return Limits.model_validate(self.model_dump(include=set(Limits.model_fields)))

    @property
    def approval_terms(self) -> ApprovalTerms:
        """When a person is asked of an entry."""
        return ApprovalTerms(
            mode=self.approval,
            above_usd=self.approval_above_usd,
            valid_minutes=self.approval_valid_minutes,
            max_drift=self.approval_max_drift,
        )
