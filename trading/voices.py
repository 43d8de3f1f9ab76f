"""What an agent said of a setup, kept with it, so that it is judged by what became of it."""

from __future__ import annotations

from decimal import Decimal

from trading.agents.questions import Agent
from trading.memory import Voice
from trading.money import ZERO
from trading.steps import Source


def voice(agent: Agent, source: Source | None, quantity: Decimal, confidence: float | None = None) -> Voice:
    """One agent's word: he is for it when he lets any of it pass; the confidence is that it works out."""
    said = {} if source is None else source.model_dump()
    return Voice(agent=agent, approves=quantity > ZERO, confidence=confidence, quantity=quantity, **said)
