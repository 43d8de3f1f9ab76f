"""A desk's log as counts: pure, and each line once, so that what was tried again is not counted again."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from adapters.metrics.labels import MOST_CODES, MOST_NAMES, OTHER, Capped, Closed
from adapters.postgres.tally import LogLine
from trading.agents.budget import Level
from trading.agents.questions import Agent
from trading.alerts import Severity, Topic
from trading.breaker_facts import STALE_DATA
from trading.differences import RULES, Case
from trading.docket import CycleOutcome
from trading.events import DECISIONS, EventType
from trading.instruments import Side
from trading.limits import Limit
from trading.scans import MARKET_CLOSED, MISSED, NOTHING_NEW
from trading.signals import Action, Verdict
from trading.steps import HALTED

CYCLE_BUCKETS = (1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
SLIPPAGE_BUCKETS = (-100.0, -50.0, -20.0, -10.0, -5.0, -1.0, 0.0, 1.0, 5.0, 10.0, 20.0, 50.0, 100.0)
MOST_UNDER_WAY = 10_000
"""Of cycles and orders that began and have not ended; older ones are forgotten, not counted wrongly."""
_POINTS = 10_000

ORDER_OUTCOMES = {
    EventType.ORDER_INTENDED: "intended",
    EventType.ORDER_DENIED: "denied",
    EventType.ORDER_SUBMITTED: "submitted",
    EventType.ORDER_UNKNOWN: "unknown",
    EventType.ORDER_ACCEPTED: "accepted",
    EventType.ORDER_REJECTED: "rejected",
    EventType.ORDER_CANCELLED: "cancelled",
    EventType.ORDER_EXPIRED: "expired",
}
EFFECTS = ("reduced", "denied", "order_denied")
"""What a hard limit does: to a proposal, or to an order when it is held against the books."""
SKIPS = (MARKET_CLOSED, MISSED, NOTHING_NEW, HALTED, STALE_DATA)
INVARIANTS = (*(f"I{number}" for number in range(1, 18)), "A1", "P1", "audit")
"""Those that there are from the beginning: of a series that begins at 1 nobody sees the first step."""
_ENDED = frozenset({"rejected", "cancelled", "expired"})
FILLED = "filled"
_BY: Mapping[str, str] = dict(zip(DECISIONS, ("agents", "rule", "operator"), strict=True))

Key = tuple[str, ...]
T = TypeVar("T")


class Look(NamedTuple):
    """When prices were looked at last, of when they were, and who told them."""

    at: datetime
    as_of: datetime
    provider: str


class Spread:
    """Values in buckets, as a histogram of Prometheus has them: each bucket counts what is not above its bound."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulated(self) -> Iterator[tuple[str, float]]:
        """Each bound as text with all that is not above it, the last for everything."""
        so_far = 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            so_far += count
            yield bound, so_far


class LogCounts:
    """What was counted up to line `read_to` of a desk's log."""

    def __init__(self) -> None:
        self.read_to = 0
        self.unread = 0
        self.events: Counter[Key] = Counter()
        self.signals: Counter[Key] = Counter({(each,): 0 for each in Action})
        self.decisions: Counter[Key] = Counter({(each, by): 0 for each in Verdict for by in _BY.values()})
        self.orders: Counter[Key] = Counter({(each,): 0 for each in (*ORDER_OUTCOMES.values(), FILLED)})
        self.fills: Counter[Key] = Counter({(each,): 0 for each in Side})
        self.violations: Counter[Key] = Counter({(limit, effect): 0 for limit in Limit for effect in EFFECTS})
        self.abstentions: Counter[Key] = Counter({(each,): 0 for each in Agent})
        self.cycles: Counter[Key] = Counter({(each,): 0 for each in CycleOutcome})
        self.skips: Counter[Key] = Counter({(each,): 0 for each in SKIPS})
        self.differences: Counter[Key] = Counter({(each, RULES[each].consequence): 0 for each in Case})
        self.findings: Counter[Key] = Counter({(each,): 0 for each in INVARIANTS})
        self.alerts: Counter[Key] = Counter({(topic, severity): 0 for topic in Topic for severity in Severity})
        self.degradations: Counter[Key] = Counter({(each,): 0 for each in Level})
        self.durations = {str(each): Spread(CYCLE_BUCKETS) for each in CycleOutcome}
        self.slippage = {str(each): Spread(SLIPPAGE_BUCKETS) for each in Side}
        self.cycle_began_at: datetime | None = None
        self.looked: Look | None = None
        self.began: dict[str, datetime] = {}
        self.leaves: dict[str, Decimal] = {}
        self.codes, self.invariants, self.providers = Capped(MOST_CODES), Capped(MOST_CODES), Capped(MOST_NAMES)

    def take(self, line: LogLine) -> None:
        """Count one line; one that was counted before is left."""
        if line.sequence <= self.read_to:
            return
        self.read_to = line.sequence
        self.events[_event(line.type),] += 1
        counted = _COUNTED.get(line.type)
        if counted is None:
            return
        try:
            counted(self, line)
        except (ArithmeticError, TypeError, ValueError):
            # A line of an earlier version that lacks a word must not cost all other counts.
            self.unread += 1


def _signal(counts: LogCounts, line: LogLine) -> None:
    counts.signals[_ACTION(line.told["action"]),] += 1


