"""The desk's trading state: who may trade, what still may when it is not everyone, and what stopped it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, JsonValue

from trading.money import DeskId, Fraction, Identifier, Record, Text

Value = Annotated[Decimal, Field(allow_inf_nan=False)]
Who = Annotated[str, Field(min_length=1, max_length=80)]

MOST_WHOLE = 40
"""Breakers of strategies that are told with every rule: 2 KB each, and Temporal warns at 256."""


class TradingState(StrEnum):
    """ACTIVE trades; REDUCING lets only exposure-reducing orders pass; HALTED lets only cancels pass."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


_STRICTNESS = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)


class Rule(StrEnum):
    """What stops a desk by itself."""

    DRAWDOWN = "drawdown"
    DAILY_LOSS = "daily_loss"
    WEEKLY_LOSS = "weekly_loss"
    LOSING_TRADES = "losing_trades"
    SHARPE = "sharpe"
    REJECTIONS = "rejections"
    STALE_DATA = "stale_data"
    MODEL_FAILURES = "model_failures"


class Trip(Record):
    """A rule that has stopped the desk: at which value, on what evidence; `until` is the end of its cool-down.

    What came after the first `counted_from` events of the desk's log came after it.
    """

    rule: Rule
    threshold: Value
    value: Value
    evidence: Text
    tripped_at: AwareDatetime
    until: AwareDatetime | None = None
    counted_from: Annotated[int, Field(ge=0)] = 0


class Waiver(Record):
    """A rule that a person went past by force: it trips again when its value is worse than `beyond`."""

    rule: Rule
    beyond: Value


class Gauge(Record):
    """A rule as it stands: its value, None while too little is known, and how far that is from the threshold.

    Drawdown and losses are fractions of equity, streaks are counts. `distance` is never negative; 0 is tripped.
    `is_over` when what a rule that has tripped waits for has come.
    """

    rule: Rule
    threshold: Value
    value: Value | None = None
    distance: Value | None = None
    evidence: Text = ""
    tripped_at: AwareDatetime | None = None
    is_over: bool = False
    resumes: Text = ""


class CircuitBreaker(Record):
    """The trading state: since when, by whom, why; with every rule, and what has tripped.

    `hold` is what persons, the reconciliation and the audit ask for; only a person takes it back. `flattening` while
    what is held is being sold on a person's word: exits pass until that is done. `resumes` are the times in the last
    seven days at which the desk went on by itself; streaks count from event `counted_from` of the desk's log;
    `probation_left` entries are still made smaller, to the part `size`; `next_look_at` is when time may end a halt.
    """

    state: TradingState = TradingState.ACTIVE
    since_at: AwareDatetime | None = None
    changed_by: str | None = None
    reason: Text | None = None
    hold: TradingState = TradingState.ACTIVE
    flattening: bool = False
    trips: tuple[Trip, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    resumed_at: AwareDatetime | None = None
    counted_from: Annotated[int, Field(ge=0)] = 0
    resumes: tuple[AwareDatetime, ...] = ()
    probation_left: Annotated[int, Field(ge=0)] = 0
    size: Fraction = Decimal(1)
    gauges: tuple[Gauge, ...] = ()
    next_look_at: AwareDatetime | None = None

    @property
    def standing(self) -> dict[str, JsonValue]:
        """What an event tells of it: all that somebody decided; the gauges only say where things are."""
        told = {"hold", "flattening", "trips", "waivers", "resumed_at", "counted_from", "resumes"}
        standing: dict[str, JsonValue] = self.model_dump(mode="json", include=told)
        return standing

    def trip(self, rule: Rule) -> Trip | None:
        """What this rule has tripped on, None when it has not."""
        return next((trip for trip in self.trips if trip.rule is rule), None)


class StrategyBreaker(Record):
    """The circuit breaker of one of a desk's strategies."""

    strategy_id: Identifier
    enabled: bool = True
    breaker: CircuitBreaker = CircuitBreaker()


class StateChange(Record):
    """Somebody asks for a stricter state: who, when and why; `change_id` names it within the desk.

    It is the desk's, or that of the strategy that is named. With `flatten` what is held is sold first, so the desk is
    REDUCING until it is HALTED without it.
    """

    desk_id: DeskId
    change_id: Identifier
    state: TradingState
    changed_by: Who
    reason: Text
    trace_id: Identifier = "none"
    at: AwareDatetime
    flatten: bool = False
    strategy_id: Identifier | None = None


def strictest(*states: TradingState) -> TradingState:
    """The one of these states that lets the least pass."""
    return max(states, key=_STRICTNESS.index)


def combined(desk: CircuitBreaker, own: StrategyBreaker) -> CircuitBreaker:
    """What holds for the orders of one strategy: the stricter state with its reason, and the smaller size.

    One that is disabled only reduces. Where both ask for the same it is the desk's word.
    """
    size = min(desk.size, own.breaker.size)
    state = strictest(desk.state, own.breaker.state, *(() if own.enabled else (TradingState.REDUCING,)))
    if state is desk.state:
        return desk.model_copy(update={"size": size})
    if state is own.breaker.state:
        return own.breaker.model_copy(update={"size": size})
    why = {"changed_by": "strategies", "reason": f"strategy {own.strategy_id} is disabled"}
    return own.breaker.model_copy(update={"state": state, "size": size, **why})


def nearest(breaker: CircuitBreaker) -> Gauge | None:
    """The rule that is nearest to its trip, by the part of its threshold that is left; of those tripped, the first."""
    known = [one for one in breaker.gauges if one.distance is not None]
    return min(known, key=_left, default=None)


def shown_of(breakers: Sequence[StrategyBreaker]) -> tuple[StrategyBreaker, ...]:
    """All of them, small enough to travel: of many that trade only the rule that is nearest to its trip."""
    if len(breakers) <= MOST_WHOLE:
        return tuple(breakers)
    return tuple(one if one.breaker.trips else _shortened(one) for one in breakers)


def next_look_of(breakers: Iterable[CircuitBreaker], latest: datetime) -> datetime | None:
    """When to look whether one of these halts is over: at the latest then; None when nothing has tripped."""
    halted = [one for one in breakers if one.trips]
    return min((min(one.next_look_at or latest, latest) for one in halted), default=None)


def _shortened(own: StrategyBreaker) -> StrategyBreaker:
    near = nearest(own.breaker)
    return own.model_copy(update={"breaker": own.breaker.model_copy(update={"gauges": (near,) if near else ()})})


def _left(gauge: Gauge) -> Decimal:
    return (gauge.distance or Decimal(0)) / (abs(gauge.threshold) or Decimal(1))


def forbids(state: TradingState, *, reduces_exposure: bool) -> str | None:
    """The code of the refusal that this state asks for, None when the order may pass."""
    if state is TradingState.HALTED:
        return "halted"
    if state is TradingState.REDUCING and not reduces_exposure:
        return "reducing"
    return None
