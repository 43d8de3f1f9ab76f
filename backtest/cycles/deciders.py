"""Who decides in a replay: the agents' seats, or nobody but a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from activities.agents import Seat
from activities.casting import Cast
from adapters.memory.journal import MemoryJournal
from adapters.memory.ledger import MemoryLedger
from adapters.prompts import read_prompts
from adapters.rule_loader import RuleLoader
from adapters.rules_model import RulesModel
from trading.agents.budget import Budget, Choice
from trading.agents.questions import Agent, Asking, ModelCall
from trading.errors import BadConfiguration
from trading.ports import Journal
from trading.spending import Attempt, Settlement, SpendAsked
from trading.strategy_ports import Rules


def rules_cast() -> Cast:
    """The rules model in every seat: free, and the same answer to the same question."""
    seat = Seat(RulesModel(), Asking(model="rules-1"), is_free=True)
    return Cast(dict.fromkeys(Agent, seat), read_prompts(), seat)


class Unkept:
    """The port `Journal` where every answer is free and given again as it was: all of them would be gigabytes."""

    async def find(self, call_id: str) -> ModelCall | None:
        """Nothing is kept."""
        return dict[str, ModelCall]().get(call_id)

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """It is read now, and not again."""

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Nobody has to ask. Raises BadConfiguration for who does."""
        raise BadConfiguration(f"{asked.agent} costs something, and this replay has no journal")

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """Nothing was reserved."""


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who is asked. `cast` sits for the agents, on `budget`; `rules` finds a rule by its name.

    `journal` makes, over the run's books, what keeps the models' replies, so that no question is paid for twice. None
    is one in memory that ends with the run, or nothing where every seat is free.
    """

    cast: Cast = field(default_factory=rules_cast)
    journal: Callable[[MemoryLedger], Journal] | None = None
    budget: Budget = field(default_factory=Budget)
    rules: Rules = field(default_factory=RuleLoader)

    def journal_over(self, ledger: MemoryLedger) -> Journal:
        """The journal of one run."""
        if self.journal is not None:
            return self.journal(ledger)
        return Unkept() if all(seat.is_free for seat in self.cast.seats.values()) else MemoryJournal(ledger)
