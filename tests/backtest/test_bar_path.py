"""The way through a bar: what is passed, in which order, and that the stop comes before the target."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.cycles.bar_path import Trigger, bar_path
from tests.fakes.bars import bar
from trading.instruments import Side
from trading.market import Bar
from trading.money import ZERO

PRICES = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    low, *rest, high = sorted(draw(st.lists(PRICES, min_size=4, max_size=4)))
    opens, closes = draw(st.permutations(rest))
    return Bar.model_validate(
        {"session_on": "2017-01-03", "open": opens, "high": high, "low": low, "close": closes, "volume": 1}
    )


TRIGGERS = st.lists(st.builds(Trigger, PRICES, st.sampled_from(Side)), max_size=6)


def lasts(path: tuple[object, ...]) -> list[str]:
    return [f"{step.last:f}" for step in path]  # type: ignore[attr-defined]


def test_what_is_held_long_falls_before_it_rises() -> None:
    stop, target = Trigger(Decimal(95), Side.SELL), Trigger(Decimal(108), Side.SELL)
    path = bar_path(bar("100 110 90 105"), [target, stop], 1)
    assert lasts(path) == ["100", "95.000000", "90", "108.000000", "110", "105"]


def test_what_is_held_short_rises_before_it_falls() -> None:
    stop, target = Trigger(Decimal(108), Side.BUY), Trigger(Decimal(95), Side.BUY)
    path = bar_path(bar("100 110 90 105"), [target, stop], -1)
    assert lasts(path) == ["100", "108.000000", "110", "95.000000", "90", "105"]


def test_a_stop_beyond_the_open_is_not_in_the_path() -> None:
    assert lasts(bar_path(bar("90 92 88 91"), [Trigger(Decimal(95), Side.SELL)], 1)) == ["90", "88", "92", "91"]


def test_a_trigger_is_the_bid_of_who_sells_and_the_ask_of_who_buys() -> None:
    half = Decimal("0.001")
    stop, limit = Trigger(Decimal(95), Side.SELL), Trigger(Decimal(95), Side.BUY)
    path = bar_path(bar("100 110 90 105"), [limit, stop], 1, half)
    assert [(step.bid, step.ask) for step in path[1:3]] == [
        (Decimal(95), Decimal("95.190190")),  # the bar is at 95.095095 there, and falls
        (Decimal("94.810190"), Decimal(95)),
    ]


@given(bars(), TRIGGERS, st.sampled_from([-1, 0, 1]), st.sampled_from(["0", "0.0005", "0.02"]).map(Decimal))
def test_a_path_has_the_bar_and_every_trigger_in_it_once(
    one: Bar, triggers: list[Trigger], sign: int, half: Decimal
) -> None:
    path = bar_path(one, triggers, sign, half)
    assert (path[0].last, path[-1].last) == (one.open, one.close)
    assert all(one.low <= step.last <= one.high for step in path)
    assert all(step.bid <= step.last <= step.ask for step in path)
    assert {one.low, one.high} <= {step.last for step in path}
    for trigger in set(triggers):
        parts = 1 - half if trigger.side is Side.SELL else 1 + half
        met = [step for step in path if trigger.price in {step.bid, step.ask}]
        if one.low <= trigger.price / parts <= one.high:
            assert met, trigger
    extra = len(path) - 4
    assert extra == sum(
        one.low <= t.price / (1 - half if t.side is Side.SELL else 1 + half) <= one.high for t in set(triggers)
    )


@given(bars(), TRIGGERS, st.sampled_from([-1, 1]), st.randoms(use_true_random=False))
def test_a_path_is_the_same_in_whatever_order_its_triggers_come(
    one: Bar, triggers: list[Trigger], sign: int, shuffled: object
) -> None:
    other = list(triggers)
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    assert bar_path(one, triggers, sign) == bar_path(one, other, sign)


@given(bars(), st.tuples(PRICES, PRICES))
def test_the_stop_is_passed_before_the_target(one: Bar, prices: tuple[Decimal, Decimal]) -> None:
    stop, target = min(prices), max(prices)
    if not (one.low <= stop < one.open < target <= one.high):
        return
    path = bar_path(one, [Trigger(target, Side.SELL), Trigger(stop, Side.SELL)], 1)
    prices_met = [step.bid for step in path]
    assert prices_met.index(stop) < prices_met.index(target)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bar_of_one_price_is_that_price(sign: int) -> None:
    path = bar_path(bar("5 5 5 5"), [Trigger(Decimal(5), Side.SELL)], sign, ZERO)
    assert {step.last for step in path} == {Decimal(5)}
