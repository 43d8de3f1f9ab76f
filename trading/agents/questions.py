"""A question to a language model and the reply that came, with the hash that makes asking twice unnecessary."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, JsonValue

from trading.events import canonical, printable
from trading.money import DeskId, Identifier, Record


class Agent(StrEnum):
    """Who is asked: the four of every cycle, those of a debate, who learns from the past, and who answers people."""

    DATA = "DataAgent"
    RISK = "RiskManager"
    VALIDATOR = "Validator"
    META = "MetaAgent"
    BULL = "Bull"
    BEAR = "Bear"
    REFLECTOR = "Reflector"
    INQUIRER = "Inquirer"


MOST_SAID = 20_000
"""Characters of an unreadable answer that its repair repeats."""
_MOST_WRONG = 400
MOST_TOKENS = 8192
"""The longest answer when the seat names no other: a long thought and the largest batch's answer."""


def digest_of(system: str) -> str:
    """The short hash of what an agent is always told."""
    return hashlib.sha256(system.encode()).hexdigest()[:12]


class Repair(Record):
    """A second turn: what the model said first, and why nobody could read it."""

    said: Annotated[str, Field(max_length=MOST_SAID)]
    wrong: Annotated[str, Field(max_length=_MOST_WRONG)]


class Question(Record):
    """One question: what never changes first (`system`), then this case (`user`), and the schema of the answer.

    `facts` holds everything that `user` says, as numbers, for models that read no prose. `parameters` are the model's
    own settings. A `repair` asks the same again after an unreadable answer.
    """

    agent: Agent
    model: str
    system: str
    user: str
    answer_schema: dict[str, JsonValue]
    facts: dict[str, JsonValue]
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    prompt_version: str
    repair: Repair | None = None

    @property
    def prompt_hash(self) -> str:
        """What the agent is always told, as a short hash: a changed word shows although its version was forgotten."""
        return digest_of(self.system)

    @property
    def most_tokens(self) -> int:
        """The longest answer in tokens, thoughts included."""
        chosen = self.parameters.get("max_tokens")
        return chosen if isinstance(chosen, int) else MOST_TOKENS

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
        if self.repair is not None:
            asked["repair"] = self.repair.model_dump(mode="json")
        return hashlib.sha256(canonical(asked).encode()).hexdigest()


class Stop(StrEnum):
    """Why a model stopped: it had said all, it ran out of tokens, it would not, or its provider would not let it."""

    END = "end"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    FILTERED = "filtered"


class Usage(Record):
    """What a call took, in tokens: cached ones are counted in `input_tokens`, thoughts in `output_tokens`."""

    input_tokens: Annotated[int, Field(ge=0)]
    output_tokens: Annotated[int, Field(ge=0)]
    cache_read_tokens: Annotated[int, Field(ge=0)] = 0
    cache_write_tokens: Annotated[int, Field(ge=0)] = 0


class Reply(Record):
    """What came back, as it came: the raw text, before anyone has read it.

    `cost_usd` is None when no price is known, which is not nothing. `detail` is what the provider said of a `stop`.
    """

    text: Annotated[str, Field(max_length=20_000_000)]
    model: str
    stop: Stop = Stop.END
    detail: Annotated[str, Field(max_length=400)] = ""
    usage: Usage | None = None
    cost_usd: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=9)] | None = None
    request_id: Annotated[str, Field(max_length=200)] | None = None


class ModelCall(Record):
    """A question with its reply, as the journal keeps it. `latency_seconds` is the model's own.

    `desk_id` and `cycle_id` say who paid for it; None in calls that were kept before the journal asked.
    """

    call_id: str
    question: Question
    reply: Reply
    replied_at: AwareDatetime
    latency_seconds: Annotated[float, Field(ge=0)]
    desk_id: DeskId | None = None
    cycle_id: Identifier | None = None


class Asking(Record):
    """Whom to ask: the model's name and its own settings."""

    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


def repaired(question: Question, said: str, wrong: str) -> Question:
    """The same question once more, with what the model said and why nobody could read it: a call of its own."""
    turn = Repair(said=printable(said)[:MOST_SAID], wrong=wrong[:_MOST_WRONG])
    return question.model_copy(update={"repair": turn})
