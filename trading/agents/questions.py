"""A question to a language model and the reply that came, with the hash that makes asking twice unnecessary."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, JsonValue

from trading.events import canonical
from trading.money import Record


class Agent(StrEnum):
    """The four who are asked."""

    DATA = "DataAgent"
    RISK = "RiskManager"
    VALIDATOR = "Validator"
    META = "MetaAgent"


class Question(Record):
    """One question: what never changes first (`system`), then this case (`user`), and the schema of the answer.

    `facts` holds everything that `user` says, as numbers, for models that read no prose. `parameters` are the model's
    own settings.
    """

    agent: Agent
    model: str
    system: str
    user: str
    answer_schema: dict[str, JsonValue]
    facts: dict[str, JsonValue]
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    prompt_version: str

    @property
    def call_id(self) -> str:
        """The hash of (model, parameters, prompt): the same question is the same call."""
        asked: dict[str, Any] = {
            "model": self.model,
            "parameters": self.parameters,
            "system": self.system,
            "user": self.user,
            "schema": self.answer_schema,
            "facts": self.facts,
        }
        return hashlib.sha256(canonical(asked).encode()).hexdigest()


class Reply(Record):
    """What came back, as it came: the raw text, before anyone has read it."""

    text: Annotated[str, Field(max_length=20_000_000)]
    model: str


class ModelCall(Record):
    """A question with its reply, as the journal keeps it. `latency_seconds` is the model's own."""

    call_id: str
    question: Question
    reply: Reply
    replied_at: AwareDatetime
    latency_seconds: Annotated[float, Field(ge=0)]


class Asking(Record):
    """Whom to ask: the model's name and its own settings."""

    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
