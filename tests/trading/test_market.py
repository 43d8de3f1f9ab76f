"""Prices that nobody should trade on cannot become a quote, a bar or a snapshot."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.making import AT, PLAIN, Kinds, after, example, fields_of, quote, summary
from trading.instruments import Instrument
from trading.market import Bar, Dropped, Quote, Snapshot, SnapshotSummary, distrust, read_quote
from trading.sessions import Session, is_open


def snapshot(kinds: Kinds = PLAIN, **more: object) -> Snapshot:
    return Snapshot.model_validate(fields_of(Snapshot, kinds) | more)


@pytest.mark.parametrize(
    ("bid", "ask", "last", "code"),
    [
        ("99", "101", "100", None),
        ("100", "100", "100", None),
        ("99", "101", "150", None),
        ("10000000", "10000000", "10000000", None),
        ("101", "100", "100", "crossed"),
        ("0", "100", "100", "not_positive"),
        ("-1", "100", "100", "not_positive"),
        ("100", "100", "NaN", "not_positive"),
        ("100", "Infinity", "100", "not_positive"),
        ("100", "10000000.01", "100", "absurd"),
        ("100", "1E+400", "100", "absurd"),
        ("0.0000001", "100", "100", "absurd"),
        ("100", "100.00000001", "100", "absurd"),
    ],
)
def test_prices_as_a_provider_gave_them_become_a_quote_or_say_why_not(
    bid: str, ask: str, last: str, code: str | None
) -> None:
    read = read_quote("AAPL", (Decimal(bid), Decimal(ask), Decimal(last)), AT)
    if code is None:
        assert read == Quote(symbol="AAPL", bid=Decimal(bid), ask=Decimal(ask), last=Decimal(last), quoted_at=AT)
    else:
        assert isinstance(read, Dropped)
        assert (read.symbol, read.code) == ("AAPL", code)
        assert read.reason.startswith("bid ")


def test_a_crossed_quote_cannot_exist_and_a_quote_is_worth_its_last_trade() -> None:
    with pytest.raises(ValidationError, match="bid 101 over ask 100"):
        quote(bid="101")
    assert quote(last="99.5").mark == Decimal("99.5")


@pytest.mark.parametrize(
    ("seconds", "code"), [(0, None), (60, None), (60.000001, "stale"), (-0.000001, "future"), (86400, "stale")]
)
def test_a_quote_is_trusted_for_a_while_only(seconds: float, code: str | None) -> None:
    quoted_at = AT - timedelta(seconds=seconds)
    dropped = distrust(quote(quoted_at=quoted_at), as_of=AT, max_age=timedelta(seconds=60))
    assert (dropped.code if dropped else None) == code


@pytest.mark.parametrize(
    ("start", "high", "low", "end", "sound"),
    [
        ("10", "12", "9", "11", True),
        ("10", "10", "10", "10", True),
        ("10", "9", "8", "9", False),
        ("10", "12", "11", "11.5", False),
        ("10", "12", "9", "13", False),
        ("10", "12", "9", "8", False),
    ],
)
def test_a_bars_prices_lie_within_its_low_and_high(start: str, high: str, low: str, end: str, *, sound: bool) -> None:
    fields = {"session_on": AT.date(), "open": start, "high": high, "low": low, "close": end, "volume": 1}
    if sound:
        assert Bar.model_validate(fields)
    else:
        with pytest.raises(ValidationError, match="out of order"):
            Bar.model_validate(fields)
    with pytest.raises(ValidationError):
        Bar.model_validate(fields | {"volume": -1})


def test_nothing_in_a_snapshot_is_of_its_future() -> None:
    assert snapshot(as_of=AT)
    with pytest.raises(ValidationError, match="quotes after"):
        snapshot(as_of=AT - timedelta(microseconds=1))


def test_the_same_market_has_the_same_id_whenever_it_was_looked_at() -> None:
    seen = snapshot()
    assert snapshot(taken_at=after(5)).snapshot_id == seen.snapshot_id
    others = [snapshot(provider="another"), snapshot(as_of=after(1)), snapshot(synthetic=True), snapshot(symbols=())]
    assert len({other.snapshot_id for other in others} | {seen.snapshot_id}) == 5
    assert snapshot(fallback="the first failed").snapshot_id == seen.snapshot_id
    assert Snapshot.model_validate_json(seen.model_dump_json()).snapshot_id == seen.snapshot_id


def test_facts_are_found_by_symbol() -> None:
    seen = snapshot()
    assert seen.facts("AAPL") == seen.symbols[0]
    with pytest.raises(KeyError, match="MSFT"):
        seen.facts("MSFT")


def test_a_summary_names_its_snapshot_and_keeps_prices_and_sectors() -> None:
    seen = snapshot()
    short = SnapshotSummary.of(seen)
    assert short.snapshot_id == seen.snapshot_id
    assert [(p.instrument, p.quote) for p in short.symbols] == [(f.instrument, f.quote) for f in seen.symbols]
    assert (short.dropped, short.as_of, short.provider) == (seen.dropped, seen.as_of, seen.provider)
    assert summary({"AAPL": ("1", "Energy")}).symbols[0].instrument == Instrument(symbol="AAPL", sector="Energy")


@pytest.mark.parametrize(("minute", "is_it"), [(-1, False), (0, True), (200, True), (390, True), (391, False)])
def test_both_bells_belong_to_the_session(minute: int, *, is_it: bool) -> None:
    session = Session(session_on=AT.date(), opens_at=AT, closes_at=after(390))
    assert is_open(session, after(minute)) == is_it
    assert not is_open(None, after(minute))


def test_a_session_opens_before_it_closes() -> None:
    assert example(Session)
    with pytest.raises(ValidationError, match="closes before it opens"):
        Session(session_on=AT.date(), opens_at=AT, closes_at=AT)
