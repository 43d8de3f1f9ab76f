"""Models and prompts by strategy: who else may sit for an agent, built when a strategy first names him."""

from __future__ import annotations

from activities.casting import Cast
from adapters.prompts import read_library
from settings import ModelSettings, Settings
from trading.strategy import Strategy
from wiring.models import Around, Bench, bare, sitting_of


def cast_of(models: ModelSettings, around: Around = bare) -> Cast:
    """The desk's seats and prompts, and those that strategies may name, each model with this around it.

    Raises BadConfiguration as `seats_of`.
    """
    bench, library = Bench(models, around), read_library(models.prompts_dir)
    return Cast(
        seats=bench.usual(),
        prompts=library.usual,
        rules=bench.rules(),
        named=bench.named,
        version=library.version,
    )


def vet_strategy_models(settings: Settings, strategy: Strategy) -> None:
    """See that every model and prompt that a strategy names can be had. Nothing is built, nobody is asked.

    Raises BadConfiguration, in one line, for a name that no provider has, a model that is retired, a key that is
    missing, and a version of a prompt that is not there.
    """
    for agent, name in strategy.models.items():
        sitting_of(settings.models, agent, name)
    library = read_library(settings.models.prompts_dir)
    for agent, version in strategy.prompts.items():
        library.version(agent, version)
