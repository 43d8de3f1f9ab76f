"""What a run was worth: one record, and the table that says what each number of it means.

None is what is not defined there: a ratio without risk, a trade's average without a trade, costs that nobody counted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import Field

from trading.money import Ratio, Record

Number = Ratio | None
Count = int | None


class Unit(StrEnum):
    """What a number is counted in, which says how it is shown."""

    FRACTION = "fraction"
    """1 is 100 %."""
    FALL = "fall"
    """A fraction below a peak, 0 to 1, shown as a loss."""
    RATIO = "ratio"
    USD = "USD"
    DAYS = "calendar days"
    SESSIONS = "sessions"
    TRADES = "trades"
    FLAG = "yes or no"


class Measure(NamedTuple):
    """One number: its field, what it is called, its unit, how it is defined, and who defined it."""

    field: str
    label: str
    unit: Unit
    definition: str
    source: str


def _is(label: str, unit: Unit, definition: str, source: str = "") -> Any:
    return Field(default=None, title=label, description=definition, json_schema_extra={"unit": unit, "source": source})


class Metrics(Record):
    """All that is measured of a run; `MEASURES` is its table.

    Daily returns are close over close before: D closes give D - 1 of them. A year is 252 sessions. The risk-free rate
    is 0. Trades are round trips from flat to flat; those that are still open count in `open_trades` alone.
    """

    sessions: Count = _is("Sessions", Unit.SESSIONS, "closes at which equity was taken")
    final_equity_usd: Number = _is("Final equity", Unit.USD, "equity at the last close")
    total_return: Number = _is("Total return", Unit.FRACTION, "last equity over what was put in, less 1")
    cagr: Number = _is(
        "CAGR",
        Unit.FRACTION,
        "(1 + total return) to the power of 252 over the number of daily returns, less 1; nothing left is -100 %",
        "GIPS 2020, glossary: annualized return, over sessions",
    )
    volatility: Number = _is(
        "Volatility",
        Unit.FRACTION,
        "deviation of daily returns (n - 1) times the root of 252",
        "Hull, Options, Futures, and Other Derivatives, ch. 15.4",
    )
    sharpe: Number = _is(
        "Sharpe ratio",
        Unit.RATIO,
        "mean over deviation (n - 1) of daily returns, times the root of 252, risk-free rate 0",
        "Sharpe 1994, The Sharpe Ratio, J. of Portfolio Management 21(1)",
    )
    sortino: Number = _is(
        "Sortino ratio",
        Unit.RATIO,
        "mean over the root of the mean square of losses, taken over all days, times the root of 252",
        "Sortino & Price 1994, Performance Measurement in a Downside Risk Framework, J. of Investing 3(3)",
    )
    calmar: Number = _is(
        "Calmar ratio",
        Unit.RATIO,
        "CAGR over the deepest drawdown, of the whole run",
        "Young 1991, Calmar Ratio: A Smoother Tool, Futures 20(1), there of 36 months",
    )
    max_drawdown: Number = _is(
        "Max drawdown",
        Unit.FALL,
        "the deepest fraction below the highest close before, 0 to 1",
        "Magdon-Ismail & Atiya 2004, Maximum Drawdown, Risk 17(10)",
    )
    max_drawdown_sessions: Count = _is(
        "Max drawdown length",
        Unit.SESSIONS,
        "sessions from that peak to the first close that is as high again, or to the end",
    )
    max_drawdown_days: Count = _is("Max drawdown length", Unit.DAYS, "the same in calendar days")
    max_drawdown_over: bool | None = _is("Max drawdown over", Unit.FLAG, "whether a later close was as high again")
    longest_drawdown_days: Count = _is(
        "Longest drawdown", Unit.DAYS, "calendar days from peak to recovery, or to the end, of the longest one"
    )
    best_day: Number = _is("Best day", Unit.FRACTION, "the highest daily return")
    worst_day: Number = _is("Worst day", Unit.FRACTION, "the lowest daily return")
    best_month: Number = _is(
        "Best month",
        Unit.FRACTION,
        "the highest return of a calendar month, last close over last close; the first and the last may be cut",
    )
    worst_month: Number = _is("Worst month", Unit.FRACTION, "the lowest return of a calendar month")
    skew: Number = _is(
        "Skew",
        Unit.RATIO,
        "third standardised moment of daily returns, corrected for small samples (G1)",
        "Joanes & Gill 1998, Comparing measures of sample skewness and kurtosis, The Statistician 47(1)",
    )
    kurtosis: Number = _is(
        "Excess kurtosis",
        Unit.RATIO,
        "fourth standardised moment less 3, corrected for small samples (G2): 0 is normal",
        "Joanes & Gill 1998",
    )
    tail_ratio: Number = _is(
        "Tail ratio",
        Unit.RATIO,
        "95th percentile of daily returns over the 5th, unsigned",
        "empyrical, tail_ratio",
    )
    var_95: Number = _is(
        "Daily VaR 95 %",
        Unit.FRACTION,
        "5th percentile of daily returns as they were, interpolated: a loss is negative",
        "Jorion, Value at Risk, ch. 5: historical simulation",
    )
    cvar_95: Number = _is(
        "Daily CVaR 95 %",
        Unit.FRACTION,
        "mean of the worst twentieth of daily returns (1 + the whole part of (n - 1) / 20 of them)",
        "Rockafellar & Uryasev 2000, Optimization of conditional value-at-risk, J. of Risk 2(3)",
    )
    trades: Count = _is("Trades", Unit.TRADES, "closed round trips")
    open_trades: Count = _is("Open trades", Unit.TRADES, "round trips that are not flat at the end")
    win_rate: Number = _is("Win rate", Unit.FRACTION, "trades that won over those that won or lost, net of costs")
    profit_factor: Number = _is(
        "Profit factor",
        Unit.RATIO,
        "net dollars of the trades that won over those of the trades that lost",
        "Schwager, Schwager on Futures: Technical Analysis, ch. 21",
    )
    expectancy_usd: Number = _is(
        "Expectancy",
        Unit.USD,
        "net dollars of a closed trade on average: what a win brings times its chance, less the same of a loss",
        "Tharp, Trade Your Way to Financial Freedom, ch. 7, there in multiples of the risk",
    )
    average_win_usd: Number = _is("Average win", Unit.USD, "net dollars of a trade that won, on average")
    average_loss_usd: Number = _is("Average loss", Unit.USD, "net dollars of a trade that lost, on average")
    average_holding_days: Number = _is(
        "Average holding", Unit.DAYS, "calendar days from the first fill of a closed trade to its last, on average"
    )
    exposure: Number = _is("Time in market", Unit.FRACTION, "share of closes at which something was held")
    average_exposure: Number = _is(
        "Average exposure", Unit.FRACTION, "value of what is held, unsigned, over equity, on average over all closes"
    )
    turnover: Number = _is(
        "Turnover a year", Unit.RATIO, "dollars bought and sold over average equity, a year of 252 sessions"
    )
    commission_usd: Number = _is("Commission", Unit.USD, "paid over all fills")
    slippage_usd: Number = _is("Slippage", Unit.USD, "what fills were worse than their bar's price, spread included")
    cost_share: Number = _is(
        "Costs of gross profit",
        Unit.FRACTION,
        "commission and slippage over what was made before them; none where nothing was made",
    )
    alpha: Number = _is(
        "Alpha",
        Unit.FRACTION,
        "intercept of daily returns regressed on the benchmark's, times 252, not compounded",
        "Jensen 1968, The Performance of Mutual Funds, J. of Finance 23(2); least squares, risk-free rate 0",
    )
    beta: Number = _is(
        "Beta", Unit.RATIO, "slope of that regression", "Sharpe 1964, Capital Asset Prices, J. of Finance 19(3)"
    )
    benchmark_return: Number = _is(
        "Benchmark's return", Unit.FRACTION, "the benchmark's last value over its first, less 1"
    )


def _measure(name: str) -> Measure:
    field = Metrics.model_fields[name]
    extra: Any = field.json_schema_extra
    return Measure(name, str(field.title), extra["unit"], str(field.description), extra["source"])


MEASURES: tuple[Measure, ...] = tuple(_measure(name) for name in Metrics.model_fields)
"""The table of all measures, in the order in which they are shown."""
NOT_DEFINED = "–"


_FORMS = {
    Unit.FRACTION: "{:.2%}",
    Unit.FALL: "-{:.2%}",
    Unit.RATIO: "{:.3f}",
    Unit.USD: "{:,.2f} USD",
    Unit.DAYS: "{:,.4g} calendar days",
    Unit.SESSIONS: "{:,} sessions",
    Unit.TRADES: "{:,}",
}


def shown(measure: Measure, value: float | None) -> str:
    """A measure's value as a person reads it, with its unit; a dash for what is not defined."""
    if value is None:
        return NOT_DEFINED
    if measure.unit is Unit.FLAG:
        return "yes" if value else "no"
    said = _FORMS[measure.unit].format(value)
    # What comes out as nothing has no sign: it is neither a gain nor a loss.
    return said if any(letter in "123456789" for letter in said) else said.removeprefix("-")
