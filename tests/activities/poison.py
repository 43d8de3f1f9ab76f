"""Activities that answer with whatever a test wants, under the name and the promise of a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints

from temporalio import activity

import activities


def holders() -> Iterator[type[Any]]:
    """Every class of activities, in whatever module it stands."""
    for module in iter_modules(activities.__path__):
        yield from (one for one in vars(import_module(f"activities.{module.name}")).values() if isinstance(one, type))


def real() -> dict[str, Callable[..., Any]]:
    """Every activity there is, by its name."""
    found = (member for holder in holders() for member in vars(holder).values())
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
