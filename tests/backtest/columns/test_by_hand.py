"""Ten bars worked by hand: each dollar is in the comment beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backtest.columns import can_run, run_columns
from tests.backtest.columns.scenes import FIVE_BPS, fixed, of_equity, panel, plan
from trading.backtest_plan import FillAt, Frictions
from trading.costs import Costs
from trading.errors import BadConfiguration, BadRule
from trading.limits import Limits

NAN = float("nan")
CLOSES = [10.0, 10.0, 9.0, 8.0, 9.0, 10.0, 11.0, 10.0, 9.0, 8.5]
OPENS = [10.0, 10.1, 9.5, 8.5, 8.2, 9.3, 10.2, 10.9, 9.7, 8.8]
ONE = panel({"A": CLOSES}, {"A": OPENS})
PAIR = {"fast": 2, "slow": 3}
UP = [10.0, 10.0, 10.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0]
"""SMA 2 equals SMA 3 up to the fourth bar and is above it from the fifth on: bought at the open of the sixth."""


def costs(**fields: Any) -> Frictions:
    return Frictions(costs=Costs(**{"slippage_bps": Decimal(0), **fields}))


def events(ran: Any) -> list[tuple[int, str, float, float]]:
    symbols = [ran.symbols[at] for at in ran.fills.symbol]
    return list(zip(ran.fills.day.tolist(), symbols, ran.fills.shares.tolist(), ran.fills.price.tolist(), strict=True))


@pytest.mark.parametrize("compiled", [True, False])
def test_bought_once_and_held(compiled: bool) -> None:  # noqa: FBT001
    asked = plan(ONE, strategy="buy-and-hold", cash=10_000, sizing=fixed(100), frictions=FIVE_BPS)
    ran = run_columns(ONE, asked, compiled=compiled)
    assert events(ran) == [(1, "A", 100, 10.1)]  # decided at the first close, filled at the second open
    assert ran.fills.commission.tolist() == pytest.approx([0.505])  # 1,010.00 × 0.0005
    assert ran.cash[-1] == pytest.approx(8_989.495)  # 10,000 − 1,010.00 − 0.505
    assert ran.equity[-1] == pytest.approx(9_839.495)  # + 100 × 8.50
    assert ran.equity[0] == 10_000


@pytest.mark.parametrize("compiled", [True, False])
def test_two_averages_cross_up_and_down(compiled: bool) -> None:  # noqa: FBT001
    # from the third bar on SMA 2: 9.50 8.50 8.50 9.50 10.50 10.50 9.50 8.75
    #                      SMA 3: 9.67 9.00 8.67 9.00 10.00 10.33 10.00 9.17
    asked = plan(ONE, parameters=PAIR, cash=10_000, sizing=fixed(100), frictions=FIVE_BPS)
    ran = run_columns(ONE, asked, compiled=compiled)
    # above at the sixth close, bought at the seventh open; below at the ninth, sold at the tenth
    assert events(ran) == [(6, "A", 100, 10.2), (9, "A", -100, 8.8)]
    assert ran.fills.leg == ("entry", "exit")
    assert ran.fills.commission.tolist() == pytest.approx([0.51, 0.44])  # 1,020.00 and 880.00, × 0.0005
    assert ran.equity[6] == pytest.approx(10_079.49)  # 10,000 − 1,020.00 − 0.51 + 1,100.00
    assert ran.equity[-1] == pytest.approx(9_859.05)  # 10,000 − 1,020.51 + 879.56


def test_at_the_close_it_is_filled_where_it_was_decided() -> None:
    ran = run_columns(ONE, plan(ONE, parameters=PAIR, cash=10_000, sizing=fixed(100), fill=FillAt.CLOSE))
    assert events(ran) == [(5, "A", 100, 10.0), (8, "A", -100, 9.0)]
    assert ran.equity[-1] == 9_900


def test_every_cost_is_paid_once() -> None:
    paid = Costs(
        slippage_bps=Decimal(10),
        commission_per_order=Decimal(1),
        commission_per_share=Decimal("0.02"),
        commission_bps=Decimal(5),
    )
    frictions = Frictions(costs=paid, spread_bps=Decimal(20))
    ran = run_columns(ONE, plan(ONE, parameters=PAIR, cash=10_000, sizing=fixed(100), frictions=frictions))
    bought, sold = 10.2 * 1.001 * 1.001, 8.8 * 0.999 * 0.999  # half of the spread, then the slippage
    assert ran.fills.price.tolist() == pytest.approx([bought, sold])
    assert ran.fills.commission.tolist() == pytest.approx([3 + 0.05 * bought, 3 + 0.05 * sold])  # 1 + 2 + 5 bps


def test_cash_earns_by_calendar_days_and_only_above_nothing() -> None:
    still = panel({"A": [10.0] * 8})
    ran = run_columns(still, plan(still, cash=365_000, frictions=Frictions(cash_rate=Decimal("0.1"))))
    assert ran.cash[1] == pytest.approx(365_100)  # 365,000 × 0.1 / 365
    assert ran.interest == pytest.approx(365_000 * (1 + 0.1 / 365) ** 7 - 365_000)


def test_a_buy_that_a_gap_makes_dearer_than_the_cash_is_given_up_and_told() -> None:
    gapped = panel({"A": UP}, {"A": [*UP[:5], 100.0, *UP[6:]]})
    ran = run_columns(gapped, plan(gapped, parameters=PAIR, cash=1_000, sizing=of_equity("0.9")))
    assert len(ran.fills) == 0
    assert [(one.code, one.shares, one.decided_on.day) for one in ran.refusals] == [("exceeds_cash", 81, 9)]
    assert ran.equity[-1] == 1_000


def test_a_sale_pays_for_a_purchase_of_the_same_morning_whatever_their_names() -> None:
    # Z costs 900 of 1,000 and brings 700, so that 800 are there for the 600 of A, which comes first by name.
    late = [5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.5, 6.0, 6.0]
    both = panel({"A": late, "Z": [10.0, 9.0, 8.0, 8.0, 9.0, 9.0, 9.0, 8.0, 7.0, 7.0]})
    ran = run_columns(both, plan(both, parameters=PAIR, cash=1_000, sizing=fixed(100)))
    assert events(ran) == [(5, "Z", 100, 9.0), (8, "Z", -100, 7.0), (8, "A", 100, 6.0)]


def test_a_symbol_without_a_bar_decides_nothing_and_its_order_waits_for_its_next_open() -> None:
    holed = panel({"A": [*UP[:5], NAN, NAN, *UP[5:8]], "B": [10.0] * 10})
    ran = run_columns(holed, plan(holed, parameters=PAIR, cash=10_000, sizing=fixed(100)))
    assert events(ran) == [(7, "A", 100, 12.0)]
    assert ran.closes[6, 0] == 11.0, "valued at the newest close"


def test_a_buy_that_waits_for_a_bar_has_its_place_cash_and_sector_already() -> None:
    holed = panel({"A": [*UP[:5], NAN, NAN, *UP[5:8]], "B": [*[10.0] * 5, *UP[4:9]]}, sectors={"B": "Rest"})
    asked = plan(holed, parameters=PAIR, cash=10_000, sizing=fixed(100), limits=Limits(max_positions=1))
    ran = run_columns(holed, asked)
    assert events(ran) == [(7, "A", 100, 12.0)]
    assert [(one.symbol, one.code, one.decided_on.day) for one in ran.refusals] == [("B", "max_positions", 10)]
    wide = Limits(max_position=Decimal(1), max_sector=Decimal(1))
    tight = run_columns(holed, asked.model_copy(update={"cash": 2_000, "limits": wide}))
    # 105 % of its 1,100.00 leave 845.00: 73 shares of B. Two days later it costs 1,200.00 and 1,124.00 are there.
    assert [(one.symbol, one.code, one.shares) for one in tight.refusals] == [
        ("B", "cash", 27),
        ("A", "exceeds_cash", 100),
    ]


def test_what_stops_trading_is_valued_at_its_last_close_and_told() -> None:
    ended = panel({"A": [*UP[:8], NAN, NAN], "B": [10.0] * 10})
    ran = run_columns(ended, plan(ended, parameters=PAIR, cash=10_000, sizing=fixed(100)))
    assert ran.equity[-1] == 10_000 - 1_200 + 100 * 14.0
    assert [(one.code, one.symbol) for one in ran.cautions] == [("data_ended", "A")]


def test_an_order_that_nothing_came_after_is_told() -> None:
    ended = panel({"A": [*UP[:5], *[NAN] * 5], "B": [10.0] * 10})
    ran = run_columns(ended, plan(ended, parameters=PAIR, cash=10_000, sizing=fixed(100)))
    assert [(one.code, one.symbol, one.shares) for one in ran.refusals] == [("no_bar", "A", 100)]


def test_averages_are_over_a_symbols_own_bars() -> None:
    late = panel({"A": [NAN, NAN, *UP[1:5], NAN, *UP[5:8]], "B": [10.0] * 10})
    ran = run_columns(late, plan(late, parameters=PAIR, cash=10_000, sizing=fixed(100)))
    assert events(ran) == [(7, "A", 100, 12.0)], "its own fourth bar is its first that can cross"


def test_days_before_the_first_only_warm_up() -> None:
    asked = plan(ONE, parameters=PAIR, cash=10_000, sizing=fixed(100))
    ran = run_columns(ONE, asked.model_copy(update={"from_on": ONE.days[5].astype(object)}))
    assert len(ran.days) == 5
    assert events(ran) == [(1, "A", 100, 10.2), (4, "A", -100, 8.8)]
    ran = run_columns(ONE, asked.model_copy(update={"from_on": ONE.days[6].astype(object)}))
    assert events(ran) == [], "what crossed while it warmed up is not bought later"


def limited(sectors: dict[str, str], **fields: Any) -> Any:
    several = panel(dict.fromkeys(sectors, UP), sectors=sectors)
    ran = run_columns(several, plan(several, parameters=PAIR, cash=10_000, **{"limits": Limits(), **fields}))
    return [one[1:3] for one in events(ran)], [(one.symbol, one.code, one.shares) for one in ran.refusals]


def test_limits_cut_what_is_bought_in_the_order_of_the_names() -> None:
    # At the close 11.00: a position 2,000.00, 181 shares (1,991.00); a sector 3,000.00, of which 1,009.00 are left: 91.
    assert limited({"A": "Tech", "B": "Tech", "C": "Tech"}, sizing=of_equity("0.25")) == (
        [("A", 181), ("B", 91)],
        [("A", "max_position", 46), ("B", "max_sector", 136), ("C", "max_sector", 227)],
    )
    # 105 % of what is bought must be there: 10,000 / 1.05 / 11 = 865 shares, of which four times 181 leave 141. At the
    # next open, 12.00, four cost 8,688.00, and 1,692.00 for those 141 are not there any more.
    several = {name: name for name in "ABCDEF"}
    bought, refused = limited(several, sizing=of_equity("0.20"))
    assert bought == [("A", 181), ("B", 181), ("C", 181), ("D", 181)]
    assert refused == [("E", "cash", 40), ("F", "cash", 181), ("E", "exceeds_cash", 141)]
    assert limited({"A": "Tech", "B": "Rest"}, sizing=fixed(50), limits=Limits(max_positions=1)) == (
        [("A", 50)],
        [("B", "max_positions", 50)],
    )
    assert limited({"A": "Tech"}, sizing=fixed(9)) == ([], [("A", "smallest_order", 9)])  # 99.00 of 10,000
    assert limited({"A": "Tech"}, sizing=fixed(10)) == ([("A", 10)], [])
    assert limited({"A": "Tech"}, sizing=fixed(50), limits=Limits(restricted_symbols=("A",))) == ([], [])


def test_a_pending_exit_frees_no_place() -> None:
    # A is below at the ninth close, where B crosses up: A still has the only place.
    late = [10.0] * 8 + [11.0, 12.0]
    both = panel({"A": CLOSES, "B": late}, sectors={"A": "Tech", "B": "Rest"})
    ran = run_columns(both, plan(both, parameters=PAIR, cash=10_000, sizing=fixed(100), limits=Limits(max_positions=1)))
    assert [(one.symbol, one.code) for one in ran.refusals] == [("B", "max_positions")]
    free = run_columns(both, plan(both, parameters=PAIR, cash=10_000, sizing=fixed(100), limits=Limits()))
    assert [one[1] for one in events(free)] == ["A", "A", "B"]


def test_a_rule_that_holds_so_many_at_most_counts_a_sale_as_a_place_at_once() -> None:
    # sma-crossover with one part: A falls below at the ninth close, and B, above since the fifth, is bought with it.
    both = panel({"A": CLOSES, "B": [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 10.0, 11.0]})
    ran = run_columns(both, plan(both, strategy="sma-crossover", parameters={**PAIR, "parts": 1}, sizing=fixed(100)))
    assert [(day, symbol, shares > 0) for day, symbol, shares, _ in events(ran)] == [
        (6, "A", True),
        (9, "A", False),
        (9, "B", True),
    ]


def test_drift_beyond_a_limit_is_told_and_not_traded() -> None:
    risen = panel({"A": [*UP[:6], 20.0, 40.0, 80.0, 90.0]})
    ran = run_columns(risen, plan(risen, parameters=PAIR, cash=10_000, sizing=of_equity("0.2"), limits=Limits()))
    assert len(ran.fills) == 1
    assert ran.notes[0].startswith("max_position of 20% was passed by the drift of prices at 5 closes, at most 6")


def test_what_it_is_held_against_needs_no_trade() -> None:
    both = panel({"A": CLOSES, "B": [NAN, NAN, 20.0, *[25.0] * 7]}, {"A": OPENS, "B": [NAN, NAN, 10.0, *[25.0] * 7]})
    ran = run_columns(both, plan(both, cash=1_000, benchmark="A"))
    assert ran.benchmark is not None
    assert ran.held is not None
    assert ran.benchmark[-1] == pytest.approx(1_000 / 10 * 8.5)
    assert ran.held[1] == pytest.approx(500 / 10 * 10.0 + 500)
    assert ran.held[-1] == pytest.approx(500 / 10 * 8.5 + 500 / 10 * 25.0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"strategy": "agents"}, "day by day"),
        ({"strategy": "breakout"}, "no form for columns"),
        ({"parameters": {"fast": 9, "slow": 3}}, "must be less"),
        ({"frictions": Frictions(volume_share=Decimal("0.1"))}, "volume"),
        ({"limits": Limits(fractional=True)}, "fractions"),
        ({"sizing": of_equity("0")}, "nothing"),
        ({"sizing": fixed(1).model_copy(update={"amount": Decimal("1.5")})}, "no whole shares"),
    ],
)
def test_what_it_cannot_do_it_says_and_refuses(fields: dict[str, Any], reason: str) -> None:
    asked = plan(ONE, **fields)
    assert reason in str(can_run(asked))
    with pytest.raises((BadConfiguration, BadRule), match=reason):
        run_columns(ONE, asked)
    assert can_run(plan(ONE)) is None


def test_data_that_do_not_fit_the_plan_are_refused_by_name() -> None:
    with pytest.raises(BadConfiguration, match="the data have no B, C"):
        run_columns(ONE, plan(ONE, symbols=("B", "A", "C")))
    with pytest.raises(BadConfiguration, match="no session from 2020-01-01 to 2020-02-01"):
        run_columns(ONE, plan(ONE, from_on="2020-01-01", to_on="2020-02-01"))


def test_a_caution_names_the_limits_that_do_not_bind_here() -> None:
    ran = run_columns(ONE, plan(ONE, limits=Limits()))
    assert [one.code for one in ran.cautions] == ["limits_of_columns", "nothing_filled"]
    assert np.isfinite(ran.equity).all()
