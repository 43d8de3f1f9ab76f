"""The close of a session: which are due, and what is kept of one. All sums run from the opening of the books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from trading.agents.budget import Cost, Count
from trading.events import Event, EventType, Occasion, desk_event
from trading.instruments import Symbol
from trading.money import ZERO, DeskId, Dollars, Fraction, Identifier, Price, Ratio, Record, SignedQuantity, Text
from trading.sessions import Session


class DayAsked(Record):
    """Close the newest session that has ended, and those before it that were missed."""

    desk_id: DeskId
    trace_id: Identifier


class Due(Record):
    """A session to be closed. Of what has a time of its own in the world, all until `until_at` belongs to it.

    That is its closing bell; where prices are of the past alone, their newest session is now.
    """

    session: Session
    until_at: AwareDatetime


class ClosePlan(Record):
    """The sessions to be closed, the oldest first, or why there are none; `left_out` were missed too long ago.

    `may_come` says that a price which the market lacks now it may have later.
    """

    due: tuple[Due, ...] = ()
    left_out: Count = 0
    may_come: bool = True
    reason: Text = ""


class CloseAsked(Record):
    """Close one session. With `anyhow` it is closed without the prices that are not to be had.

    `made_up` are sessions that this run closed before it, `left_out` so many older ones stay unclosed; None of the
    first says that this one itself is being made up.
    """

    desk_id: DeskId
    trace_id: Identifier
    due: Due
    anyhow: bool = True
    made_up: tuple[date, ...] | None = None
    left_out: Count = 0


class Missing(Record):
    """A symbol that is held and has no price of the session, and why."""

    symbol: Symbol
    reason: str


class ReviewAsked(Record):
    """Hold a desk's strategies to their rules, by the close of a session."""

    desk_id: DeskId
    session_on: date
    trace_id: Identifier = "none"


class Closed(Record):
    """What became of a session: its equity in dollars, None while a price is missing; not `done` when that may pass."""

    session_on: date
    done: bool = True
    equity: Dollars | None = None
    missing: tuple[Missing, ...] = ()


class DayClosing(Record):
    """What one run has closed, and why no more."""

    closed: tuple[Closed, ...] = ()
    reason: Text = ""


class Gains(Record):
    """Dollars earned: by closing positions, by what is held, and otherwise (dividends, fees, interest, corrections)."""

    realised: Dollars = ZERO
    unrealised: Dollars = ZERO
    other: Dollars = ZERO

    @property
    def total(self) -> Decimal:
        """All of it, in dollars."""
        return self.realised + self.unrealised + self.other

    def since(self, earlier: Gains) -> Gains:
        """What was earned since then."""
        return Gains.model_validate({name: value - getattr(earlier, name) for name, value in self})


class Tallies(Record):
    """What was done and what it cost: dollars of commission, slippage (positive is cost) and notional traded.

    `orders` were intended, `denied` by us, `rejected` by the broker; `model_usd` leaves out `unpriced` calls.
    """

    commission: Dollars = ZERO
    slippage: Dollars = ZERO
    traded: Dollars = ZERO
    orders: int = 0
    fills: int = 0
    denied: int = 0
    rejected: int = 0
    model_calls: int = 0
    model_usd: Cost = ZERO
    unpriced: int = 0

    def since(self, earlier: Tallies) -> Tallies:
        """What came after it. A fill that was taken back may leave less than nothing of some."""
        return Tallies.model_validate({name: value - getattr(earlier, name) for name, value in self})


class SymbolLine(Record):
    """One symbol at the close: signed shares, dollars a share, dollars of value and gain; None without a price."""

    symbol: Symbol
    quantity: SignedQuantity
    price: Price | None = None
    value: Dollars | None = None
    realised: Dollars
    unrealised: Dollars | None = None
    day: Dollars | None = None


class Periods(Record):
    """Dollars earned in the day, the week, the month and since the opening; None where a close is missing a price."""

    day: Dollars | None = None
    week: Dollars | None = None
    month: Dollars | None = None
    opening: Dollars | None = None