def _decision(counts: LogCounts, line: LogLine) -> None:
    counts.decisions[_VERDICT(line.told["verdict"]), _BY[line.type]] += 1


def _abstention(counts: LogCounts, line: LogLine) -> None:
    counts.abstentions[_AGENT(line.told["agent"]),] += 1


def _constraint(counts: LogCounts, line: LogLine) -> None:
    effect = "denied" if line.told["denied"] == "true" else "reduced"
    counts.violations[_LIMIT(line.told["limit"]), effect] += 1


def _order(counts: LogCounts, line: LogLine) -> None:
    outcome, name = ORDER_OUTCOMES[EventType(line.type)], str(line.told["client_order_id"])
    counts.orders[outcome,] += 1
    for limit in line.told["breached"] or ():
        counts.violations[_LIMIT(limit), "order_denied"] += 1
    if outcome in _ENDED:
        counts.leaves.pop(name, None)
    elif outcome in {"intended", "accepted"} and name not in counts.leaves:
        _remember(counts.leaves, name, Decimal(line.told["quantity"]))


def _fill(counts: LogCounts, line: LogLine) -> None:
    told = line.told
    side, quantity, price = _SIDE(told["side"]), Decimal(told["quantity"]), Decimal(told["price"])
    if told["reverses"] is not None or quantity <= 0:
        counts.fills["bust",] += 1
        return
    counts.fills[side,] += 1
    cost = Decimal(told["slippage"])
    mark = price - cost if side == Side.BUY else price + cost
    if side in counts.slippage and mark > 0:
        counts.slippage[side].add(float(cost / mark * _POINTS))
    name = str(told["client_order_id"])
    leaves = counts.leaves.get(name)
    if leaves is not None:
        counts.leaves[name] = leaves - quantity
        if leaves <= quantity:
            del counts.leaves[name]
            counts.orders[FILLED,] += 1


def _started(counts: LogCounts, line: LogLine) -> None:
    counts.cycle_began_at = line.occurred_at
    _remember(counts.began, line.aggregate_id, line.occurred_at)


def _ended(counts: LogCounts, line: LogLine) -> None:
    outcome = _OUTCOME(line.told["outcome"] or _UNTOLD[line.type])
    counts.cycles[outcome,] += 1
    if line.told["code"]:
        counts.skips[counts.codes(line.told["code"]),] += 1
    began = counts.began.pop(line.aggregate_id, None)
    if began is not None and outcome in counts.durations:
        counts.durations[outcome].add(max(0.0, (line.occurred_at - began).total_seconds()))


def _snapshot(counts: LogCounts, line: LogLine) -> None:
    told = line.told
    counts.looked = Look(line.occurred_at, datetime.fromisoformat(told["as_of"]), counts.providers(told["provider"]))


def _difference(counts: LogCounts, line: LogLine) -> None:
    case = _CASE(line.told["case"])
    counts.differences[case, RULES[Case(case)].consequence if case in _KNOWN else OTHER] += 1


def _finding(counts: LogCounts, line: LogLine) -> None:
    counts.findings[counts.invariants(line.told["invariant"]),] += 1


def _alert(counts: LogCounts, line: LogLine) -> None:
    # Alerts of earlier days had a reason and nothing more.
    told = line.told["topic"] or Topic.SYSTEM, line.told["severity"] or Severity.CRITICAL
    counts.alerts[_TOPIC(told[0]), _SEVERITY(told[1])] += 1


def _degraded(counts: LogCounts, line: LogLine) -> None:
    counts.degradations[_LEVEL(line.told["level"]),] += 1


def _remember(kept: dict[str, T], name: str, value: T) -> None:
    kept[name] = value
    if len(kept) > MOST_UNDER_WAY:
        del kept[next(iter(kept))]


_event, _ACTION, _VERDICT, _AGENT, _LIMIT = map(Closed, (EventType, Action, Verdict, Agent, Limit))
_SIDE, _OUTCOME, _CASE, _TOPIC, _SEVERITY, _LEVEL = map(Closed, (Side, CycleOutcome, Case, Topic, Severity, Level))
_UNTOLD: Mapping[str, CycleOutcome] = {
    EventType.CYCLE_COMPLETED: CycleOutcome.TRADED,
    EventType.CYCLE_SKIPPED: CycleOutcome.SKIPPED,
    EventType.CYCLE_FAILED: CycleOutcome.FAILED,
}
_KNOWN = frozenset(map(str, Case))
_COUNTED: Mapping[str, Callable[[LogCounts, LogLine], None]] = {
    EventType.SIGNAL_GENERATED: _signal,
    **dict.fromkeys(_BY, _decision),
    EventType.AGENT_ABSTAINED: _abstention,
    EventType.CONSTRAINT_APPLIED: _constraint,
    **dict.fromkeys(ORDER_OUTCOMES, _order),
    EventType.TRADE_EXECUTED: _fill,
    EventType.CYCLE_STARTED: _started,
    **dict.fromkeys(_UNTOLD, _ended),
    EventType.SNAPSHOT_TAKEN: _snapshot,
    EventType.DIFFERENCE_FOUND: _difference,
    EventType.AUDIT_FINDING: _finding,
    EventType.ALERT_RAISED: _alert,
    EventType.BUDGET_DEGRADED: _degraded,
}
