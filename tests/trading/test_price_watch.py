"""The rule of the price watch: what fires, what never does, and that the log alone is enough to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from trading.corporate_actions import ActionKind, CorporateAction
from trading.events import Event, seal
from trading.market import Quote
from trading.move_events import Firing, moved_event, moved_of
from trading.moves import MoveCause, Pace
from trading.price_watch import Watch, Watched, WatchRules, readings

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 20), date(2026, 11, 19)
SECOND = timedelta(seconds=1)
RULES = WatchRules(confirm_quotes=3, pace=Pace(cool_down_minutes=60, most_a_day=10))


def watch(rules: WatchRules = RULES, *closes: str, symbols: Sequence[str] = ("AAPL",)) -> Watch:
    known = tuple(Decimal(close) for close in closes or ("100",))
    return Watch(rules=rules, symbols={s: Watched(closes=known, heard_until=OPEN) for s in symbols})


def quote(last: str | Decimal, at: datetime, symbol: str = "AAPL", spread: str = "0.01") -> Quote:
    price = Decimal(last)
    return Quote(symbol=symbol, bid=price - Decimal(spread), ask=price + Decimal(spread), last=price, quoted_at=at)


def seen(
    watched: Watch, *prices: str | Decimal, every: timedelta = SECOND, begin: datetime = OPEN
) -> tuple[Watch, list[Firing]]:
    """The watch after these prices, one after the other, and what fired."""
    fired: list[Firing] = []
    for number, price in enumerate(prices):
        at = begin + number * every
        watched, firing = watched.see(quote(price, at), at)
        fired += [firing] if firing else []
    return watched, fired


@pytest.mark.parametrize(
    ("prices", "fires"),
    [
        (["105"] * 3, [5.0]),
        (["95"] * 3, [-5.0]),
        (["104.99"] * 9, []),
        (["105", "105"], []),
        (["105", "105", "104.99"] * 5, []),
        (["105", "105", "95"] * 5, []),
        (["105", "107", "110"], [10.0]),
        (["151"] * 9, []),
        (["105"] * 9, [5.0]),
    ],
)
def test_a_move_fires_when_enough_quotes_in_a_row_bear_it_out(prices: list[str], fires: list[float]) -> None:
    _, fired = seen(watch(), *prices)
    assert [firing.moved.percent for firing in fired] == fires


def test_what_fired_says_what_bore_it_out() -> None:
    _, (firing,) = seen(watch(), "106", "106", "106")
    moved = firing.moved
    assert (moved.symbol, moved.percent, moved.reference, moved.price) == ("AAPL", 6.0, Decimal(100), Decimal(106))
    assert (moved.cause, moved.moved_at, moved.pace) == (MoveCause.PRICE, OPEN + 2 * SECOND, RULES.pace)
    assert firing.evidence == {"bid": "105.99", "ask": "106.01", "last": "106", "threshold": "0.05", "quotes": "3"}


def test_the_price_that_fired_is_the_next_reference_and_the_symbol_cools_down() -> None:
    watched, fired = seen(watch(), *["106"] * 3, *["112"] * 3500)
    assert len(fired) == 1
    watched, fired = seen(watched, "112", "112", begin=OPEN + timedelta(hours=1, seconds=2))
    assert [firing.moved.reference for firing in fired] == [Decimal(106)]
    assert watched.fired == 2


def test_a_move_back_in_the_cool_down_leaves_nothing_to_fire_when_it_is_over() -> None:
    _, fired = seen(watch(), *["106"] * 3, *["112"] * 2, *["107"] * 3, every=timedelta(minutes=20))
    assert len(fired) == 1


def test_quotes_that_say_nothing_are_not_counted() -> None:
    late = OPEN + timedelta(minutes=5)
    watched = watch()
    for one, at in [(quote("110", OPEN), late), (quote("110", late), OPEN), (quote("110", OPEN, "MSFT"), OPEN)]:
        watched, firing = watched.see(one, at)
        assert firing is None
    same = quote("110", OPEN)
    for _ in range(5):
        watched, firing = watched.see(same, OPEN)
        assert firing is None
    assert abs(watched.symbols["AAPL"].beyond) == 1


def test_a_trade_that_no_bid_or_offer_bears_out_is_not_followed() -> None:
    watched = watch()
    for number in range(9):
        at = OPEN + number * SECOND
        print_ = Quote(symbol="AAPL", bid=Decimal("99.9"), ask=Decimal("100.1"), last=Decimal(80), quoted_at=at)
        watched, firing = watched.see(print_, at)
        assert firing is None


def test_without_a_close_the_first_price_is_the_reference() -> None:
    bare = Watch(rules=RULES, symbols={"AAPL": Watched(closes=(), heard_until=OPEN)})
    _, fired = seen(bare, "300", *["316"] * 3)
    assert [firing.moved.reference for firing in fired] == [Decimal(300)]


def test_a_busy_day_asks_once_and_a_quiet_one_never() -> None:
    rules = RULES.model_copy(update={"volume_factor": Decimal(3)})
    day = Watched(closes=(Decimal(100),), heard_until=OPEN, average_volume=Decimal(1000))
    watched = Watch(rules=rules, symbols={"AAPL": day})
    told = []
    for number, volume in enumerate(["2999", "3000", "9000"]):
        watched, firing = watched.weigh("AAPL", Decimal(volume), OPEN + number * timedelta(hours=2))
        told.append(firing.moved.cause if firing else None)
    assert told == [None, MoveCause.VOLUME, None]
    assert watch().weigh("AAPL", Decimal(10**9), OPEN)[1] is None


def test_fresh_news_ask_once_and_wait_for_a_cool_down() -> None:
    watched = watch(RULES.model_copy(update={"news": True}))
    old, fresh, later = (OPEN + timedelta(minutes=minute) for minute in (-1, 1, 70))
    told = []
    for published, at in [([old], fresh), ([old, fresh], fresh), ([old, fresh], later), ([later], later)]:
        watched, firing = watched.hear("AAPL", published, at)
        told.append(firing.evidence if firing else None)
    assert told == [None, {"headlines": "1"}, None, {"headlines": "1"}]
    assert watch().hear("AAPL", [fresh], fresh)[1] is None


TAPE = st.lists(
    st.tuples(
        st.sampled_from(["AAPL", "MSFT", "IBM"]),
        st.decimals("70", "140", places=2),
        st.integers(0, 20),
    ),
    max_size=60,
)


@examples(100, 1000)
@given(tape=TAPE, confirm=st.integers(1, 4), cool_down=st.integers(0, 60), cap=st.integers(0, 5))
def test_nothing_fires_without_a_move_that_lasted_nor_in_a_cool_down_nor_beyond_the_cap(
    tape: list[tuple[str, Decimal, int]], confirm: int, cool_down: int, cap: int
) -> None:
    rules = WatchRules(confirm_quotes=confirm, pace=Pace(cool_down_minutes=cool_down, most_a_day=cap))
    watched, at = watch(rules, symbols=("AAPL", "MSFT", "IBM")), OPEN
    told: list[Event] = []
    prices: dict[str, list[Decimal]] = {}
    last_at: dict[str, datetime] = {}
    reference: dict[str, Decimal] = {}
    for symbol, price, minutes in tape:
        at += minutes * timedelta(minutes=1) + SECOND
        watched, firing = watched.see(quote(price, at, symbol), at)
        known = reference.setdefault(symbol, Decimal(100))
        history = prices.setdefault(symbol, [])
        history.append(price)
        if firing is not None:
            run = history[-confirm:]
            assert len(run) == confirm
            assert all(one - known >= known / 20 for one in run) or all(known - one >= known / 20 for one in run)
            assert symbol not in last_at or at - last_at[symbol] >= timedelta(minutes=cool_down)
            reference[symbol], last_at[symbol], prices[symbol] = price, at, []
            told.append(moved_event("main", firing))
    assert len(told) <= cap
    assert len({event.event_id for event in told}) == len(told)
    # Who begins anew from the log alone knows every reference, cool-down and the count.
    again = watch(rules, symbols=("AAPL", "MSFT", "IBM")).resumed(told)
    assert again.fired == watched.fired
    for symbol, one in watched.symbols.items():
        other = again.symbols[symbol]
        assert (other.reference, other.cooling_until) == (one.reference, one.cooling_until)


@examples(100, 1000)
@given(
    moves=st.lists(st.decimals("-0.0499", "0.0499", places=4), min_size=1, max_size=40),
    close=st.decimals("5", "900", places=2),
)
def test_no_price_within_the_threshold_ever_fires(moves: list[Decimal], close: Decimal) -> None:
    rules = RULES.model_copy(update={"confirm_quotes": 1})
    _, fired = seen(watch(rules, str(close)), *((close * (1 + move)).quantize(Decimal("0.000001")) for move in moves))
    assert fired == []


def test_a_move_is_read_back_from_the_log_as_it_was_told() -> None:
    _, (firing,) = seen(watch(), "106", "106", "106")
    event = moved_event("main", firing)
    assert moved_of(event, RULES.pace) == firing.moved
    assert seal(event, position=1, sequence=1, previous_hash="0").content_hash
    assert event.event_id == "main/PriceMoved/AAPL/20261120T143002000000"


def split(ratio: str, on: date = TODAY) -> CorporateAction:
    return CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=on, ratio=Decimal(ratio))


def dividend(amount: str, on: date = TODAY) -> CorporateAction:
    return CorporateAction(symbol="AAPL", kind=ActionKind.DIVIDEND, ex_on=on, amount_usd=Decimal(amount), special=True)


SPIN_OFF = CorporateAction(
    symbol="AAPL", kind=ActionKind.SPIN_OFF, ex_on=TODAY, ratio=Decimal("0.5"), new_symbol="NEWCO"
)
RENAME = CorporateAction(symbol="AAPL", kind=ActionKind.RENAME, ex_on=TODAY, new_symbol="APPL")
# What happened, and what a share of 400 dollars of the day before is worth after it.
HAPPENED = [
    ([split("4")], "100"),
    ([split("0.1")], "4000"),
    ([split("1.5")], "266.67"),
    ([dividend("40")], "360"),
    ([split("4"), dividend("10")], "90"),
    ([dividend("40"), split("2")], "180"),
    ([split("4"), split("5")], "80"),
    ([RENAME], "400"),
    ([SPIN_OFF], "310"),
    ([split("20")], "20"),
]


@pytest.mark.parametrize(("what", "adjusted", "drift"), list(product(HAPPENED, (True, False), ("-0.045", "0.045"))))
def test_no_split_dividend_or_spin_off_is_a_move_however_the_close_was_restated(
    what: tuple[list[CorporateAction], str],
    adjusted: bool,  # noqa: FBT001  a parameter
    drift: str,
) -> None:
    actions, worth = what
    after = Decimal(worth)
    close = after if adjusted else Decimal(400)
    known = readings(close, actions, closed_on=YESTERDAY, on=TODAY)
    rules = RULES.model_copy(update={"confirm_quotes": 1})
    begun = Watch(rules=rules, symbols={"AAPL": Watched(closes=known, heard_until=OPEN)})
    _, fired = seen(begun, after, (after * (1 + Decimal(drift))).quantize(Decimal("0.01")), after)
    assert fired == []
    # A move that none of it explains is told all the same.
    moves = [(after * Decimal(factor)).quantize(Decimal("0.01")) for factor in ("0.65", "0.75", "0.9")]
    assert any(len(seen(begun, after, price, price)[1]) == 1 for price in moves)


def test_actions_of_other_days_change_no_reading() -> None:
    actions = [split("4", YESTERDAY), split("4", date(2026, 11, 21))]
    assert readings(Decimal(400), actions, closed_on=YESTERDAY, on=TODAY) == (Decimal(400),)


def test_of_a_company_that_does_too_much_in_a_day_nobody_can_say_what_a_price_is_worth() -> None:
    assert readings(Decimal(400), [split(str(n)) for n in range(2, 9)], closed_on=YESTERDAY, on=TODAY) == ()


def test_a_symbol_that_joins_does_not_disturb_what_is_known_of_others() -> None:
    watched, _ = seen(watch(), *["106"] * 3)
    joined = watched.joined({s: Watched(closes=(Decimal(1),), heard_until=OPEN) for s in ("AAPL", "MSFT")})
    assert (joined.symbols["AAPL"].reference, joined.symbols["MSFT"].references) == (Decimal(106), (Decimal(1),))
