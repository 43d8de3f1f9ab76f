"""Activities that answer with whatever a test wants, under the name and the promise of a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from temporalio import activity

from activities.agents import AgentActivities
from activities.gate import Gate
from activities.ledger import LedgerActivities
from activities.market import MarketActivities
from activities.orders import OrderActivities
from activities.standing import StandingActivities

HOLDERS: tuple[type[Any], ...] = (
    *(Gate, MarketActivities, LedgerActivities, AgentActivities, OrderActivities),
    StandingActivities,
)


def real() -> dict[str, Callable[..., Any]]:
    """Every activity there is, by its name."""
    found = (member for holder in HOLDERS for member in vars(holder).values())
    named = ((getattr(member, "__temporal_activity_definition", None), member) for member in found)
    return {definition.name: member for definition, member in named if definition is not None}


def promised(name: str) -> Any:
    """The type that an activity says it answers with."""
    return get_type_hints(real()[name])["return"]


def answering(name: str, answer: object, called: list[str] | None = None) -> Callable[..., Any]:
    """An activity of this name that gives this answer to every question."""

    async def answers(asked: Any) -> Any:
        if called is not None:
            called.append(name)
        return answer

    answers.__annotations__ = {"asked": Any, "return": promised(name)}
    return activity.defn(name=name)(answers)
