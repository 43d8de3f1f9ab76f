"""A setup in numbers: finite whatever it is made of, the same after a split, and near to what is like it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.agents.cases import FALLING, facts
from trading.features import FEATURES, SECTORS, distance, features_of, regime
from trading.instruments import Side
from trading.market import Indicators, SymbolFacts
from trading.steps import Trigger

PRICES = ("sma_", "ema_", "macd", "atr_", "bollinger_")
anything = st.floats(allow_nan=False, allow_infinity=False)
prices = st.decimals("0.000001", "10000000", places=6)


def at(price: Decimal, known: SymbolFacts) -> SymbolFacts:
    quote = known.quote.model_copy(update={"bid": price, "ask": price, "last": price})
    return known.model_copy(update={"quote": quote})


def of(known: SymbolFacts, side: Side = Side.BUY, trigger: str = "scheduled", sector: str = "") -> dict[str, float]:
    return dict(zip(FEATURES, features_of(known, side, trigger, sector), strict=True))


def split(known: SymbolFacts, ratio: float) -> SymbolFacts:
    numbers = known.indicators.model_dump()
    dollars = {name: value / ratio for name, value in numbers.items() if name.startswith(PRICES)}
    price = Decimal(str(float(known.quote.last) / ratio)).quantize(Decimal("0.000001"))
    return at(price, known.model_copy(update={"indicators": Indicators(**numbers | dollars)}))


@given(st.fixed_dictionaries(dict.fromkeys(Indicators.model_fields, anything)), prices, st.text(), st.text())
def test_whatever_the_market_says_is_finite_and_of_one_size(
    numbers: dict[str, float], price: Decimal, trigger: str, sector: str
) -> None:
    seen = features_of(at(price, facts(**numbers)), Side.SELL, trigger, sector)
    assert len(seen) == len(FEATURES)
    assert all(math.isfinite(number) and abs(number) <= 1 for number in seen)
    assert all(number == round(number, 4) for number in seen)


@given(st.sampled_from([0.05, 0.1, 0.5, 2.0, 3.0, 4.0, 10.0, 20.0]), st.sampled_from([{}, FALLING]))
def test_a_split_changes_nothing(ratio: float, numbers: dict[str, float]) -> None:
    before = facts(**numbers)
    assert features_of(split(before, ratio), Side.BUY, "manual") == pytest.approx(
        features_of(before, Side.BUY, "manual"), abs=2e-4
    )


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("rsi", {"rsi_14": 75.0}, 0.5),
        ("sma_20", {"sma_20": 100.0}, 0.0),
        ("macd", {"macd_histogram": 0.3, "atr_14": 1.5}, 0.4),
        ("atr", {"atr_14": 2.0}, 0.0),
        ("atr", {"atr_14": 8.0}, 1.0),
        ("atr", {"atr_14": 0.0}, 0.0),
        ("bollinger", {"bollinger_middle": 97.0, "bollinger_upper": 100.0}, 0.6667),
        ("volume", {"volume_zscore_20": -1.5}, -0.5),
        ("volume", {"volume_zscore_20": 40.0}, 1.0),
        ("return_20", {"return_20d": 0.1, "realised_volatility_20": 0.2}, 0.5916),
        ("high", {"distance_from_52w_high": -0.25}, 0.0),
        ("high", {"distance_from_52w_high": -0.9}, -1.0),
        ("volatility", {"realised_volatility_20": 1.0}, 1.0),
        ("above_50", {"sma_50": 101.0}, -0.5),
        ("regime:usual-up", {}, 0.5),
        ("regime:wild-down", {**FALLING, "realised_volatility_20": 0.3}, 0.5),
        ("regime:calm-none", {"sma_50": 120.0, "realised_volatility_20": 0.1}, 0.5),
    ],
)
def test_each_number_is_by_its_formula(name: str, changes: dict[str, Any], expected: float) -> None:
    assert of(facts(**changes))[name] == expected


def test_one_of_each_kind_is_said_and_what_is_unknown_is_a_kind_of_its_own() -> None:
    for known, weight in (("regime:", 0.5), ("sector:", 0.3), ("trigger:", 0.15)):
        assert sorted(value for name, value in of(facts()).items() if name.startswith(known))[-2:] == [0.0, weight]
    assert of(facts())["sector:Unknown"] == 0.3  # `Technology` is no sector's name
    assert of(facts(), sector="Energy")["sector:Energy"] == 0.3
    assert sum(value for name, value in of(facts(), trigger="a wish").items() if name.startswith("trigger")) == 0
    assert (of(facts())["side"], of(facts(), Side.SELL)["side"]) == (0.25, -0.25)


def test_names_are_each_once() -> None:
    assert len(set(FEATURES)) == len(FEATURES) == 44
    assert len(SECTORS) == 13
    assert all(f"trigger:{name}" in FEATURES for name in Trigger)


def test_a_small_change_is_nearer_than_another_market() -> None:
    here = features_of(facts(), Side.BUY, "scheduled")
    alike = features_of(facts(rsi_14=60.0, return_1d=0.006), Side.BUY, "manual", "Energy")
    stranger = features_of(facts(**FALLING), Side.BUY, "scheduled")
    assert distance(here, here) == 0
    assert distance(here, alike) < 1 < distance(here, stranger)


def test_a_regime_is_named_by_volatility_and_by_averages() -> None:
    assert regime(facts().indicators, 100) == "usual-up"
