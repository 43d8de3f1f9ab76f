"""The turns of a talk: the question, and for a repair the model's own words and what was wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from trading.agents.questions import Question

_NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Turn:
    """Who said what."""

    role: Literal["user", "assistant"]
    content: str


def turns(question: Question) -> Iterator[Turn]:
    """What is sent after the system's text. The last turn is always ours: models of today take no begun answer."""
    yield Turn("user", question.user)
    if question.repair is not None:
        # An empty turn is refused by providers, and a model may well have said nothing.
        yield Turn("assistant", question.repair.said.strip() or _NOTHING)
        yield Turn(
            "user",
            f"That could not be read: {question.repair.wrong}. "
            "Answer again with one JSON object that fits the schema, and nothing around it.",
        )


def effort(question: Question) -> dict[str, Any]:
    """How hard the model is to think, as {"effort": ...}; nothing when the seat leaves it to the provider."""
    chosen = question.parameters.get("effort")
    return {} if chosen is None else {"effort": str(chosen)}
