"""The days of earnings from a CSV file: columns symbol and reports_on (`AAPL,2026-10-29`), a line a report."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError

from trading.errors import BadConfiguration
from trading.fundamentals import ReportDays, report_days
from trading.instruments import Symbol
from trading.money import Record

COLUMNS = ("symbol", "reports_on")


class _Report(Record):
    symbol: Symbol
    reports_on: date


class EarningsFile:
    """The ports `Earnings` and `EarningsCalendar` over one file, read at once; without a file no day is known.

    Raises BadConfiguration, with the line, for a file that cannot be read: a desk that keeps a black-out must not trade
    through one because its calendar is broken.
    """

    def __init__(self, path: Path | None) -> None:
        self._days: Mapping[str, list[date]] = {} if path is None else _read(path)
        self._known_at = None if path is None else datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def reports_on(self, symbol: str, day: date) -> date | None:
        """The day of earnings that is nearest, of two equally near the one to come; None when none is known."""
        known = self._days.get(symbol, [])
        return min(known, key=lambda one: (abs((one - day).days), -one.toordinal()), default=None)

    def days(self, symbol: str) -> ReportDays | None:
        """All days of one company, known since the file was last written; None when none is."""
        known = self._days.get(symbol)
        return report_days(known, "earnings calendar", self._known_at) if known and self._known_at else None


def _read(path: Path) -> Mapping[str, list[date]]:
    days: dict[str, list[date]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise BadConfiguration(f"TRADING_EARNINGS_CALENDAR: {path} needs the columns {' and '.join(COLUMNS)}")
            for row in rows:
                report = _Report.model_validate({name: row[name] for name in COLUMNS})
                days[report.symbol].append(report.reports_on)
    except ValidationError:
        wrong = f"{path}: line {rows.line_num} is not a symbol and a date (AAPL,2026-10-29)"
        raise BadConfiguration(f"TRADING_EARNINGS_CALENDAR: {wrong}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        words = " ".join(str(error).split())
        raise BadConfiguration(f"TRADING_EARNINGS_CALENDAR: {path} cannot be read: {words}") from error
    return days
