"""Replays whose agents are language models: paid seats, and the vendors' own SDKs against loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from activities.casting import Cast
from adapters.reply_file import ReplyFile
from backtest.cycles.deciders import Deciders
from backtest.cycles.journal import Replies, RunJournal
from backtest.cycles.meter import Meter
from settings import ModelSettings
from tests.adapters.wire.vendors import Vendors
from tests.fakes.seats import cast, seat
from trading.agents.questions import Agent, Question, Reply
from trading.errors import ModelUnavailable
from trading.ports import LanguageModel
from wiring.casting import cast_of


def deciders(who: Cast, stores: Sequence[Replies] = (), most: str | None = None) -> Deciders:
    """A run's deciders over these stores, who may spend so much; nobody is asked twice when he does not answer."""
    meter = Meter(most_usd=None if most is None else Decimal(most))
    return Deciders(cast=who, journal=RunJournal(meter, stores), meter=meter, pauses=())


def paid(model: LanguageModel, usd: str = "0.1") -> Cast:
    """One model in every seat, whose calls take this much at most."""
    return cast(seat(model, usd))


@asynccontextmanager
async def seated(at: Vendors) -> AsyncIterator[Cast]:
    """The desk's usual seats by both vendors' SDKs, at an address on loopback."""
    own = ModelSettings(
        anthropic_api_key=SecretStr("sk-ant-none"),
        openai_api_key=SecretStr("sk-none"),
        anthropic_base_url=at.url,
        openai_base_url=f"{at.url}/v1",
    )
    who = cast_of(own)
    try:
        yield who
    finally:
        for model in {id(each.model): each.model for each in who.seats.values()}.values():
            await model.close()  # type: ignore[attr-defined]


def file_in(folder: Path) -> ReplyFile:
    """A file of replies."""
    return ReplyFile(folder / "model_calls.sqlite")


class Busy:
    """A model that takes a moment; `most_at_once` is how many questions were under way together."""

    def __init__(self, model: LanguageModel) -> None:
        self.most_at_once = 0
        self._now = 0
        self._model = model

    async def answer(self, question: Question) -> Reply:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0.001)
        self._now -= 1
        return await self._model.answer(question)


class Mumbling:
    """A model whose first answer to anything cannot be read."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    async def answer(self, question: Question) -> Reply:
        if question.repair is None:
            return Reply(text="Surely!", model=question.model)
        return await self._model.answer(question)


class Away:
    """A model that is away from its so-many-th question on."""

    def __init__(self, model: LanguageModel, after: int = 0) -> None:
        self.asked = 0
        self._after = after
        self._model = model

    async def answer(self, question: Question) -> Reply:
        self.asked += 1
        if self.asked > self._after:
            raise ModelUnavailable("nobody is there", uncharged=True)
        return await self._model.answer(question)


class Silent:
    """A model that says nothing that can be read: as one agent, or as all."""

    def __init__(self, model: LanguageModel, agent: Agent | None = None) -> None:
        self._agent = agent
        self._model = model

    async def answer(self, question: Question) -> Reply:
        if self._agent in {None, question.agent}:
            return Reply(text="Who knows?", model=question.model)
        return await self._model.answer(question)
