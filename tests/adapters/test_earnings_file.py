"""Days of earnings from a file, and a file that cannot be read: one clear line, before anything trades."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.earnings_file import EarningsFile
from trading.errors import BadConfiguration

DAY = date(2026, 10, 29)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "earnings.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_nearest_day_is_told_before_and_after(tmp_path: Path) -> None:
    rows = "symbol,reports_on,hour\nAAPL,2026-10-29,amc\nMSFT,2026-10-27,amc\nAAPL,2026-07-30,amc\n"
    earnings = EarningsFile(written(tmp_path, "\ufeff" + rows))
    assert earnings.reports_on("AAPL", date(2026, 11, 20)) == DAY
    assert earnings.reports_on("AAPL", DAY) == DAY
    assert earnings.reports_on("AAPL", date(2026, 8, 1)) == date(2026, 7, 30)
    assert earnings.reports_on("KO", DAY) is None


def test_of_two_days_equally_near_the_one_to_come_is_told(tmp_path: Path) -> None:
    earnings = EarningsFile(written(tmp_path, "symbol,reports_on\nA,2026-10-25\nA,2026-10-29\n"))
    assert earnings.reports_on("A", date(2026, 10, 27)) == DAY


def test_without_a_file_no_day_is_known() -> None:
    assert EarningsFile(None).reports_on("AAPL", DAY) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "needs the columns symbol and reports_on"),
        ("symbol,date\nAAPL,2026-10-29\n", "needs the columns"),
        ("symbol,reports_on\nAAPL,2026-10-29\nMSFT,soon\n", "line 3 is not a symbol and a date"),
        ("symbol,reports_on\naapl,2026-10-29\n", "line 2 is not"),
        ("symbol,reports_on\nAAPL\n", "line 2 is not"),
        (b"symbol,reports_on\n\xff\xfe,2026-10-29\n", "cannot be read"),
        ('symbol,reports_on\n"AAPL,2026-10-29\n', "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, text: str | bytes, wrong: str) -> None:
    with pytest.raises(BadConfiguration, match=wrong) as refused:
        EarningsFile(written(tmp_path, text))
    assert str(refused.value).startswith("TRADING_EARNINGS_CALENDAR: ")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"nowhere\.csv cannot be read"):
        EarningsFile(tmp_path / "nowhere.csv")


def test_all_days_of_a_company_are_known_since_the_file_was_written(tmp_path: Path) -> None:
    path = written(tmp_path, "symbol,reports_on\nAAPL,2026-10-29\nAAPL,2026-07-30\n")
    at = datetime(2026, 11, 1, tzinfo=UTC)
    os.utime(path, (at.timestamp(), at.timestamp()))
    found = EarningsFile(path).days("AAPL")
    assert found is not None
    assert (found.days, found.known_at, found.source) == ((date(2026, 7, 30), DAY), at, "earnings calendar")
    assert EarningsFile(path).days("KO") is EarningsFile(None).days("AAPL") is None
