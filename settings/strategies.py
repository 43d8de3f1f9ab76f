"""Where rules come from, when a strategy does too badly to go on, and when well enough for real money."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import group
from trading.contest import ChallengeBar
from trading.evidence import PromotionBar
from trading.money import Fraction
from trading.strategy_rules import Failing, StrategyRules


class StrategySettings(BaseSettings):
    """The rules of strategies, and the bar before real money."""

    model_config = group("STRATEGY_")

    min_trades: int = Field(20, ge=1, le=10_000, description="A strategy is reviewed after so many more trades.")
    min_profit_factor: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        Decimal("0.8"),
        description="What its wins must have gained by what its losses gave up; 0 is off.",
    )
    max_drawdown: Fraction = Field(Decimal("0.25"), description="Fall from its peak at which it fails; 0 is off.")
    min_sharpe: float = Field(
        -1.0, ge=-100, le=100, description="Yearly Sharpe ratio below which it fails; -100 is off."
    )
    sharpe_sessions: int = Field(60, ge=1, le=2520, description="Sessions before its Sharpe ratio is looked at.")
    max_losing_trades: int = Field(10, ge=0, le=1000, description="Losing trades in a row at which it fails; 0 is off.")
    on_failure: Failing = Field(
        Failing.REDUCING, description="A strategy that fails only reduces (`reducing`), or is `disabled`, by hand back."
    )
    # Not with the first lucky week: a month of sessions, and as many trades as a review asks for. A fall after which
    # the desk's own breaker would not let it go on (`BREAKER_RESUME_DRAWDOWN`) is no recommendation.
    promote_min_days: int = Field(
        20, ge=0, le=1000, description="Days with a cycle that a strategy has on its rung before real money."
    )
    promote_min_trades: int = Field(
        20, ge=0, le=10_000, description="Trades that it has made there and that are over, thought ones among them."
    )
    promote_max_drawdown: Fraction = Field(Decimal("0.15"), description="Deepest fall of its capital there.")
    promote_min_return: Annotated[Decimal, Field(ge=-1, le=10)] = Field(
        Decimal(0), description="Least that its capital must have earned there, as a fraction."
    )
    # As many as let a mean be told from luck at all; a month of two scans a day.
    challenge_trades: int = Field(
        30, ge=1, le=10_000, description="Setups of a challenger that have resolved before it may be crowned."
    )
    path: Path | None = Field(
        None,
        description="Folder of modules with rules of your own, named by a strategy as `module:Class`; they are also "
        "looked for in the working directory and on PYTHONPATH.",
    )

    @property
    def bar(self) -> PromotionBar:
        """What has to be shown before real money."""
        wanted = {name: getattr(self, f"promote_{name}") for name in PromotionBar.model_fields}
        return PromotionBar.model_validate(wanted)

    @property
    def challenge_bar(self) -> ChallengeBar:
        """What a challenger has to show before its models and prompts are its champion's."""
        return ChallengeBar(min_resolved=self.challenge_trades)

    @property
    def rules(self) -> StrategyRules:
        """The rule in force."""
        values = {name: getattr(self, name) for name in StrategyRules.model_fields}
        off = self.min_sharpe == MIN_SHARPE
        return StrategyRules(**{**values, "min_sharpe": None if off else Decimal(str(self.min_sharpe))})


MIN_SHARPE = -100
"""No ratio is lower."""
