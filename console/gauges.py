"""The circuit breaker as a table: where every rule stands, how far it is from its trip, and what ends a halt."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table

from console.output import grid, plain, toned
from console.tables import STATE_TONES
from trading.breaker import CircuitBreaker, Gauge, StrategyBreaker, TradingState, nearest
from trading.breaker_gauges import NAMES, shown

# A rule that is nearer to its trip than this part of its threshold is worth a look.
NEAR = 4


def gauges(breaker: CircuitBreaker, *, notes: bool) -> RenderableType:
    """One line a rule; nothing before the first look."""
    if not breaker.gauges:
        return "  not looked at yet: the first cycle does"
    # Where there is little room a name is cut, never a number.
    name = "rule" if notes else "~rule"
    table: Table = grid(name, ">value", ">limit", ">to the trip", "state", *(("~evidence",) if notes else ()))
    for gauge in breaker.gauges:
        cells = [NAMES[gauge.rule], shown(gauge.rule, gauge.value), shown(gauge.rule, gauge.threshold)]
        left = "" if gauge.distance is None else shown(gauge.rule, gauge.distance)
        table.add_row(*cells, left, _state(gauge), *((plain(gauge.evidence),) if notes else ()))
    return table


def strategy_states(known: Sequence[StrategyBreaker]) -> RenderableType:
    """One line a strategy: its state, and the rule that is nearest to its trip."""
    table: Table = grid("strategy", "state", "nearest rule", ">value", ">limit", ">to the trip", "~why")
    for own in known:
        breaker, near = own.breaker, nearest(own.breaker)
        state = toned(breaker.state if own.enabled else f"{breaker.state}, disabled", STATE_TONES[breaker.state])
        cells = ["not looked at yet", "", "", ""]
        if near is not None:
            sums = (near.value, near.threshold, near.distance)
            cells = [NAMES[near.rule], *("" if sum_ is None else shown(near.rule, sum_) for sum_ in sums)]
        why = "; ".join(resumptions(breaker)) or ("" if breaker.state is TradingState.ACTIVE else breaker.reason or "")
        table.add_row(own.strategy_id, state, *cells, plain(why))
    return table


def resumptions(breaker: CircuitBreaker) -> Sequence[str]:
    """What ends the halt of each rule that has tripped, and what follows a halt."""
    lines = [f"{NAMES[gauge.rule]} resumes {gauge.resumes}" for gauge in breaker.gauges if gauge.tripped_at]
    if breaker.probation_left:
        lines.append(f"on probation: {breaker.probation_left} more entries at {breaker.size:.0%} of their size")
    if breaker.resumes:
        lines.append(f"went on by itself {len(breaker.resumes)} times in seven days")
    return lines


def _state(gauge: Gauge) -> RenderableType:
    if gauge.tripped_at is not None:
        return toned(f"tripped {gauge.tripped_at:%m-%d %H:%M}", "bad")
    if gauge.distance is not None and gauge.distance * NEAR <= abs(gauge.threshold):
        return toned("near", "odd")
    return toned("ok" if gauge.value is not None else "unknown", "faint")
