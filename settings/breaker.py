"""When the desk stops by itself, and when it goes on."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from settings.group import group
from trading.breaker_rules import BreakerRules
from trading.money import Fraction

Share = Annotated[Fraction, Field(gt=0)]
Times = Annotated[int, Field(ge=1, le=1000)]


class BreakerSettings(BaseSettings):
    """The circuit breaker's thresholds."""

    model_config = group("BREAKER_")

    max_drawdown: Share = Field(Decimal("0.20"), description="Fall from the peak of equity that halts the desk.")
    resume_drawdown: Fraction = Field(
        Decimal("0.15"), description="It resumes below this drawdown, less than the one that halts it."
    )
    max_daily_loss: Share = Field(Decimal("0.05"), description="Loss since the last session's close that halts it.")
    max_weekly_loss: Share = Field(Decimal("0.10"), description="Loss since the last week's close that halts it.")
    max_losing_trades: Times = Field(5, description="Losing trades in a row that halt it.")
    wins_to_resume: Times = Field(3, description="Wins in a row, of shadow trades and exits, after which it resumes.")
    min_sharpe: float = Field(-2.0, ge=-100, le=100, description="Rolling yearly Sharpe ratio below which it halts.")
    resume_sharpe: float = Field(0.3, ge=-100, le=100, description="It resumes when the ratio stays above this …")
    resume_sharpe_days: Annotated[float, Field(gt=0, le=366)] = Field(7, description="… for so many days.")
    sharpe_sessions: int = Field(20, ge=5, le=252, description="Sessions that the rolling Sharpe ratio looks at.")
    max_rejections: Times = Field(5, description="Orders in a row that the broker rejects before it halts.")
    max_stale_cycles: Times = Field(3, description="Cycles in a row without fresh prices before it halts.")
    max_model_failures: Times = Field(3, description="Cycles in a row in which no model answers before it halts.")
    cool_down_minutes: Annotated[float, Field(gt=0, le=525_600)] = Field(
        60, description="Minutes after which a halt for rejections, stale prices or silent models is over."
    )
    auto_resume: bool = Field(True, description="Whether it resumes by itself at all.")  # noqa: FBT003  a field's default
    max_resumes_per_week: int = Field(2, ge=0, le=100, description="Most times in seven days that it does so.")
    probation_trades: int = Field(5, ge=0, le=1000, description="Entries after a halt that are made smaller.")
    probation_size: Share = Field(Decimal("0.5"), description="The part of their size that is left.")
    shadow: bool = Field(True, description="Whether a halted desk goes on deciding, without orders.")  # noqa: FBT003  a field's default

    @field_validator("resume_drawdown")
    @classmethod
    def _ends_within(cls, resumes: Decimal, info: ValidationInfo) -> Decimal:
        """Between the two it would go on while it is being stopped, as often as it may."""
        trips = info.data.get("max_drawdown")
        if trips is not None and resumes >= trips:
            message = f"{resumes} must be below BREAKER_MAX_DRAWDOWN, {trips}"
            raise ValueError(message)
        return resumes

    @field_validator("resume_sharpe")
    @classmethod
    def _ends_above(cls, resumes: float, info: ValidationInfo) -> float:
        trips = info.data.get("min_sharpe")
        if trips is not None and resumes < trips:
            message = f"{resumes} must not be below BREAKER_MIN_SHARPE, {trips}"
            raise ValueError(message)
        return resumes

    @property
    def rules(self) -> BreakerRules:
        """The rules in force."""
        return BreakerRules.model_validate(self.model_dump(include=set(BreakerRules.model_fields)))
