"""The equity curve as a rule: money that comes and goes is no gain, and the benchmark never knows a day to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from trading.equity_curve import Compared, Marked, equity_curve
from trading.money import ZERO, cents

BEGIN = datetime(2026, 11, 20, 21, tzinfo=UTC)
DAY = timedelta(days=1)
EQUITIES = st.lists(st.decimals("0.01", "1000000", places=2), min_size=1, max_size=20)
RETURNS = st.lists(st.floats(-0.2, 0.2), max_size=20)


def marks(equities: list[Decimal], paid: list[Decimal] | None = None) -> list[Marked]:
    paid = paid or [ZERO] * len(equities)
    return [
        Marked(BEGIN + number * DAY, *each) for number, each in enumerate(zip(equities, equities, paid, strict=True))
    ]


def closes(*returned: float | None) -> list[Compared]:
    """One at the bell of each mark, the first at that of the first."""
    return [Compared(BEGIN + number * DAY, one) for number, one in enumerate(returned)]


@given(EQUITIES, st.decimals("0", "1000000", places=2))
def test_without_flows_a_drawdown_is_the_part_below_the_highest_so_far(equities: list[Decimal], peak: Decimal) -> None:
    highest = list(accumulate(equities, max, initial=peak))[1:]
    points = equity_curve(marks(equities), [], peak)
    assert [one.equity for one in points] == equities
    for point, most in zip(points, highest, strict=True):
        assert abs(point.drawdown - float(1 - point.equity / max(most, point.equity))) < 1e-6
        assert point.benchmark is None


@given(st.lists(st.decimals("0", "5000", places=2), min_size=1, max_size=20))
def test_money_that_comes_is_no_gain_and_no_drawdown_and_the_benchmark_has_it_too(paid_in: list[Decimal]) -> None:
    equities = [Decimal(1000) + one for one in accumulate(paid_in)]
    points = equity_curve(marks(equities, list(accumulate(paid_in))), closes(*[0.0] * len(equities)))
    assert {round(one.drawdown, 9) for one in points} == {0.0}
    assert [one.benchmark for one in points] == equities


@given(RETURNS)
def test_a_desk_that_is_its_benchmark_stays_beside_it(returns: list[float]) -> None:
    exact = accumulate(returns, lambda value, one: value * Decimal(1 + one), initial=Decimal(1_000_000))
    equities = [cents(value) for value in exact]
    points = equity_curve(marks(equities), closes(0.5, *returns))
    assert [one.benchmark for one in points] == equities


def test_what_was_taken_out_is_not_lost_and_what_fell_before_it_still_is() -> None:
    thousand, fallen, taken = Decimal(1000), Decimal(900), Decimal(400)
    points = equity_curve(marks([thousand, fallen, taken], [ZERO, ZERO, Decimal(-500)]), [])
    assert [round(one.drawdown, 9) for one in points] == [0.0, 0.1, 0.1]


def test_a_day_whose_price_is_missing_is_left_out_and_so_is_all_before_the_first_close() -> None:
    same = [Decimal(1000)] * 5
    told = [Compared(one.closes_at + DAY, one.returned) for one in closes(0.5, 0.1, None, 0.1)]
    points = equity_curve(marks(same), told)
    assert [one.benchmark for one in points] == [None, Decimal(1000), Decimal(1100), None, Decimal(1210)]


def test_between_two_closes_the_benchmark_is_that_of_the_earlier() -> None:
    equities = [Decimal(1000)] * 3
    late = [Compared(BEGIN, 0.0), Compared(BEGIN + timedelta(hours=30), 0.2)]
    assert [one.benchmark for one in equity_curve(marks(equities), late)] == [1000, 1000, 1200]


def test_exposure_is_what_is_not_cash_and_unknown_of_a_desk_worth_nothing() -> None:
    told = [Marked(BEGIN, Decimal(1000), Decimal(250), ZERO), Marked(BEGIN + DAY, ZERO, Decimal(5), ZERO)]
    assert [one.exposure for one in equity_curve(told, [])] == [0.75, None]
