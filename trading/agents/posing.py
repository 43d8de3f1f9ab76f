"""How a question is put: the agent's standing prompt, then the facts of this case as text and as numbers."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any

from pydantic import StringConstraints

from trading.agents.answers import Answer
from trading.agents.questions import Agent, Asking, Question, digest_of
from trading.money import Record


class Prompt(Record):
    """What one agent is always told: `system` never changes within a version, `task` opens each case."""

    agent: Agent
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    system: Annotated[str, StringConstraints(min_length=1)]
    task: Annotated[str, StringConstraints(min_length=1, max_length=400)]

    @property
    def digest(self) -> str:
        """The hash by which events tell its words."""
        return digest_of(self.system)


def pose(prompt: Prompt, facts: Record, answer: type[Answer], ask: Asking) -> Question:
    """Put a question. Equal facts give an equal text, and so an equal call id."""
    told = facts.model_dump(mode="json")
    return Question(
        agent=prompt.agent,
        model=ask.model,
        system=prompt.system,
        user=f"{prompt.task}\n\n<facts>\n{json.dumps(told, indent=1, ensure_ascii=False)}\n</facts>",
        answer_schema=_schema(answer),
        facts=told,
        parameters=ask.parameters,
        prompt_version=prompt.version,
    )


@cache
def _schema(answer: type[Answer]) -> dict[str, Any]:
    return answer.model_json_schema()
