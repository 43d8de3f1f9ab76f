"""The day and the week in words: plain text in aligned columns, short enough for any channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from trading.closing import Benchmark, DailyClose, Gains, Performance, SymbolLine, Tallies, missing_words
from trading.money import MOST_TEXT, ZERO
from trading.weeks import WeeklyReport

_MOST_LINES = 30
"""Symbols or changes that are told one by one."""
_NAME = 15
Words = tuple[str, str]
"""A name and what is told under it."""


def day_digest(close: DailyClose, made_up: Sequence[date] = (), left_out: int = 0) -> str:
    """A session's close; `made_up` names the missed ones that were closed just before it."""
    lines = [f"{close.desk_id}: close of {close.session_on:%A} {close.session_on}", ""]
    if close.missing:
        lines += [_pair("Equity", f"not known: no price of {missing_words(close.missing)}")]
    else:
        lines += [
            _pair("Equity", f"{_dollars(close.equity)} USD"),
            _pair("Day", f"{_signed(close.pnl.day)} USD  {_percent(close.day_return)}"),
            _pair("Week", f"{_signed(close.pnl.week)} USD"),
            _pair("Month", f"{_signed(close.pnl.month)} USD"),
            _pair("Since opening", f"{_signed(close.pnl.opening)} USD  {_percent(close.performance.total_return)}"),
        ]
    lines += [_pair("Cash", f"{_dollars(close.cash)} USD"), *_told(performance_words(close))]
    lines += _told([*_earned(close.day_gains), *_done(close.day_tallies)])
    notes = [close.note, f"made up: {', '.join(map(str, made_up))}" if made_up else ""]
    notes += [f"{left_out} older sessions were missed and stay unclosed" if left_out else ""]
    lines += [_pair("Note", note) for note in notes if note]
    lines += ["", *_divided(close)] if close.divided else []
    return _within([*lines, "", *_symbols(close.symbols)] if close.symbols else lines)


def week_digest(report: WeeklyReport) -> str:
    """A week's report."""
    lines = [f"{report.desk_id}: week from {report.monday} to {report.last_on}", ""]
    equity = "not known" if report.equity is None else f"{_dollars(report.equity)} USD"
    lines += [_pair("Equity", equity), _pair("Week", f"{_signed(report.pnl)} USD  {_percent(report.week_return)}")]
    compared = "" if report.benchmark_return is None else f" {_percent(report.benchmark_return)}"
    lines += [_pair("Benchmark", f"{report.benchmark}{compared}")]
    for name, day in (("Best day", report.best_day), ("Worst day", report.worst_day)):
        lines += [_pair(name, f"{day.session_on}  {_signed(day.pnl)} USD  {_percent(day.day_return)}")] if day else []
    lines += [_pair("Trades closed", f"{report.trades}, {report.won} won, {report.lost} lost")]
    for name, one in (("Best trade", report.best_trade), ("Worst trade", report.worst_trade)):
        lines += [_pair(name, f"{one.symbol}  {_signed(one.pnl)} USD")] if one else []
    lines += _told([*_done(report.tallies), *_ratios(report.performance)])
    for words, counts in (("Cycles", report.cycles), ("Differences", report.differences), ("Alerts", report.alerts)):
        lines += [_pair(words, _counted(counts))]
    if report.unclosed:
        lines += [_pair("Not closed", ", ".join(map(str, report.unclosed)))]
    lines += [_pair("Without price", missing_words(report.missing))] if report.missing else []
    changes = [f"{one.changed_at:%a %H:%M} UTC  {one.state}  {one.reason}"[:200] for one in report.changes]
    return _within([*lines, "", "Circuit breaker", *_most(changes)] if changes else lines)


def performance_words(close: DailyClose) -> list[Words]:
    """The desk's figures since the opening, each with its name."""
    return [*_ratios(close.performance), _against(close)]


