"""Who decides in a run, and what a reader must know of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.rule_loader import RuleLoader
from backtest.data.panel import Caution
from backtest.results.result import Result, StopCause
from console.backtest_wish import Typed, option_of
from settings import Settings
from trading.agents.cutoffs import banner_of
from trading.errors import BadConfiguration
from trading.strategy import AGENTS

if TYPE_CHECKING:
    from activities.calls import Seat
    from adapters.reply_file import ReplyFile
    from backtest.cycles.deciders import Deciders
    from backtest.cycles.journal import Replies
    from trading.agents.questions import Agent

OPTIONS = ("model", "estimate", "max_cost", "mask")
_RULES = Caution(
    code="rules_model",
    reason="the rules model answered for the agents: this is what fixed rules would have done, not a language model",
)


@dataclass(frozen=True, slots=True)
class Panelists:
    """Who decides, and where replies are kept; `file` is the one that is there without any database.

    No `deciders` where a rule decides: whoever replays whole cycles has those of `deciders_of`.
    """

    deciders: Deciders | None = None
    stores: tuple[Replies, ...] = ()
    file: ReplyFile | None = None
    no_database: str = ""
    seats: Mapping[Agent, Seat] = field(default_factory=dict)

    @property
    def models(self) -> dict[str, str]:
        """Which model answers for which agent, as the run card has it."""
        if not self.seats:
            return {}
        names = {agent.value: seat.asking.model for agent, seat in self.seats.items()}
        one = set(names.values())
        return {"all agents": one.pop()} if len(one) == 1 else names

    @property
    def prompts(self) -> dict[str, str]:
        """Which prompt each agent is asked with."""
        if self.deciders is None:
            return {}
        return {agent.value: prompt.version for agent, prompt in self.deciders.cast.prompts.items()}

    @property
    def paid(self) -> tuple[str, ...]:
        """The language models among them, each once."""
        return tuple(dict.fromkeys(seat.asking.model for seat in self.seats.values() if not seat.is_free))

    def banners(self, result: Result) -> tuple[str, ...]:
        """What a reader must know before the first number: that it ended early, and what each model may remember."""
        days = result.days.tolist()
        return (*_ended(result), *(banner_of(model, days) for model in self.paid))

    def cautions(self) -> tuple[Caution, ...]:
        """That no language model answered."""
        return (_RULES,) if self.seats and not self.paid else ()


@asynccontextmanager
async def panelists_of(typed: Typed, strategy: str, settings: Settings) -> AsyncIterator[Panelists]:
    """Who is asked. Raises BadConfiguration for what nobody serves, before anything is read or sent."""
    if strategy != AGENTS:
        said = ", ".join(option_of(name) for name in OPTIONS if typed.get(name))
        if said:
            raise BadConfiguration(f"{said}: of the agents, and {strategy} asks no model")
        yield Panelists()
        return
    from console.backtest_models import seated  # noqa: PLC0415  half a second that columns need not wait for

    async with seated(typed, settings) as who:
        yield who


def deciders_of(settings: Settings) -> Deciders:
    """Who decides where no model is asked: rules from where the desk looks for them."""
    from backtest.cycles.deciders import Deciders  # noqa: PLC0415  as above

    return Deciders(rules=rules_of(settings))


def rules_of(settings: Settings) -> RuleLoader:
    """The rules that a run may name."""
    return RuleLoader(settings.strategies.path)


def _ended(result: Result) -> tuple[str, ...]:
    stopped = result.stopped
    if stopped is None:
        return ()
    cause = {
        StopCause.BUDGET: "Stopped before the budget",
        StopCause.NO_MODEL: "Stopped for want of a model",
        StopCause.JOURNAL: "Stopped for want of a journal",
    }[stopped.cause]
    return (f"{cause} on {stopped.on}, in whose cycle nothing was decided any more: {stopped.reason}",)
