"""The owner's limits as settings: the defaults are the record's own, and what is out of range is one clear line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import settings
from trading.approvals import ApprovalMode
from trading.errors import BadConfiguration
from trading.limits import Limits
from trading.money import ZERO

LIMITS = sorted(Limits.model_fields)


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An env file of our own; nothing of the environment."""
    for name in settings.TradingSettings.model_fields:
        monkeypatch.delenv(f"TRADING_{name.upper()}", raising=False)
    return tmp_path / ".env"


def test_the_defaults_are_the_records_own(env: Path) -> None:
    assert settings.load(env).trading.limits == Limits()
    assert set(LIMITS) <= settings.TradingSettings.model_fields.keys()


def test_every_limit_is_read(env: Path) -> None:
    said = {
        "MAX_ORDER_USD": "1234.56",
        "MAX_ORDERS_PER_MINUTE": "3",
        "MAX_ORDERS_PER_DAY": "9",
        "MAX_DAILY_USD": "0",
        "MAX_DAILY_TURNOVER": "1.5",
        "MIN_PRICE": "5",
        "MAX_VOLUME_SHARE": "0.02",
        "RESTRICTED_SYMBOLS": "tsla, BRK.B ,TSLA",
        "DUPLICATE_MINUTES": "7",
        "BLACKOUT_OPEN_MINUTES": "15",
        "BLACKOUT_CLOSE_MINUTES": "10",
        "BLACKOUT_EARNINGS_DAYS": "2",
        "EARNINGS_CALENDAR": "earnings.csv",
        "ALLOW_SHORT": "true",
        "FRACTIONAL": "true",
    }
    env.write_text("".join(f"TRADING_{name}={value}\n" for name, value in said.items()))
    trading = settings.load(env).trading
    assert trading.earnings_calendar == Path("earnings.csv")
    assert trading.limits == Limits(
        max_order_usd=Decimal("1234.56"),
        max_orders_per_minute=3,
        max_orders_per_day=9,
        max_daily_usd=ZERO,
        max_daily_turnover=Decimal("1.5"),
        min_price=Decimal(5),
        max_volume_share=Decimal("0.02"),
        restricted_symbols=("TSLA", "BRK.B"),
        duplicate_minutes=7,
        blackout_open_minutes=15,
        blackout_close_minutes=10,
        blackout_earnings_days=2,
        allow_short=True,
        fractional=True,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_ORDER_USD", "-1"),
        ("MAX_ORDER_USD", "NaN"),
        ("MAX_ORDER_USD", "1e30"),
        ("MAX_ORDERS_PER_MINUTE", "-1"),
        ("MAX_ORDERS_PER_DAY", "many"),
        ("MAX_DAILY_USD", "0.001"),
        ("MAX_DAILY_TURNOVER", "Infinity"),
        ("COLLAR", "1.01"),
        ("MAX_POSITION", "20"),
        ("MIN_PRICE", "-0.01"),
        ("MAX_VOLUME_SHARE", "1.1"),
        ("RESTRICTED_SYMBOLS", "AAPL,not a symbol"),
        ("DUPLICATE_MINUTES", "-5"),
        ("BLACKOUT_OPEN_MINUTES", "1441"),
        ("BLACKOUT_CLOSE_MINUTES", "0.5"),
        ("BLACKOUT_EARNINGS_DAYS", "61"),
        ("ALLOW_SHORT", "perhaps"),
        ("APPROVAL", "sometimes"),
        ("APPROVAL_ABOVE_USD", "-1"),
        ("APPROVAL_VALID_MINUTES", "0"),
        ("APPROVAL_VALID_MINUTES", "121"),
        ("APPROVAL_MAX_DRIFT", "1.5"),
    ],
)
def test_a_limit_that_is_none_is_refused_in_one_line_that_names_it(env: Path, name: str, value: str) -> None:
    env.write_text(f"TRADING_{name}={value}\n")
    with pytest.raises(BadConfiguration, match=f"^TRADING_{name}") as refused:
        settings.load(env)
    assert "\n" not in str(refused.value)


def test_a_black_out_needs_its_calendar(env: Path) -> None:
    env.write_text("TRADING_BLACKOUT_EARNINGS_DAYS=1\n")
    with pytest.raises(BadConfiguration, match=r"^TRADING_EARNINGS_CALENDAR: a black-out around earnings needs"):
        settings.load(env)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"MAX_DRAWDOWN": "0.1"}, "BREAKER_RESUME_DRAWDOWN: 0.15 must be below BREAKER_MAX_DRAWDOWN, 0.1"),
        ({"RESUME_DRAWDOWN": "0.2"}, "BREAKER_RESUME_DRAWDOWN: 0.2 must be below BREAKER_MAX_DRAWDOWN, 0.20"),
        ({"MIN_SHARPE": "1"}, "BREAKER_RESUME_SHARPE: 0.3 must not be below BREAKER_MIN_SHARPE, 1.0"),
        ({"MAX_DAILY_LOSS": "0"}, "BREAKER_MAX_DAILY_LOSS: Input should be greater than 0"),
        ({"MAX_DRAWDOWN": "1.2"}, "BREAKER_MAX_DRAWDOWN: Input should be less than or equal to 1"),
    ],
)
def test_a_halt_that_would_end_as_it_begins_is_refused(env: Path, said: dict[str, str], words: str) -> None:
    env.write_text("".join(f"BREAKER_{name}={value}\n" for name, value in said.items()))
    with pytest.raises(BadConfiguration) as refused:
        settings.load(env)
    assert str(refused.value) == words


def test_a_lower_drawdown_with_a_lower_end_is_taken(env: Path) -> None:
    env.write_text("BREAKER_MAX_DRAWDOWN=0.1\nBREAKER_RESUME_DRAWDOWN=0.05\n")
    assert settings.load(env).breaker.rules.resume_drawdown == Decimal("0.05")


def test_the_terms_of_approval_are_read_from_variables_of_one_prefix(env: Path) -> None:
    env.write_text(
        "TRADING_APPROVAL=above_notional\nTRADING_APPROVAL_ABOVE_USD=2500.50\nTRADING_APPROVAL_VALID_MINUTES=30\n"
        "TRADING_APPROVAL_MAX_DRIFT=0.02\n"
    )
    terms = settings.load(env).trading.approval_terms
    assert (terms.mode, terms.above_usd) == (ApprovalMode.ABOVE_NOTIONAL, Decimal("2500.50"))
    assert (terms.valid_minutes, terms.max_drift) == (30, Decimal("0.02"))
