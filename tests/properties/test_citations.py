"""Numbers taken from the facts are never flagged, however they are usually written; invented ones always are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.agents.cases import RISING, facts
from trading.agents.citations import unsupported
from trading.agents.facts import Figures

FIGURES = Figures.of(facts()).model_dump(mode="json")
PRICES = st.floats(min_value=0.01, max_value=1e6, allow_nan=False)
FRACTIONS = st.floats(min_value=-0.99, max_value=3, allow_nan=False)


def _money(value: float, places: int) -> list[str]:
    plain = f"{value:.{places}f}"
    return [plain, f"${plain}", f"{value:,.{places}f}", f"${value:,.{places}f}", f"~{plain}", f"({plain})", f"-{plain}"]


def _percent(value: float, places: int) -> list[str]:
    plain = f"{value * 100:.{places}f}"
    return [f"{plain} %", f"{plain}%", f"+{plain} percent", f"{plain} pct", f"{plain.lstrip('-')}% below"]


@given(PRICES, st.integers(min_value=0, max_value=4), st.data())
def test_a_price_as_it_is_written_is_never_flagged(price: float, places: int, data: st.DataObject) -> None:
    written = data.draw(st.sampled_from(_money(price, places)))
    assert unsupported([f"The price is {written}, above its average."], {"price": price}) == ()


@given(FRACTIONS, st.integers(min_value=0, max_value=3), st.data())
def test_a_fraction_as_a_percentage_is_never_flagged(fraction: float, places: int, data: st.DataObject) -> None:
    written = data.draw(st.sampled_from(_percent(fraction, places)))
    assert unsupported([f"It returned {written}."], {"return_20d": fraction}) == ()


@given(PRICES, st.integers(min_value=0, max_value=4))
def test_a_number_cut_off_rather_than_rounded_is_never_flagged(price: float, places: int) -> None:
    cut = math.floor(price * 10**places) / 10**places
    assert unsupported([f"at {cut:.{places}f} dollars"], {"price": price}) == ()


@given(st.integers(min_value=10_000, max_value=10**10), st.sampled_from([("k", 1e3), ("M", 1e6), (" million", 1e6)]))
def test_a_volume_in_thousands_or_millions_is_never_flagged(volume: int, unit: tuple[str, float]) -> None:
    assert unsupported([f"{volume / unit[1]:.2f}{unit[0]} shares"], {"volume": volume}) == ()


@given(st.floats(min_value=11, max_value=1e6), st.integers(min_value=0, max_value=3), st.booleans())
def test_a_number_far_from_every_fact_is_flagged(number: float, places: int, money: bool) -> None:  # noqa: FBT001  drawn
    written = f"{'$' if money else ''}{number:.{places}f}"
    value = round(number, places)
    known = [value * 1.02 + 2, value * 0.97 - 2, value * 100 + 9, -value / 50]
    assert unsupported([f"It stands at {written} now."], {"figures": known}) == (written,)


@given(st.floats(min_value=0.5, max_value=400), st.integers(min_value=1, max_value=2))
def test_a_percentage_far_from_every_fact_is_flagged(number: float, places: int) -> None:
    written = f"{number:.{places}f} %"
    known = [number * 1.02 + 2, number / 100 * 1.02 + 0.02, 0.0001]
    assert unsupported([f"Growth of {written} is expected."], {"figures": known}) == (written,)


@given(st.text(max_size=4000))
@settings(max_examples=60)
def test_any_text_is_looked_through(text: str) -> None:
    found = unsupported([text], FIGURES)
    assert len(found) <= 12
    assert all(0 < len(number) <= 40 for number in found)


@pytest.mark.parametrize(
    "flood", ["1" * 4000, "1," * 2000, "1/" * 2000, "9 or " * 800, "sma " * 1000, "$" * 4000, "1-" * 2000]
)
def test_a_flood_costs_nothing(flood: str) -> None:
    assert len(unsupported([flood], FIGURES)) <= 12


def test_every_figure_by_its_name_is_borne_out() -> None:
    words = [f"{name} {value:.2f}" for name, value in RISING.items()]
    assert unsupported(words, FIGURES) == ()
