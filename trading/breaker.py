"""The desk's trading state: who may trade, and what still may when it is not everyone."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from trading.money import Record, Text


class TradingState(StrEnum):
    """ACTIVE trades; REDUCING lets only exposure-reducing orders pass; HALTED lets only cancels pass."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class CircuitBreaker(Record):
    """The trading state with its reason: since when, by whom, why."""

    state: TradingState = TradingState.ACTIVE
    since_at: AwareDatetime | None = None
    changed_by: str | None = None
    reason: Text | None = None


def forbids(state: TradingState, *, reduces_exposure: bool) -> str | None:
    """The code of the refusal that this state asks for, None when the order may pass."""
    if state is TradingState.HALTED:
        return "halted"
    if state is TradingState.REDUCING and not reduces_exposure:
        return "reducing"
    return None
