"""Where rules come from, and when a strategy does too badly to go on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import group
from trading.strategy_rules import StrategyRules


class StrategySettings(BaseSettings):
    """The rules of strategies."""

    model_config = group("STRATEGY_")

    min_trades: int = Field(20, ge=1, le=10_000, description="A strategy is reviewed after so many more trades.")
    min_profit_factor: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        Decimal("0.8"),
        description="What its wins must have gained by what its losses gave up, or it only reduces until a person "
        "resumes; 0 is off.",
    )

    path: Path | None = Field(
        None,
        description="Folder of modules with rules of your own, named by a strategy as `module:Class`; they are also "
        "looked for in the working directory and on PYTHONPATH.",
    )

    @property
    def rules(self) -> StrategyRules:
        """The rule in force."""
        return StrategyRules(min_trades=self.min_trades, min_profit_factor=self.min_profit_factor)
