"""A model that can be held in the middle of its answer, so that a test may do something meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.fakes.model import Says, ScriptedModel
from trading.agents.questions import Agent, Question, Reply


class PausedModel(ScriptedModel):
    """Stops before the first answer of one agent until it is told to go on."""

    def __init__(self, agent: Agent, script: Mapping[Agent, Says] | None = None) -> None:
        super().__init__(script)
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self._agent = agent

    async def answer(self, question: Question) -> Reply:
        if question.agent is self._agent:
            self.reached.set()
            await self.go_on.wait()
        return await super().answer(question)
