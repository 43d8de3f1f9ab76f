"""How a desk stands at this moment: its books, its circuit breaker, its spend on models, and the exchange's hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from prometheus_client.core import Metric

from adapters.metrics.families import Told, one_of
from adapters.metrics.log_counts import LogCounts
from trading.agents.budget import Budget, Caps, Spent, Tally, caps_of
from trading.breaker import CircuitBreaker, Gauge, StrategyBreaker, TradingState
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Leg
from trading.portfolio import Portfolio, drawdown
from trading.rooms import exposure_of, price_of, symbols_of
from trading.sessions import Session, is_open


@dataclass(frozen=True, slots=True)
class Standing:
    """What the books say of a desk at one moment; `today` and `month` is what its calls to models took."""

    at: datetime
    portfolio: Portfolio
    breaker: CircuitBreaker
    strategies: Sequence[StrategyBreaker]
    today: Tally
    month: Tally


def of_books(told: Told, books: Portfolio) -> Iterator[Metric]:
    """Money and shares."""
    yield told.gauge("trading_cash_usd", "Settled dollars.", books.cash)
    yield told.gauge("trading_equity_usd", "Cash and marked positions.", books.equity)
    yield told.gauge("trading_peak_equity_usd", "The highest equity, what was paid in or out aside.", books.peak_equity)
    lost = drawdown(books.equity, books.peak_equity)
    yield told.gauge("trading_drawdown_ratio", "The part of the peak that is lost, 0 to 1.", lost)
    said = "Dollars in positions with open orders filled: gross sums them unsigned, net signed."
    yield told.gauges("trading_exposure_usd", said, ["kind"], {("gross",): _gross(books), ("net",): _net(books)})
    yield told.gauge("trading_positions", "Symbols held.", sum(1 for each in books.positions if each.quantity))
    yield told.gauge("trading_open_orders", "Orders that may still fill.", len(books.open_orders))
    if books.marked_at is not None:
        yield told.gauge(
            "trading_marked_timestamp_seconds", "When the books were last valued.", books.marked_at.timestamp()
        )


def of_breaker(told: Told, breaker: CircuitBreaker, strategies: Sequence[StrategyBreaker]) -> Iterator[Metric]:
    """The trading state, and every rule: where it is, where it trips, and how far that is."""
    yield told.gauges(
        "trading_state", "1 for the desk's trading state.", ["state"], one_of(TradingState, breaker.state)
    )
    by_state = {(state.value,): sum(own.breaker.state is state for own in strategies) for state in TradingState}
    yield told.gauges("trading_strategies", "Strategies by their own trading state.", ["state"], by_state)
    rules = {(one.rule.value,): one for one in breaker.gauges}
    tripped = {key: int(one.tripped_at is not None) for key, one in rules.items()}
    yield told.gauges("trading_breaker_tripped", "1 for a rule that has stopped the desk.", ["rule"], tripped)
    values = {key: one.value for key, one in rules.items() if one.value is not None}
    yield told.gauges("trading_breaker_value", "A rule's value: a part of equity, or a count.", ["rule"], values)
    limits = {key: one.threshold for key, one in rules.items()}
    yield told.gauges("trading_breaker_threshold", "The value at which a rule trips.", ["rule"], limits)
    left = {key: one.distance for key, one in rules.items() if one.distance is not None}
    yield told.gauges("trading_breaker_distance", "From a rule's value to its trip, 0 is tripped.", ["rule"], left)
    parts = {key: part for key, one in rules.items() if (part := _part(one)) is not None}
    said = "The same as a part of the threshold: 1 is far, 0 is tripped."
    yield told.gauges("trading_breaker_distance_ratio", said, ["rule"], parts)


def of_spend(told: Told, standing: Standing, budget: Budget) -> Iterator[Metric]:
    """What models cost, and what of each budget is used."""
    used = {("day",): standing.today.usd, ("month",): standing.month.usd}
    said = "Dollars that count against budgets since midnight, or the first of the month, UTC."
    yield told.gauges("trading_llm_spent_usd", said, ["period"], used)
    caps = budget.model_copy(update={"cycle": Caps(), "strategy": Caps()})
    spent = Spent(day=standing.today, month=standing.month)
    parts = {(cap.period.value, cap.unit): cap.used / cap.most for cap in caps_of(spent, caps) if cap.most}
    said = "The used part of each budget that is set: from 1 on no model is asked."
    yield told.gauges("trading_llm_budget_used_ratio", said, ["period", "unit"], parts)


def of_hours(told: Told, session: Session | None, counts: LogCounts, at: datetime) -> Iterator[Metric]:
    """Whether the exchange trades, how long no cycle has begun while it does, and how old the prices were."""
    opened = session is not None and is_open(session, at)
    yield told.gauge("trading_session_open", "1 while the exchange trades.", opened)
    idle = ZERO
    if session is not None and opened:
        began = max(session.opens_at, counts.cycle_began_at or session.opens_at)
        idle = Decimal(max(0.0, (at - began).total_seconds()))
    said = "Since the newest cycle began, or the exchange opened if that was later; 0 while it is closed."
    yield told.gauge("trading_session_idle_seconds", said, idle)
    if counts.cycle_began_at is not None:
        said = "When the newest cycle began."
        yield told.gauge("trading_cycle_started_timestamp_seconds", said, counts.cycle_began_at.timestamp())
    if counts.looked is not None:
        look = counts.looked
        said = "How old the newest prices were when a cycle last looked; those of a file are of the past."
        age = max(0.0, (look.at - look.as_of).total_seconds())
        yield told.gauges("trading_data_age_seconds", said, ["provider"], {(look.provider,): age})


def _gross(books: Portfolio) -> Decimal:
    return sum((exposure_of(books, symbol) for symbol in symbols_of(books)), ZERO)


def _net(books: Portfolio) -> Decimal:
    """As `_gross`, signed."""
    held = sum((each.value for each in books.positions), ZERO)
    entries = [each for each in books.open_orders if each.request.leg is Leg.ENTRY and each.leaves > 0]
    signs: Mapping[Side, int] = {Side.BUY: 1, Side.SELL: -1}
    return held + sum((signs[one.request.side] * one.leaves * price_of(one.request) for one in entries), ZERO)


def _part(gauge: Gauge) -> Decimal | None:
    if gauge.distance is None or not gauge.threshold:
        return None
    return gauge.distance / abs(gauge.threshold)
