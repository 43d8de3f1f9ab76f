"""Who decides in a run of the agents, and what was typed about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.rule_loader import RuleLoader
from console.backtest_wish import Typed, option_of
from settings import Settings
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration
from trading.strategy import AGENTS

if TYPE_CHECKING:
    from backtest.cycles.deciders import Deciders

OPTIONS = ("model", "estimate", "max_cost", "mask")
RULES_MODEL = "rules-1"


def refuse_unserved(typed: Typed, strategy: str) -> None:
    """Raises BadConfiguration for what was typed about models that nobody asks."""
    said = ", ".join(option_of(name) for name in OPTIONS if typed.get(name))
    if said and strategy != AGENTS:
        raise BadConfiguration(f"{said}: of the agents, and {strategy} asks no model")
    if said:
        raise BadConfiguration(f"{said}: a backtest asks the rules model alone so far")


def deciders_of(settings: Settings) -> Deciders:
    """Who is asked: the rules model in the agents' seats, and rules from where the desk looks for them."""
    from backtest.cycles.deciders import Deciders  # noqa: PLC0415  half a second that columns need not wait for

    return Deciders(rules=rules_of(settings))


def rules_of(settings: Settings) -> RuleLoader:
    """The rules that a run may name."""
    return RuleLoader(settings.strategies.path)


def models_of(plan: Plan) -> dict[str, str]:
    """Which model answered for which agent, as the run card has it."""
    return {"all agents": RULES_MODEL} if plan.strategy == AGENTS else {}


def banners_of(plan: Plan) -> tuple[str, ...]:
    """What a reader must know before the first number."""
    if plan.strategy != AGENTS:
        return ()
    return ("The rules model answered for the agents: this is what fixed rules would have done, not a language model.",)
