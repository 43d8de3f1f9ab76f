"""The log's line of a move, written before the desk is told of it and read back by whoever watches next."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from trading.desk import PriceMoved
from trading.events import Event, EventType, Occasion, desk_event
from trading.instruments import Symbol
from trading.money import DeskId, Price, Record
from trading.moves import MoveCause, Pace
from trading.strategy import StrategyId


class Firing(Record):
    """What the desk is told, when, and what bears it out."""

    moved: PriceMoved
    at: AwareDatetime
    evidence: dict[str, str]


class _Told(Record):
    """What the log keeps of a move."""

    symbol: Symbol
    cause: MoveCause
    percent: float | None = None
    reference: Price | None = None
    price: Price | None = None
    # Left out when the desk's first alone looks, so that the log of a desk with one strategy says what it always said.
    strategies: tuple[StrategyId, ...] = Field(default=(), exclude_if=lambda strategies: not strategies)


def moved_event(desk_id: DeskId, firing: Firing) -> Event:
    """The log's line of a move; its id follows from the desk, the symbol and the moment."""
    moved = firing.moved
    told = _Told.model_validate(moved.model_dump(include=set(_Told.model_fields)))
    data: dict[str, Any] = told.model_dump(mode="json", exclude_none=True)
    key = f"{moved.symbol}/{firing.at:%Y%m%dT%H%M%S%f}"
    occasion = Occasion(desk_id, key, firing.at, moved.trace_id)
    return desk_event(EventType.PRICE_MOVED, occasion, {**data, "evidence": dict(firing.evidence)})


def moved_of(event: Event, pace: Pace) -> PriceMoved:
    """What the desk was told of a move, read back from the log."""
    told = _Told.model_validate({name: event.data[name] for name in _Told.model_fields if name in event.data})
    return PriceMoved(**dict(told), moved_at=event.occurred_at, trace_id=event.trace_id, pace=pace)
