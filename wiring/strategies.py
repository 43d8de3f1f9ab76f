"""Rules of strategies, and who vets one, by the settings."""

from __future__ import annotations

from adapters.rule_loader import RuleLoader
from settings import StrategySettings
from trading.ports import Market
from trading.vetting import Vetters


def rules_of(strategies: StrategySettings) -> RuleLoader:
    """The rules that a strategy may name."""
    return RuleLoader(strategies.path)


def vetters_of(strategies: StrategySettings, market: Market) -> Vetters:
    """Who is asked whether a strategy could run: `trading.vetting.vet_strategy` does it."""
    from wiring.markets import assets_of  # noqa: PLC0415  30 MB that rules alone do not need

    return Vetters(rules_of(strategies), market, assets_of(market))
