"""The circuit breaker over random curves of equity: it trips in time, goes on only when it may, and does not flap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from trading.breaker import CircuitBreaker, Rule, TradingState
from trading.breaker_facts import Closing, EquityMark, Known, Told, facts_of
from trading.breaker_gauges import WEEK
from trading.breaker_rules import BreakerFacts, BreakerLook, BreakerRules, is_beyond, thresholds, values
from trading.events import EventType
from trading.judging import judge
from trading.money import cents

SEED = 20261126
NEW_YORK = ZoneInfo("America/New_York")
BEGIN = datetime(2026, 3, 2, 21, tzinfo=UTC)
OPENING = Decimal("100000.00")
RULES = BreakerRules(sharpe_sessions=10, max_losing_trades=3, probation_trades=2)


class Life:
    """A desk's equity day by day, with trades, deposits and answers of models and brokers, all by chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.swing = chance.choice([0.005, 0.02, 0.05])
        self.at, self.equity, self.peak, self.sequence = BEGIN, OPENING, OPENING, 0
        self.marks = [EquityMark(marked_at=BEGIN, equity=OPENING)]
        self.flows: list[Decimal] = []
        self.closings: list[Closing] = []
        self.told: list[Told] = []

    def day(self) -> None:
        """One more session, after a weekend now and then."""
        self.at += timedelta(days=3 if self.chance.random() < 0.2 else 1)
        self.equity = cents(self.equity * Decimal(f"{1 + self.chance.gauss(0, self.swing):.6f}"))
        if self.chance.random() < 0.05:
            self._pay(Decimal(self.chance.choice([20000, -5000])))
        for _ in range(self.chance.randrange(3)):
            self.sequence += 1
            self.closings.insert(0, Closing(self.sequence, Decimal(self.chance.choice([-100, -50, 80]))))
        self._tell()
        self.peak = max(self.peak, self.equity)
        self.marks.append(EquityMark(marked_at=self.at, equity=self.equity, flow_count=len(self.flows)))

    def facts(self, breaker: CircuitBreaker) -> BreakerFacts:
        known = Known(
            event_count=self.sequence,
            equity=self.equity,
            peak_equity=self.peak,
            marked_at=self.at,
            opening_cash=OPENING,
            marks=self.marks,
            flows=self.flows,
            closings=self.closings,
            told=self.told,
        )
        return facts_of(known, breaker, BreakerLook(desk_id="life", rules=RULES, at=self.at))

    def _pay(self, amount: Decimal) -> None:
        self.flows.append(amount)
        self.peak = cents(self.peak * (self.equity + amount) / self.equity)
        self.equity += amount

    def _tell(self) -> None:
        kinds = [EventType.CYCLE_COMPLETED, EventType.CYCLE_FAILED, EventType.ORDER_REJECTED, EventType.ORDER_ACCEPTED]
        for _ in range(self.chance.randrange(3)):
            self.sequence += 1
            kind = self.chance.choice(kinds)
            code = "no_model" if kind is EventType.CYCLE_FAILED else ""
            self.told.insert(0, Told(self.sequence, kind, code))


def wrongs(seed: int, days: int = 60) -> list[str]:
    """What is wrong with any look at one life."""
    life, breaker, found = Life(Random(seed)), CircuitBreaker(), []
    resumes: list[datetime] = []
    for _ in range(days):
        life.day()
        facts = life.facts(breaker)
        after = judge(RULES, facts, breaker, life.at)
        found += [f"seed {seed}, {life.at:%m-%d}: {wrong}" for wrong in _wrong_step(breaker, after, facts, life.at)]
        if breaker.state is TradingState.HALTED and after.state is TradingState.ACTIVE:
            resumes.append(life.at)
            if len([one for one in resumes if life.at - one < WEEK]) > RULES.max_resumes_per_week:
                found.append(f"seed {seed}: resumed too often")
        breaker = after
    return found


def _wrong_step(before: CircuitBreaker, after: CircuitBreaker, facts: BreakerFacts, at: datetime) -> list[str]:
    now, limits = values(facts), thresholds(RULES)
    beyond = {rule for rule in Rule if is_beyond(rule, now[rule], limits[rule])}
    tripped = {trip.rule for trip in after.trips}
    found = []
    if (after.state is TradingState.HALTED) != bool(after.trips):
        found.append("a state that its trips do not make")
    went_on = bool(before.trips) and not after.trips
    if beyond - tripped and not went_on:
        found.append(f"did not trip on {beyond - tripped}")
    if went_on and before.trip(Rule.DRAWDOWN) and now[Rule.DRAWDOWN] >= RULES.resume_drawdown:  # type: ignore[operator]
        found.append("went on in the drawdown")
    if went_on and before.trip(Rule.LOSING_TRADES) and facts.wins < RULES.wins_to_resume:
        found.append("went on without its wins")
    if went_on and any(trip.until is not None and at < trip.until for trip in before.trips):
        found.append("went on before its cool-down")
    if went_on and beyond & {Rule.DAILY_LOSS, Rule.WEEKLY_LOSS, Rule.DRAWDOWN}:
        found.append("went on into a loss that stops it")
    if judge(RULES, facts, after, at).standing != after.standing and not went_on:
        found.append("a second look changed something")
    return found


def test_thirty_curves() -> None:
    assert [wrong for seed in range(SEED, SEED + 30) for wrong in wrongs(seed, days=40)] == []


@pytest.mark.soak
def test_ten_thousand_curves() -> None:
    assert [wrong for seed in range(10_000) for wrong in wrongs(seed)] == []


@pytest.mark.faults
def test_the_lives_are_lively_enough_to_try_every_rule() -> None:
    seen: set[Rule] = set()
    ended: set[Rule] = set()
    for seed in range(SEED, SEED + 120):
        life, breaker = Life(Random(seed)), CircuitBreaker()
        for _ in range(60):
            life.day()
            after = judge(RULES, life.facts(breaker), breaker, life.at)
            seen |= {trip.rule for trip in after.trips}
            ended |= {trip.rule for trip in breaker.trips} if not after.trips else set()
            breaker = after
    assert seen == set(Rule) - {Rule.STALE_DATA}
    assert {Rule.DRAWDOWN, Rule.LOSING_TRADES, Rule.DAILY_LOSS, Rule.WEEKLY_LOSS} <= ended
