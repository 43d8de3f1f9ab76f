"""Where rules come from, and when a strategy does too badly to go on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import group
from trading.money import Fraction
from trading.strategy_rules import Failing, StrategyRules


class StrategySettings(BaseSettings):
    """The rules of strategies."""

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

    path: Path | None = Field(
        None,
        description="Folder of modules with rules of your own, named by a strategy as `module:Class`; they are also "
        "looked for in the working directory and on PYTHONPATH.",
    )

    @property
    def rules(self) -> StrategyRules:
        """The rule in force."""
        values = {name: getattr(self, name) for name in StrategyRules.model_fields}
        off = self.min_sharpe == MIN_SHARPE
        return StrategyRules(**{**values, "min_sharpe": None if off else Decimal(str(self.min_sharpe))})


MIN_SHARPE = -100
"""No ratio is lower."""
