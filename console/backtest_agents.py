"""Who decides in a run of the agents, and what was typed about them."""

from __future__ import annotations

from backtest.cycles.deciders import Deciders
from console.backtest_wish import Typed, option_of
from settings import Settings
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration
from trading.strategy import AGENTS
from wiring.strategies import rules_of

OPTIONS = ("model", "estimate", "max_cost", "mask")
RULES_MODEL = "rules-1"


def deciders_of(typed: Typed, strategy: str, settings: Settings) -> Deciders:
    """Who is asked: the rules model in the agents' seats. Raises BadConfiguration for what nobody serves."""
    said = [option_of(name) for name in OPTIONS if typed.get(name)]
    if said and strategy != AGENTS:
        raise BadConfiguration(f"{', '.join(said)}: of the agents, and {strategy} asks no model")
    if said:
        raise BadConfiguration(f"{', '.join(said)}: a backtest asks the rules model alone so far")
    return Deciders(rules=rules_of(settings.strategies))


def models_of(plan: Plan) -> dict[str, str]:
    """Which model answered for which agent, as the run card has it."""
    return {"all agents": RULES_MODEL} if plan.strategy == AGENTS else {}


def banners_of(plan: Plan) -> tuple[str, ...]:
    """What a reader must know before the first number."""
    if plan.strategy != AGENTS:
        return ()
    return ("The rules model answered for the agents: this is what fixed rules would have done, not a language model.",)