def _ratios(performance: Performance) -> list[Words]:
    one = performance
    lines = [("Drawdown", f"{one.drawdown:.2%}, at most {one.max_drawdown:.2%}")]
    told = [("Sharpe", one.sharpe), ("Sortino", one.sortino), ("profit factor", one.profit_factor)]
    told += [("turnover", one.turnover)]
    words = [f"{name} {value:.2f}" for name, value in told if value is not None]
    words += [f"{one.win_rate:.0%} of trades won"] if one.win_rate is not None else []
    return [*lines, ("Ratios", ", ".join(words))] if words else lines


def _against(close: DailyClose) -> Words:
    told: Benchmark = close.benchmark
    if told.day_return is None:
        return ("Benchmark", f"none: {told.reason}" if told.reason else "none")
    total = close.performance
    words = f"{told.symbol} {_percent(told.day_return)}, since opening {_percent(total.benchmark_return)}"
    return ("Benchmark", f"{words}, the desk {_percent(total.excess_return)} against it")


def _earned(gains: Gains | None) -> list[Words]:
    if gains is None:
        return []
    words = f"{_signed(gains.realised)} realised, {_signed(gains.unrealised)} held, {_signed(gains.other)} other"
    return [("Earned by", words)]


def _done(tallies: Tallies) -> list[Words]:
    one = tallies
    orders = f"{one.orders} intended, {one.fills} fills, {one.denied} denied, {one.rejected} rejected"
    costs = f"{_dollars(one.commission)} commission, {_signed(one.slippage)} slippage"
    unpriced = f", {one.unpriced} of them without a known price" if one.unpriced else ""
    models = f"{one.model_calls} calls, {one.model_usd:.2f} USD{unpriced}"
    return [("Orders", orders), ("Costs", costs), ("Models", models)]


def _symbols(lines: Sequence[SymbolLine]) -> list[str]:
    """The largest first."""
    ordered = sorted(lines, key=lambda one: (-abs(one.value or ZERO), one.symbol))
    rows = [("Symbol", "Shares", "Close", "Value", "Day", "Open gain")]
    rows += [
        (
            one.symbol,
            f"{one.quantity.normalize():,f}",
            "?" if one.price is None and one.quantity else _dollars(one.price),
            _dollars(one.value),
            _signed(one.day),
            _signed(one.unrealised) if one.quantity else "",
        )
        for one in ordered
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return _most(_row(row, widths) for row in rows)


def _divided(close: DailyClose) -> list[str]:
    """What each strategy has and how it has done; the reserve is cash that is nobody's."""
    rows: list[tuple[str, ...]] = [("Strategy", "Equity", "Day", "Since opening", "Return", "Drawdown", "Sharpe")]
    rows += [
        (
            one.strategy_id,
            "?" if one.equity is None else _dollars(one.equity),
            _signed(one.pnl.day if one.pnl else None),
            _signed(one.pnl.opening if one.pnl else None),
            "" if one.total_return is None else _percent(one.total_return),
            "" if one.drawdown is None else f"{one.drawdown:.2%}",
            "" if one.sharpe is None else f"{one.sharpe:.2f}",
        )
        for one in close.divided
    ]
    rows += [("reserve", _dollars(close.reserve), *[""] * 5)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return _most(_row(row, widths) for row in rows)


def _row(words: Sequence[str], widths: Sequence[int]) -> str:
    """The first column to the left, the others to the right."""
    cells = [
        word.rjust(width) if number else word.ljust(width)
        for number, (word, width) in enumerate(zip(words, widths, strict=True))
    ]
    return "  ".join(cells)


def _most(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    left = len(every) - _MOST_LINES
    return [*every[:_MOST_LINES], f"and {left} more"] if left > 0 else every


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(counts.items())) or "none"


def _within(lines: Iterable[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _told(named: Iterable[Words]) -> list[str]:
    return [_pair(name, words) for name, words in named]


def _pair(name: str, words: str) -> str:
    return f"{name:<{_NAME}}{words}"


def _dollars(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _signed(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:+,.2f}" if amount else "0.00"


def _percent(part: float | None) -> str:
    return "unknown" if part is None else f"{part:+.2%}"
