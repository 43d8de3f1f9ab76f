"""What a run of the agents would cost, found out without asking any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from activities.calls import Seat
from activities.casting import Cast
from adapters.rules_model import RulesModel
from backtest.cycles.deciders import Deciders
from backtest.cycles.journal import Replies
from backtest.cycles.meter import Meter
from backtest.cycles.run import Progress, run_cycles
from backtest.data.panel import Panel
from trading.agents.budget import Choice, Tally
from trading.agents.estimates import most_of
from trading.agents.questions import Agent, ModelCall
from trading.backtest_plan import Plan
from trading.errors import Final
from trading.money import Record
from trading.spending import Attempt, Settlement, SpendAsked


class AgentEstimate(Record):
    """One agent's questions to a model, how many were answered before, and the most that the others may take."""

    agent: Agent
    model: str
    questions: int = 0
    cached: int = 0
    most_tokens: int = 0
    most_usd: Decimal = Decimal(0)
    unpriced: int = 0

    @property
    def new(self) -> int:
        """How many would be paid for."""
        return self.questions - self.cached


@dataclass(slots=True)
class _Counter:
    """The port `Journal`: what was answered before is answered so, all else is counted and kept nowhere."""

    seats: Mapping[Agent, Seat]
    stores: Sequence[Replies]
    worst: Decimal
    counts: dict[Agent, AgentEstimate] = field(default_factory=dict)

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        for store in self.stores:
            found = await store.find(call_id)
            if found is not None:
                self._count(found.question.agent, cached=1)
                return found
        return None

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Count what a model would have been asked, at the most that it may take."""
        del settled
        agent = call.question.agent
        seat = self.seats[agent]
        if not seat.is_free:
            self._count(agent, most_of(call.question, seat.tariff, self.worst))

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Nobody has to ask. Raises Final for who does."""
        raise Final(f"{asked.agent}: an estimate pays nobody")

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """Nothing was reserved."""

    def _count(self, agent: Agent, most: Tally | None = None, cached: int = 0) -> None:
        most = most or Tally()
        now = self.counts.get(agent) or AgentEstimate(agent=agent, model=self.seats[agent].asking.model)
        self.counts[agent] = now.model_copy(
            update={
                "questions": now.questions + 1,
                "cached": now.cached + cached,
                "most_tokens": now.most_tokens + most.tokens,
                "most_usd": now.most_usd + most.usd,
                "unpriced": now.unpriced + most.unpriced,
            }
        )


async def estimate(
    panel: Panel,
    plan: Plan,
    deciders: Deciders,
    stores: Sequence[Replies] = (),
    tell: Callable[[Progress], None] | None = None,
) -> tuple[AgentEstimate, ...]:
    """Replay the plan with the rules in the place of each model that has not answered yet, and count its questions.

    From the first answer on that differs from the rules' a real run goes its own way: this is its order of size. A
    repair of an answer that cannot be read is a question more, and is not in it.
    """
    cast = deciders.cast
    counter = _Counter(cast.seats, stores, deciders.budget.unknown_usd_per_million_tokens)
    dry = replace(deciders, cast=_dry(cast), journal=counter, meter=Meter())
    await run_cycles(panel, plan, dry, tell)
    return tuple(counter.counts[agent] for agent in Agent if agent in counter.counts)


def _dry(cast: Cast) -> Cast:
    """The same questions in the same words, answered by the rules."""
    seats = {
        agent: replace(seat, model=RulesModel(), fallback=None, is_free=True) for agent, seat in cast.seats.items()
    }
    return replace(cast, seats=seats)
