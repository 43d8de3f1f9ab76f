"""Where each of the circuit breaker's rules stands, for people: value, distance, evidence, and who may resume when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from trading.breaker import CircuitBreaker, Gauge, Rule, TradingState, Trip
from trading.breaker_rules import BreakerFacts, BreakerRules, SharpeMark, thresholds, values
from trading.money import ZERO

WEEK = timedelta(days=7)
"""How far back resumes are counted."""
NAMES = {
    Rule.DRAWDOWN: "drawdown",
    Rule.DAILY_LOSS: "loss of the day",
    Rule.WEEKLY_LOSS: "loss of the week",
    Rule.LOSING_TRADES: "losing trades in a row",
    Rule.SHARPE: "rolling Sharpe ratio",
    Rule.REJECTIONS: "rejected orders in a row",
    Rule.STALE_DATA: "cycles in a row without fresh prices",
    Rule.MODEL_FAILURES: "cycles in a row in which no model answered",
}
_SHARES = frozenset({Rule.DRAWDOWN, Rule.DAILY_LOSS, Rule.WEEKLY_LOSS})


def gauges(rules: BreakerRules, facts: BreakerFacts, breaker: CircuitBreaker) -> tuple[Gauge, ...]:
    """Every rule as it stands."""
    now, limits = values(facts), thresholds(rules)
    return tuple(_gauge(rule, now[rule], limits[rule], rules, (facts, breaker)) for rule in Rule)


def _gauge(
    rule: Rule,
    value: Decimal | None,
    threshold: Decimal,
    rules: BreakerRules,
    known: tuple[BreakerFacts, CircuitBreaker],
) -> Gauge:
    facts, breaker = known
    trip = breaker.trip(rule)
    left = None if value is None else (value - threshold if rule is Rule.SHARPE else threshold - value)
    return Gauge(
        rule=rule,
        threshold=threshold,
        value=value,
        distance=None if left is None else max(ZERO, left),
        evidence=trip.evidence if trip else evidence(rule, facts),
        tripped_at=trip.tripped_at if trip else None,
        resumes=_resumes(trip, rules, facts, breaker) if trip else "",
    )


def _resumes(trip: Trip, rules: BreakerRules, facts: BreakerFacts, breaker: CircuitBreaker) -> str:
    """Who may resume, and when."""
    if breaker.hold is not TradingState.ACTIVE:
        return f"by hand: it is held at {breaker.hold} besides"
    if not (rules.auto_resume and rules.max_resumes_per_week):
        return "by hand"
    if len(breaker.resumes) >= rules.max_resumes_per_week:
        return f"by hand, or when its {rules.max_resumes_per_week} resumes in seven days are past"
    return f"by itself {_awaited(trip, rules, facts)}"


def _awaited(trip: Trip, rules: BreakerRules, facts: BreakerFacts) -> str:
    match trip.rule:
        case Rule.DRAWDOWN:
            return f"below {rules.resume_drawdown:.2%}"
        case Rule.LOSING_TRADES:
            return f"after {rules.wins_to_resume} wins in a row ({facts.wins} so far)"
        case Rule.SHARPE:
            since = above_since(facts.sharpes, rules.resume_sharpe, trip.tripped_at)
            rest = f": above since {since:%Y-%m-%d %H:%M} UTC" if since else ""
            return f"after {rules.resume_sharpe_days.normalize():f} days above {rules.resume_sharpe}{rest}"
        case Rule.DAILY_LOSS | Rule.WEEKLY_LOSS:
            return f"at the first mark after {trip.until:%Y-%m-%d %H:%M} UTC that is within the limit"
    return f"after {trip.until:%Y-%m-%d %H:%M} UTC, unless it has gone on"


def next_look(rules: BreakerRules, facts: BreakerFacts, breaker: CircuitBreaker, at: datetime) -> datetime | None:
    """The next moment at which time alone may let the desk go on."""
    moments = [trip.until for trip in breaker.trips if trip.until is not None]
    sharpe = breaker.trip(Rule.SHARPE)
    if sharpe is not None:
        since = above_since(facts.sharpes, rules.resume_sharpe, sharpe.tripped_at)
        moments += [since + rules.sharpe_hold] if since else []
    if breaker.trips and len(breaker.resumes) >= rules.max_resumes_per_week:
        moments += [one + WEEK for one in breaker.resumes]
    return min((one for one in moments if one > at), default=None)


def above_since(sharpes: Iterable[SharpeMark], floor: Decimal, after: datetime) -> datetime | None:
    """Since when the Sharpe ratio has been above a floor without a break, None when it is not; only after a moment."""
    since: datetime | None = None
    for mark in sharpes:
        if mark.at < after:
            continue
        if mark.value is None or mark.value <= floor:
            since = None
        elif since is None:
            since = mark.at
    return since


def shown(rule: Rule, value: Decimal | None) -> str:
    """A rule's value for people: fractions in percent, counts whole."""
    if value is None:
        return "unknown"
    if rule in _SHARES:
        return f"{value:.2%}"
    return f"{value:.2f}" if rule is Rule.SHARPE else f"{value:.0f}"


_EVIDENCE: dict[Rule, Callable[[BreakerFacts], str]] = {
    Rule.DRAWDOWN: lambda facts: f"equity {facts.equity}, peak {facts.peak_equity}",
    Rule.DAILY_LOSS: lambda facts: f"equity {facts.equity}, at the last close {facts.day_base}",
    Rule.WEEKLY_LOSS: lambda facts: f"equity {facts.equity}, at the last week's close {facts.week_base}",
    Rule.LOSING_TRADES: lambda facts: f"{facts.losing_trades} trades closed at a loss, {facts.wins} wins since",
    Rule.SHARPE: lambda facts: f"{len(facts.sharpes)} closes known",
    Rule.REJECTIONS: lambda facts: f"the broker rejected the newest {facts.rejections} orders",
    Rule.STALE_DATA: lambda facts: f"the newest {facts.stale_cycles} cycles had no fresh prices",
    Rule.MODEL_FAILURES: lambda facts: f"no model answered in the newest {facts.model_failures} cycles",
}


def evidence(rule: Rule, facts: BreakerFacts) -> str:
    """What a rule's value is made of."""
    return _EVIDENCE[rule](facts)


def sentence(trips: Iterable[Trip]) -> str:
    """What has tripped, in words."""
    return "; ".join(
        f"{NAMES[t.rule]} {shown(t.rule, t.value)}, limit {shown(t.rule, t.threshold)} ({t.evidence})" for t in trips
    )
