"""What cannot be trusted is dropped with a code; it never raises and never reaches the snapshot."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.bars import Bars
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote, Snapshot, read_quote
from trading.readings import Reading
from trading.sessions import Session
from trading.snapshots import assemble, last_completed

AS_OF = datetime(2017, 11, 10, 21, tzinfo=UTC)
COMPLETED_ON = date(2017, 11, 10)
MAX_AGE = timedelta(seconds=60)
SESSIONS = 260
GOOD, BAD = "GOOD", "BAD"


@functools.cache
def sound_bars(sessions: int = SESSIONS, last_on: date = COMPLETED_ON) -> Bars:
    draw = random.Random(11)
    close = 100 * np.exp(np.cumsum([draw.gauss(0, 0.01) for _ in range(sessions)]))
    days = np.datetime64(last_on, "D") - np.arange(sessions)[::-1]
    return Bars(days, close * 1.0, close * 1.01, close * 0.99, close, np.full(sessions, 1e6))


def quote_of(bars: Bars, symbol: str, factor: Decimal = Decimal(1)) -> Quote:
    last = (Decimal(repr(float(bars.close[-1]))) * factor).quantize(Decimal("0.0001"))
    return Quote(symbol=symbol, bid=last, ask=last, last=last, quoted_at=AS_OF)


def reading(bars: Bars | None, quote: Quote | Dropped | None) -> Reading:
    """One sound symbol and one as given."""
    sound = sound_bars()
    return Reading(
        provider="fake",
        adjustment=Adjustment.ALL,
        synthetic=True,
        as_of=AS_OF,
        taken_at=AS_OF,
        instruments={s: Instrument(symbol=s) for s in (GOOD, BAD)},
        bars={GOOD: sound} | ({} if bars is None else {BAD: bars}),
        quotes={GOOD: quote_of(sound, GOOD)} | ({} if quote is None else {BAD: quote}),
    )


def snapshot_of(given_reading: Reading) -> Snapshot:
    return assemble(given_reading, [GOOD, BAD], completed_on=COMPLETED_ON, max_quote_age=MAX_AGE)


def the_dropped(given_reading: Reading) -> Dropped:
    """The one symbol that was dropped; the sound one beside it must be there."""
    snapshot = snapshot_of(given_reading)
    assert [facts.instrument.symbol for facts in snapshot.symbols] == [GOOD]
    (dropped,) = snapshot.dropped
    assert dropped.symbol == BAD
    assert dropped.reason
    return dropped


def code_of(bars: Bars) -> str:
    return the_dropped(reading(bars, quote_of(sound_bars(), BAD))).code


PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume")
POISON = [
    *((column, value, "not_finite") for column in COLUMNS for value in (np.nan, np.inf, -np.inf)),
    *((column, value, "not_positive") for column in PRICES for value in (0.0, -0.0, -1.0, -1e300)),
    ("volume", -1.0, "not_positive"),
    *((column, value, "absurd") for column in PRICES for value in (1e300, 5e-324, 1.1e7)),
    ("volume", 1e300, "absurd"),
    ("high", 0.5, "disordered"),
    ("low", 1e4, "disordered"),
]


def poisoned(column: str, index: int, value: float) -> Bars:
    columns = {field.name: getattr(sound_bars(), field.name).copy() for field in fields(Bars)}
    columns[column][index] = value
    return Bars(**columns)


@settings(max_examples=200, deadline=None)
@given(poison=st.sampled_from(POISON), index=st.integers(0, SESSIONS - 1))
def test_one_bad_number_anywhere_in_the_bars_drops_the_symbol(poison: tuple[str, float, str], index: int) -> None:
    column, value, code = poison
    assert code_of(poisoned(column, index, value)) == code


@pytest.mark.parametrize(("column", "bound"), [("low", "high"), ("high", "low")])
def test_a_close_outside_its_bars_low_and_high_drops_the_symbol(column: str, bound: str) -> None:
    assert code_of(poisoned(column, 100, getattr(sound_bars(), bound)[100])) == "disordered"


@settings(max_examples=50, deadline=None)
@given(index=st.integers(1, SESSIONS - 1), back=st.integers(0, 400))
def test_days_that_repeat_or_go_back_drop_the_symbol(index: int, back: int) -> None:
    bars = sound_bars()
    days = bars.session_on.copy()
    days[index] = days[index - 1] - np.timedelta64(back, "D")
    assert code_of(replace(bars, session_on=days)) == "disordered"


@settings(max_examples=50, deadline=None)
@given(sessions=st.integers(0, 249))
def test_fewer_than_250_bars_drop_the_symbol(sessions: int) -> None:
    assert code_of(sound_bars().last(sessions)) == "too_few_bars"


@settings(max_examples=30, deadline=None)
@given(days=st.integers(1, 3000))
def test_bars_that_end_before_the_last_session_are_stale_and_bars_after_it_are_from_the_future(days: int) -> None:
    assert code_of(sound_bars(last_on=COMPLETED_ON - timedelta(days=days))) == "stale"
    assert code_of(sound_bars(last_on=COMPLETED_ON + timedelta(days=days))) == "future"


PRICE = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True, places=4),
    st.sampled_from([Decimal(x) for x in ("0", "-0", "-1", "NaN", "sNaN", "Infinity", "1e8", "99.5", "100", "100.5")]),
)
UNTRADABLE = {"not_positive", "absurd", "crossed", "inconsistent"}


@settings(max_examples=200, deadline=None)
@given(prices=st.tuples(PRICE, PRICE, PRICE))
def test_whatever_a_provider_quotes_is_sound_or_dropped_with_a_code(prices: tuple[Decimal, Decimal, Decimal]) -> None:
    snapshot = snapshot_of(reading(sound_bars(), read_quote(BAD, prices, AS_OF)))
    for facts in snapshot.symbols:
        assert 0 < facts.quote.bid <= facts.quote.ask
        assert facts.quote.last.is_finite()
    assert {dropped.code for dropped in snapshot.dropped} <= UNTRADABLE
    assert len(snapshot.symbols) + len(snapshot.dropped) == 2


@pytest.mark.parametrize(
    ("prices", "code"),
    [
        (("NaN", "100", "100"), "not_positive"),
        (("100", "0", "100"), "not_positive"),
        (("100", "100", "-1"), "not_positive"),
        (("100.01", "100", "100"), "crossed"),
        (("100", "10000001", "100"), "absurd"),
    ],
)
def test_a_quote_says_by_its_code_what_is_wrong_with_it(prices: tuple[str, str, str], code: str) -> None:
    bid, ask, last = (Decimal(price) for price in prices)
    assert the_dropped(reading(sound_bars(), read_quote(BAD, (bid, ask, last), AS_OF))).code == code


@settings(max_examples=50, deadline=None)
@given(age=st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_a_quote_is_taken_from_now_to_the_allowed_age_and_no_other(age: timedelta) -> None:
    bars = sound_bars()
    quote = quote_of(bars, BAD).model_copy(update={"quoted_at": AS_OF - age})
    if timedelta(0) <= age <= MAX_AGE:
        assert len(snapshot_of(reading(bars, quote)).symbols) == 2
    else:
        assert the_dropped(reading(bars, quote)).code == ("stale" if age > MAX_AGE else "future")


@pytest.mark.parametrize("age", [timedelta(0), MAX_AGE])
def test_the_oldest_and_the_newest_quote_allowed_are_allowed(age: timedelta) -> None:
    quote = quote_of(sound_bars(), BAD).model_copy(update={"quoted_at": AS_OF - age})
    assert not snapshot_of(reading(sound_bars(), quote)).dropped


@pytest.mark.parametrize("factor", ["0.1", "0.49", "1.51", "4", "10"])
def test_a_quote_on_another_scale_than_the_last_close_is_inconsistent(factor: str) -> None:
    bars = sound_bars()
    assert the_dropped(reading(bars, quote_of(bars, BAD, Decimal(factor)))).code == "inconsistent"


@pytest.mark.parametrize("factor", ["0.51", "0.7", "1.3", "1.49"])
def test_a_wild_day_is_not_inconsistent(factor: str) -> None:
    bars = sound_bars()
    assert not snapshot_of(reading(bars, quote_of(bars, BAD, Decimal(factor)))).dropped


@pytest.mark.parametrize(
    "lose",
    [
        lambda whole: replace(whole, instruments={GOOD: whole.instruments[GOOD]}),
        lambda whole: replace(whole, bars={GOOD: whole.bars[GOOD]}),
        lambda whole: replace(whole, quotes={GOOD: whole.quotes[GOOD]}),
    ],
    ids=["facts", "bars", "quote"],
)
def test_a_symbol_without_facts_bars_or_quote_is_missing(lose: Callable[[Reading], Reading]) -> None:
    bars = sound_bars()
    assert the_dropped(lose(reading(bars, quote_of(bars, BAD)))).code == "missing"


def test_what_the_provider_dropped_stays_dropped_for_its_reason() -> None:
    halted = Dropped(symbol=BAD, code="halted", reason="trading in it is halted")
    assert the_dropped(reading(sound_bars(), halted)) == halted


def test_a_session_without_volume_is_no_defect() -> None:
    bars = poisoned("volume", -1, 0.0)
    facts = snapshot_of(reading(bars, quote_of(bars, BAD))).facts(BAD)
    assert facts.average_volume_20 == 950_000


def test_the_same_market_gives_the_same_snapshot_whatever_the_order_and_the_time_of_asking() -> None:
    bars = sound_bars()
    first = reading(bars, quote_of(bars, BAD))
    again = replace(first, taken_at=AS_OF + timedelta(hours=1))
    one = assemble(first, [GOOD, BAD], completed_on=COMPLETED_ON, max_quote_age=MAX_AGE)
    other = assemble(again, [BAD, GOOD, BAD], completed_on=COMPLETED_ON, max_quote_age=MAX_AGE)
    assert [facts.instrument.symbol for facts in one.symbols] == [BAD, GOOD]
    assert one.snapshot_id == other.snapshot_id


def test_columns_of_different_lengths_are_no_bars() -> None:
    with pytest.raises(ValueError, match="one length"):
        replace(sound_bars(), volume=np.ones(3))


class TwoDays:
    """A calendar of two sessions."""

    def __init__(self) -> None:
        days = (date(2017, 11, 9), date(2017, 11, 10))
        self.days = [
            Session(session_on=d, opens_at=datetime(*d.timetuple()[:3], 14, 30, tzinfo=UTC), closes_at=closing(d))
            for d in days
        ]

    def session(self, day: date) -> Session | None:
        return next((s for s in self.days if s.session_on == day), None)

    def last_session(self, at: datetime) -> Session:
        return [s for s in self.days if s.opens_at <= at][-1]


def closing(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before_the_bell", "expected"),
    [(timedelta(0), 10), (timedelta(microseconds=1), 9), (timedelta(hours=6, minutes=30), 9), (timedelta(hours=7), 9)],
)
def test_a_session_is_complete_at_its_closing_bell(before_the_bell: timedelta, expected: int) -> None:
    at = closing(date(2017, 11, 10)) - before_the_bell
    assert last_completed(TwoDays(), at).session_on == date(2017, 11, expected)
