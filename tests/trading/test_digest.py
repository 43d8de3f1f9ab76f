"""The day and the week in words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.trading.closing import bell, history, lived, paid, traded
from trading.closing import DailyClose, Missing, SymbolLine, Tallies
from trading.digest import day_digest, week_digest
from trading.events import EventType
from trading.money import MOST_TEXT
from trading.trades import trades_of
from trading.weeks import MOST_CHANGES, ChangeLine, WeekFacts, report_of, week_reported

D = Decimal
BOUGHT = traded(0, 0, "100", "50.10", commission="1.00")
SOLD = traded(1, 1, "100", "52.00", commission="1.00")
DAYS: list[dict[str, str | None]] = [{"AAPL": "51"}, {}, {}]


def week() -> list[DailyClose]:
    counted = Tallies(orders=2, model_calls=12, model_usd=D("0.345"), unpriced=1)
    return lived([history([BOUGHT, SOLD], [paid(1, "7.00", "dividend", symbol="AAPL")], counted=counted)] * 3, DAYS)


def test_a_day_reads_well() -> None:
    first, *_ = week()
    words = day_digest(first, (date(2026, 11, 13),), 2)
    assert words.splitlines() == [
        "paper: close of Monday 2026-11-16",
        "",
        "Equity         100,089.00 USD",
        "Day            +89.00 USD  +0.09%",
        "Week           +89.00 USD",
        "Month          +89.00 USD",
        "Since opening  +89.00 USD  +0.09%",
        "Cash           94,989.00 USD",
        "Drawdown       0.00%, at most 0.00%",
        "Ratios         turnover 0.05",
        "Benchmark      none",
        "Earned by      0.00 realised, +89.00 held, 0.00 other",
        "Orders         2 intended, 1 fills, 0 denied, 0 rejected",
        "Costs          1.00 commission, +10.00 slippage",
        "Models         12 calls, 0.34 USD, 1 of them without a known price",
        "Note           made up: 2026-11-13",
        "Note           2 older sessions were missed and stay unclosed",
        "",
        "Symbol  Shares  Close     Value     Day  Open gain",
        "AAPL       100  51.00  5,100.00  +89.00     +89.00",
    ]


def test_a_day_without_a_price_says_so_and_guesses_nothing() -> None:
    (close,) = lived([history([BOUGHT])], [{"AAPL": None}])
    words = day_digest(close)
    assert "Equity         not known: no price of AAPL: no bar" in words
    assert "Week" not in words
    assert "AAPL       100      ?" in words


def test_no_digest_is_longer_than_a_channel_takes() -> None:
    close = week()[0]
    line = close.symbols[0]
    symbols = tuple(line.model_copy(update={"symbol": f"A{number}"}) for number in range(300))
    assert isinstance(line, SymbolLine)
    words = day_digest(close.model_copy(update={"symbols": symbols}))
    assert len(words) <= MOST_TEXT
    assert "and 271 more" in words
    missing = tuple(Missing(symbol=f"A{number}", reason="w" * 200 + str(number)) for number in range(300))
    assert len(day_digest(close.model_copy(update={"missing": missing}))) == MOST_TEXT


def test_a_week_is_its_closes_in_one() -> None:
    closes = week()
    changes = [ChangeLine(changed_at=bell(1), state="HALTED", reason="drawdown")]
    trades = list(trades_of([BOUGHT, SOLD]).values())
    facts = WeekFacts(closes, None, trades, {"traded": 2, "no_signals": 1}, changes, {"cash_off": 1}, {"breaker": 1})
    monday = closes[0].session_on
    report = report_of("paper", monday, facts, [monday + timedelta(days=number) for number in range(4)])
    assert (report.sessions, report.unclosed) == (3, (monday + timedelta(days=3),))
    assert report.pnl == D("195.00")  # 190 on the shares and a dividend of 7, less two dollars of commission
    assert report.best_day is not None
    assert report.worst_day is not None
    assert (report.best_day.pnl, report.worst_day.pnl) == (D("106.00"), D("0.00"))
    assert report.best_trade is not None
    assert (report.trades, report.won, report.best_trade.pnl) == (1, 1, D("188.00"))
    assert week_reported(report, "trace-1", bell(4)).type is EventType.WEEK_REPORTED
    words = week_digest(report)
    assert "Cycles         1 no signals, 2 traded" in words
    assert "Not closed     2026-11-19" in words
    assert "Tue 21:00 UTC  HALTED  drawdown" in words
    many = report.model_copy(update={"changes": tuple(changes * MOST_CHANGES)})
    assert len(week_digest(many)) <= MOST_TEXT
