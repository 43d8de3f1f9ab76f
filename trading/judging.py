"""What trips the circuit breaker, and what lets the desk go on: pure functions of what the books say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from trading.breaker import (
    CircuitBreaker,
    Gauge,
    Rule,
    StateChange,
    StrategyBreaker,
    TradingState,
    Trip,
    Waiver,
    strictest,
)
from trading.breaker_gauges import NAMES, WEEK, above_since, evidence, gauges, next_look, sentence, shown
from trading.breaker_rules import (
    STREAKS,
    BreakerFacts,
    BreakerRules,
    Refused,
    Resumption,
    is_beyond,
    thresholds,
    values,
)
from trading.money import ZERO

BREAKER = "breaker"
"""Who changed the state, when it was none but these rules."""
# The newest close may be as old as this, over a long weekend, to speak of the present.
STALE_CLOSE = timedelta(days=5)


def judge(rules: BreakerRules, facts: BreakerFacts, before: CircuitBreaker, at: datetime) -> CircuitBreaker:
    """The breaker after one look: what trips, trips; when all that tripped is over, the desk goes on by itself.

    Not when somebody else holds it back. The same look twice changes nothing.
    """
    now, limits = values(facts), thresholds(rules)
    waivers = tuple(w for w in before.waivers if is_beyond(w.rule, now[w.rule], limits[w.rule]))
    tripped = {trip.rule for trip in before.trips} | {
        w.rule for w in waivers if not is_beyond(w.rule, now[w.rule], w.beyond)
    }
    new = tuple(trip for rule in Rule if rule not in tripped and (trip := _trip(rule, rules, facts, at)) is not None)
    seen = before.model_copy(
        update={
            "trips": (*before.trips, *new),
            "waivers": tuple(w for w in waivers if w.rule in tripped),
            "resumes": tuple(one for one in before.resumes if at - one < WEEK),
            "probation_left": max(0, min(before.probation_left, rules.probation_trades - facts.entries)),
        }
    )
    if seen.trips and not new and may_resume(rules, facts, seen, at):
        names = ", ".join(NAMES[trip.rule] for trip in seen.trips)
        resumed = _resumed(seen, rules, facts, at).model_copy(update={"resumes": (*seen.resumes, at)})
        after, facts = _stated(resumed, BREAKER, f"over: {names}", at), _anew(facts)
    else:
        after = _stated(seen, BREAKER, sentence(seen.trips), at) if new else seen
    return _shown(after, rules, facts, at)


def looked_at(known: Sequence[StrategyBreaker], strategy_id: str | None) -> tuple[StrategyBreaker, ...]:
    """Those that a look judges: all, or the one that is named.

    A desk's only strategy is judged as the desk, unless something has stopped it while it was one of several.
    """
    if len(known) == 1:
        known = [one for one in known if one.breaker.trips]
    return tuple(one for one in known if strategy_id in {None, one.strategy_id})


def found(known: Sequence[StrategyBreaker], strategy_id: str) -> StrategyBreaker:
    """That of one strategy; one that was removed while it ran may close what it holds."""
    named = (one for one in known if one.strategy_id == strategy_id)
    return next(named, None) or StrategyBreaker(strategy_id=strategy_id, enabled=False)


def may_resume(rules: BreakerRules, facts: BreakerFacts, breaker: CircuitBreaker, at: datetime) -> bool:
    """Whether the desk may go on by itself."""
    return (
        rules.auto_resume
        and breaker.hold is TradingState.ACTIVE
        and len(breaker.resumes) < rules.max_resumes_per_week
        and all(_is_over(trip, rules, facts, at) for trip in breaker.trips)
    )


def held(before: CircuitBreaker, change: StateChange) -> CircuitBreaker:
    """The breaker after somebody has asked for a stricter state."""
    hold = strictest(before.hold, change.state)
    flattening = change.flatten or (before.flattening and change.state is not TradingState.HALTED)
    after = before.model_copy(update={"hold": hold, "flattening": flattening})
    stated = _stated(after, change.changed_by, change.reason, change.at)
    # Who asks for less than is in force has not made it so: its reason stays.
    return stated if stated.state is change.state else after


def refusal(breaker: CircuitBreaker, *, force: bool = False, strategy_id: str | None = None) -> Refused | None:
    """Why a person may not let the desk, or a strategy, go on, by the gauges of the last look; None when it may."""
    who = "the desk" if strategy_id is None else f"strategy {strategy_id}"
    if breaker.state is TradingState.ACTIVE:
        return Refused(because=f"{who} is ACTIVE already")
    standing = [one for one in breaker.gauges if breaker.trip(one.rule) and _holds(one)]
    if force or not standing:
        return None
    words = "; ".join(f"{NAMES[one.rule]} is {shown(one.rule, one.value)}" for one in standing)
    return Refused(because=f"what stopped {who} still holds: {words} (--force goes past it)")


def resume(before: CircuitBreaker, facts: BreakerFacts, asked: Resumption) -> CircuitBreaker | Refused:
    """The breaker after a person has said that the desk may go on, or why it may not."""
    rules, now, limits = asked.rules, values(facts), thresholds(asked.rules)
    seen = _shown(before, rules, facts, asked.at)
    refused = refusal(seen, force=asked.force, strategy_id=asked.strategy_id)
    if refused is not None:
        return refused
    standing = [trip for trip in before.trips if is_beyond(trip.rule, now[trip.rule], limits[trip.rule])]
    waivers = tuple(
        Waiver(rule=trip.rule, beyond=_worse(trip.rule, now[trip.rule] or ZERO, rules))
        for trip in standing
        if trip.rule not in STREAKS
    )
    kept = tuple(one for one in before.waivers if before.trip(one.rule) is None)
    # Streaks count anew although no rule has tripped: what a person sold on the way out is no run of losing trades.
    letting_go = {"hold": TradingState.ACTIVE, "flattening": False, "counted_from": facts.event_count}
    freed, facts = before.model_copy(update=letting_go), _anew(facts)
    if before.trips:
        freed = _resumed(freed, rules, facts, asked.at)
    after = _stated(freed.model_copy(update={"waivers": (*kept, *waivers)}), asked.by, asked.reason, asked.at)
    return _shown(after, rules, facts, asked.at)


def _holds(gauge: Gauge) -> bool:
    """Whether a rule that has tripped still stands in the way: not once what it waits for has come."""
    return is_beyond(gauge.rule, gauge.value, gauge.threshold) and not gauge.is_over


def _shown(breaker: CircuitBreaker, rules: BreakerRules, facts: BreakerFacts, at: datetime) -> CircuitBreaker:
    """With all that follows from the rest."""
    over = {trip.rule for trip in breaker.trips if _is_over(trip, rules, facts, at)}
    return breaker.model_copy(
        update={
            "gauges": tuple(
                one.model_copy(update={"is_over": one.rule in over}) for one in gauges(rules, facts, breaker)
            ),
            "next_look_at": next_look(rules, facts, breaker, at),
            "size": rules.probation_size if breaker.probation_left else Decimal(1),
        }
    )


def _trip(rule: Rule, rules: BreakerRules, facts: BreakerFacts, at: datetime) -> Trip | None:
    """What the rule trips on now, None when it does not."""
    value, threshold = values(facts)[rule], thresholds(rules)[rule]
    if value is None or not is_beyond(rule, value, threshold):
        return None
    return Trip(
        rule=rule,
        threshold=threshold,
        value=value,
        evidence=evidence(rule, facts),
        tripped_at=at,
        until=_until(rule, rules, facts, at),
        counted_from=facts.event_count,
    )


def _until(rule: Rule, rules: BreakerRules, facts: BreakerFacts, at: datetime) -> datetime | None:
    """When the cool-down of a rule that trips now is over; None for those that wait for something else."""
    match rule:
        case Rule.DAILY_LOSS:
            return facts.day_ends_at
        case Rule.WEEKLY_LOSS:
            return facts.week_ends_at
        case Rule.REJECTIONS | Rule.STALE_DATA | Rule.MODEL_FAILURES:
            return at + rules.cool_down
    return None


def _is_over(trip: Trip, rules: BreakerRules, facts: BreakerFacts, at: datetime) -> bool:
    """Whether what the rule waits for has come."""
    value = values(facts)[trip.rule]
    match trip.rule:
        case Rule.DRAWDOWN:
            return value is not None and value < rules.resume_drawdown
        case Rule.LOSING_TRADES:
            return facts.wins >= rules.wins_to_resume
        case Rule.SHARPE:
            since = above_since(facts.sharpes, rules.resume_sharpe, trip.tripped_at)
            fresh = bool(facts.sharpes) and at - facts.sharpes[-1].at <= STALE_CLOSE
            return fresh and since is not None and at - since >= rules.sharpe_hold
    cool = trip.until is not None and at >= trip.until
    if trip.rule in STREAKS:
        return cool and value is not None and value <= trip.value
    return cool and not is_beyond(trip.rule, value, thresholds(rules)[trip.rule])


def _resumed(before: CircuitBreaker, rules: BreakerRules, facts: BreakerFacts, at: datetime) -> CircuitBreaker:
    changes = {
        "trips": (),
        "resumed_at": at,
        "counted_from": facts.event_count,
        "probation_left": rules.probation_trades,
    }
    return before.model_copy(update=changes)


def _anew(facts: BreakerFacts) -> BreakerFacts:
    """The facts of that moment: what counts from anew is nothing yet."""
    counts = ("losing_trades", "wins", "rejections", "stale_cycles", "model_failures", "entries")
    return facts.model_copy(update=dict.fromkeys(counts, 0))


def _stated(breaker: CircuitBreaker, by: str, reason: str, at: datetime) -> CircuitBreaker:
    """With the state that holds and trips make; who and why are the newest word, since when the state's own."""
    state = strictest(breaker.hold, TradingState.HALTED if breaker.trips else TradingState.ACTIVE)
    if breaker.flattening:
        state = TradingState.REDUCING
    since = breaker.since_at if state is breaker.state and breaker.since_at else at
    return breaker.model_copy(update={"state": state, "since_at": since, "changed_by": by, "reason": reason[:4000]})


def _worse(rule: Rule, value: Decimal, rules: BreakerRules) -> Decimal:
    """The value at which a rule that a person went past trips again."""
    match rule:
        case Rule.DRAWDOWN:
            return value + max(rules.max_drawdown - rules.resume_drawdown, Decimal("0.01"))
        case Rule.SHARPE:
            return value - 1
        case Rule.DAILY_LOSS:
            return value + rules.max_daily_loss / 2
    return value + rules.max_weekly_loss / 2
