"""The steps in memory, with agents that are really asked: the real questions, a model, the real reading."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from activities.agents import AgentActivities
from activities.calls import Seat
from activities.casting import Cast
from adapters.prompts import read_prompts
from tests.fakes.desk import FakeDesk
from tests.fakes.memory import MemoryJournal, MemorySnapshots
from tests.fakes.steps import FakeSteps
from tests.making import after
from tests.trading.agents.cases import RISING
from trading.agents.budget import Budget
from trading.agents.estimates import Tariff, unknown
from trading.agents.questions import Agent, Asking
from trading.errors import Retryable
from trading.instruments import Instrument
from trading.market import Adjustment, Indicators, Quote, Snapshot, SnapshotSummary, SymbolFacts
from trading.news import News
from trading.ports import LanguageModel
from trading.signals import NO_ANSWER, Abstention
from trading.steps import (
    ArgumentAsked,
    ArgumentHeard,
    AssessmentAsked,
    AssessmentsHeard,
    DecisionAsked,
    DecisionsHeard,
    Heard,
    SignalAsked,
    SignalHeard,
    SnapshotAsked,
    ValidationAsked,
    ValidationHeard,
)

PROMPTS = read_prompts()
H = TypeVar("H", bound=Heard[Any])


class AskingSteps(FakeSteps):
    """A cycle in memory whose agents sit on one model; `names` and `headlines` are what strangers say of a symbol."""

    def __init__(
        self,
        model: LanguageModel,
        desk: FakeDesk | None = None,
        budget: Budget | None = None,
        askings: Mapping[Agent, Asking] | None = None,
        tariff: Tariff = unknown,
    ) -> None:
        super().__init__(desk)
        self.names: Mapping[str, str] = {}
        self.headlines: Mapping[str, tuple[str, ...]] = {}
        self.journal = MemoryJournal()
        self._snapshots = MemorySnapshots()
        usual = Asking(model="scripted", parameters={"max_tokens": 500})
        seats = {agent: Seat(model, (askings or {}).get(agent, usual), tariff=tariff) for agent in Agent}
        self._agents = AgentActivities(Cast(seats, PROMPTS), self.journal, self._snapshots, budget or Budget())

    async def snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        seen = Snapshot(
            provider="fake",
            adjustment=Adjustment.SPLIT,
            as_of=after(0),
            taken_at=after(0),
            symbols=tuple(self._facts(symbol) for symbol in asked.symbols),
        )
        await self._snapshots.keep(asked.stage.cycle.desk_id, seen)
        return SnapshotSummary.of(seen)

    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        return await _heard(self._agents.ask_data(asked), SignalHeard, asked.symbol)

    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        return await _heard(self._agents.ask_risk(asked), AssessmentsHeard)

    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        return await _heard(self._agents.ask_validator(asked), ValidationHeard, asked.proposal.symbol)

    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        return await _heard(self._agents.argue(asked), ArgumentHeard, asked.candidate.proposal.symbol)

    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        return await _heard(self._agents.ask_meta(asked), DecisionsHeard)

    def _facts(self, symbol: str) -> SymbolFacts:
        price, sector = self.prices[symbol]
        last = Decimal(price)
        said = enumerate(self.headlines.get(symbol, ()))
        return SymbolFacts(
            instrument=Instrument(symbol=symbol, name=self.names.get(symbol, symbol), sector=sector),
            quote=Quote(symbol=symbol, bid=last, ask=last, last=last, quoted_at=after(0)),
            indicators=Indicators(**RISING),
            bars=300,
            last_session_on=after(0).date(),
            average_volume_20=2_000_000,
            news=tuple(
                News(symbol=symbol, headline=text, source="wire", published_at=after(0) - timedelta(hours=hours))
                for hours, text in said
            ),
        )


async def _heard(call: Awaitable[H], kind: type[H], symbol: str | None = None) -> H:
    """An answer; a model that is away is missed at once: how often it is asked is the workflow's business."""
    try:
        return await call
    except Retryable as error:
        return kind(answer=Abstention(symbol=symbol, cause=NO_ANSWER, reason=str(error)))
