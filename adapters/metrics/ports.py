"""Ports that count what passes through them, and do nothing else."""

from __future__ import annotations

import asyncio
import time

from adapters.journal_around import JournalAround
from adapters.metrics import instruments as of
from trading.agents.questions import ModelCall, Question, Reply
from trading.alert_ports import Notifier
from trading.errors import ModelRefused, ModelUnavailable, NoticeRefused
from trading.notices import Notice
from trading.ports import LanguageModel


class MeteredModel:
    """A model whose calls are timed, and their tokens and dollars counted."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    async def answer(self, question: Question) -> Reply:
        """Answer as the model does."""
        began, outcome = time.monotonic(), "failed"
        try:
            reply = await self._model.answer(question)
            outcome = reply.stop.value
        except ModelUnavailable:
            outcome = "unavailable"
            raise
        except ModelRefused:
            outcome = "refused_by_provider"
            raise
        except asyncio.CancelledError:
            outcome = "cut_off"
            raise
        finally:
            labels = (question.agent.value, of.MODELS(question.model), outcome)
            of.CALL_DURATION.labels(*labels).observe(time.monotonic() - began)
        _count(question, reply)
        return reply


def _count(question: Question, reply: Reply) -> None:
    agent, model = question.agent.value, of.MODELS(question.model)
    if reply.usage is not None:
        for kind in ("input", "output", "cache_read", "cache_write"):
            of.CALL_TOKENS.labels(agent, model, kind).inc(getattr(reply.usage, f"{kind}_tokens"))
    if reply.cost_usd is not None:
        of.CALL_USD.labels(agent, model).inc(float(reply.cost_usd))
    elif reply.usage is not None:
        of.CALLS_UNPRICED.labels(agent, model).inc()


class MeteredJournal(JournalAround):
    """A journal that counts what it already knew. One question may look twice: before and after it is paid for."""

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        found = await super().find(call_id)
        of.JOURNAL_LOOKS.labels("miss" if found is None else "hit").inc()
        return found


class MeteredChannel:
    """A channel whose messages are counted by what became of them."""

    def __init__(self, channel: Notifier) -> None:
        self._channel = channel
        self.name = channel.name
        for outcome in ("told", "refused", "failed"):
            of.ALERTS_SENT.labels(of.CHANNELS(self.name), outcome)

    async def send(self, notice: Notice) -> None:
        """Say it as the channel does. One that is cut off by whoever waits for it has failed."""
        outcome = "failed"
        try:
            await self._channel.send(notice)
            outcome = "told"
        except NoticeRefused:
            outcome = "refused"
            raise
        finally:
            of.ALERTS_SENT.labels(of.CHANNELS(self.name), outcome).inc()