class StrategyLine(Record):
    """One strategy: what it has gained in dollars, its closed trades, and what its orders did.

    The rest is known where a desk has several, each with its part of the books: dollars of `equity`, of which `cash`
    and, unsigned, `held` in positions; `paid_in` are those transferred to it less those taken back, which are no gain.
    `pnl` and the ratios are since its beginning, over so many priced `sessions`; `exposure` is the part of its equity
    that was in positions, on average over these.
    """

    strategy_id: Identifier
    gain: Dollars | None = None
    day: Dollars | None = None
    won: Count = 0
    lost: Count = 0
    even: Count = 0
    lost_in_a_row: Count = 0
    gained: Dollars = ZERO
    given_up: Dollars = ZERO
    commission: Dollars = ZERO
    slippage: Dollars = ZERO
    traded: Dollars = ZERO
    win_rate: Ratio | None = None
    profit_factor: Ratio | None = None
    allocation: Fraction | None = None
    equity: Dollars | None = None
    cash: Dollars | None = None
    held: Dollars | None = None
    paid_in: Dollars | None = None
    transfers: Count = 0
    pnl: Periods | None = None
    sessions: Count = 0
    day_return: Ratio | None = None
    total_return: Ratio | None = None
    drawdown: Ratio | None = None
    max_drawdown: Ratio | None = None
    sharpe: Ratio | None = None
    sortino: Ratio | None = None
    turnover: Ratio | None = None
    exposure: Ratio | None = None


class Benchmark(Record):
    """What the desk is held against: its return since the close before; `reason` says why there is none."""

    symbol: str = "none"
    day_return: Ratio | None = None
    reason: str = ""


class Performance(Record):
    """The desk since its opening, over so many priced closes: fractions and ratios of `trading/performance.py`.

    `benchmark_return` and `excess_return` are over the days of which both returns are known.
    """

    sessions: Count = 0
    total_return: Ratio = 0
    max_drawdown: Ratio = 0
    drawdown: Ratio = 0
    sharpe: Ratio | None = None
    sortino: Ratio | None = None
    win_rate: Ratio | None = None
    profit_factor: Ratio | None = None
    turnover: Ratio | None = None
    benchmark_return: Ratio | None = None
    excess_return: Ratio | None = None


class DailyClose(Record):
    """A desk at the close of one session. Sums run from the opening; those of the day, from the close of `base_on`.

    That is the last close before it in which nothing was missing; None at the first. `paid_in` are dollars that the
    owner paid in less what was taken out, `opening` those of the first deposit; `flow_count` counts the later ones.
    `reserve` is cash that is no strategy's; None while their parts are not led.
    """

    desk_id: DeskId
    session_on: date
    closes_at: AwareDatetime
    until_at: AwareDatetime
    made_up: bool = False
    market: str
    note: Text = ""
    base_on: date | None = None
    cash: Dollars
    equity: Dollars | None = None
    opening: Dollars
    paid_in: Dollars
    flow_count: Count = 0
    gains: Gains | None = None
    day_gains: Gains | None = None
    pnl: Periods = Periods()
    tallies: Tallies = Tallies()
    day_tallies: Tallies = Tallies()
    symbols: tuple[SymbolLine, ...] = ()
    symbol_gains: dict[str, Dollars] = Field(default_factory=dict)
    strategies: tuple[StrategyLine, ...] = ()
    reserve: Dollars | None = None
    missing: tuple[Missing, ...] = ()
    day_return: Ratio | None = None
    benchmark: Benchmark = Benchmark()
    performance: Performance = Performance()

    @property
    def outcome(self) -> Closed:
        """It, in short."""
        return Closed(session_on=self.session_on, equity=self.equity, missing=self.missing)

    @property
    def divided(self) -> tuple[StrategyLine, ...]:
        """The strategies among which the desk is divided; none where it is not, or has but one."""
        led = tuple(line for line in self.strategies if line.paid_in is not None)
        return led if len(led) > 1 else ()


class Kept(NamedTuple):
    """An earlier close, as far as series need it."""

    session_on: date
    closes_at: datetime
    equity: Decimal | None
    paid_in: Decimal
    benchmark_return: float | None = None


class KeptLine(NamedTuple):
    """An earlier close of one strategy, as far as series need it: dollars, `held` unsigned in positions."""

    session_on: date
    closes_at: datetime
    equity: Decimal
    paid_in: Decimal
    held: Decimal


class Known(NamedTuple):
    """What the books know of a desk's closes: since when there are books, and the newest close with its `until_at`."""

    begun_at: datetime
    closed_on: date | None = None
    until_at: datetime | None = None


def day_closed(close: DailyClose, trace_id: str, at: datetime) -> Event:
    """The audit log's words for it."""
    told = {"equity", "cash", "paid_in", "pnl", "day_return", "day_tallies", "missing", "made_up", "market", "note"}
    data = {"session": close.session_on.isoformat(), **close.model_dump(mode="json", include=told)}
    return desk_event(EventType.DAY_CLOSED, Occasion(close.desk_id, close.session_on, at, trace_id), data)


def missing_words(missing: tuple[Missing, ...]) -> str:
    """Which prices are missing, and why."""
    reasons: Mapping[str, list[str]] = {one.reason: [] for one in missing}
    for one in missing:
        reasons[one.reason].append(one.symbol)
    return "; ".join(f"{', '.join(symbols)}: {reason}" for reason, symbols in reasons.items())
