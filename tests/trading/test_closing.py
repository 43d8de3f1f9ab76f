"""A session's close: what it says of equity, gains, costs, strategies and the closes before it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.making import after, these
from tests.trading.closing import ORDERS, bell, closed, due, history, lived, paid, priced, traded
from trading.adjustments import Adjustment, AdjustmentKind
from trading.closing import Benchmark, Gains, Missing, Tallies, missing_words
from trading.closing_books import Past, close_of, held_at

D = Decimal
BOUGHT = traded(0, 0, "100", "50.10", commission="1.00")
SOLD = traded(1, 1, "40", "52.00", commission="1.00")
DAYS = [{"AAPL": "51"}, {"AAPL": "53"}, {"AAPL": "50"}]


def test_what_was_held_at_the_bell_is_valued_and_what_came_after_is_not() -> None:
    late = traded(2, 0, "10", "40", filled_at=bell(0) + timedelta(seconds=1))
    at_the_bell = traded(2, 0, "5", "40", filled_at=bell(0), fill_id="just-in-time")
    books = history([BOUGHT, late, at_the_bell], [paid(1, "500.00")])
    close = close_of(books, due(0), priced(AAPL="51", MSFT="41"), Past())
    assert held_at(books, due(0)) == {"AAPL": 100, "MSFT": 5}
    assert close.cash == D("100000.00") - D("5011.00") - D("200.00")
    assert close.equity == close.cash + 5100 + 205
    assert these(close.opening, close.paid_in, close.flow_count) == these(D("100000.00"), D("100000.00"), 0)


def test_a_day_a_week_and_the_opening_are_counted_without_deposits() -> None:
    books = history([BOUGHT, SOLD], [paid(1, "5000.00"), paid(2, "-1000.00", "withdrawal")])
    first, second, third = lived([books] * 3, DAYS)
    assert first.pnl.day == first.pnl.opening == D("89.00")  # 90 on the shares, less a dollar of commission
    assert second.pnl.day == D(100 * 2 - 40) - D(1)
    assert third.pnl.day == D(60 * -3)
    assert these(third.pnl.week, third.pnl.month) == these(third.pnl.opening, third.pnl.opening)
    assert third.equity is not None
    assert third.pnl.opening == third.equity - D("104000.00")
    assert second.day_return == pytest.approx(159 / (100089 + 5000))
    assert third.day_return == pytest.approx(-180 / (100089 + 5000 + 159))


def test_the_gains_of_a_day_say_where_they_come_from() -> None:
    dividend = paid(1, "24.00", "dividend", symbol="AAPL")
    fee = paid(1, "-2.50", "fee")
    _, close = lived([history([BOUGHT, SOLD], [dividend, fee])] * 2, DAYS[:2])
    # 40 shares that cost 2,004.40 with their commission went for 2,079.
    assert close.gains == Gains(realised=D("74.60"), unrealised=D("173.40"), other=D("21.50"))
    assert close.day_gains == Gains(realised=D("74.60"), unrealised=D("84.40"), other=D("21.50"))
    assert close.symbols[0].day == D("159.00") + 24
    assert close.symbols[0].unrealised == D("173.40")


def test_a_close_without_a_price_names_what_is_missing_and_the_next_one_bridges_it() -> None:
    books = history([BOUGHT, traded(2, 0, "10", "40")])
    prices: list[dict[str, str | None]] = [{"AAPL": "51", "MSFT": "40"}, {"AAPL": "52", "MSFT": None}]
    prices.append({"AAPL": "53", "MSFT": "40"})
    first, second, third = lived([books] * 3, prices)
    assert second.missing == (Missing(symbol="MSFT", reason="no bar"),)
    assert these(second.equity, second.gains, second.pnl.day, second.day_return) == (None, None, None, None)
    assert [line.day for line in second.symbols] == [D(100), None]
    assert these(third.base_on, third.pnl.day) == these(first.session_on, D(200))
    assert third.performance.sessions == 2
    assert [one.gain for one in second.strategies] == [None]


def test_slippage_is_against_the_price_of_the_decision_and_of_a_stop_against_its_own() -> None:
    stop = ORDERS[1].model_copy(
        update={"client_order_id": "stop", "leg": "stop", "kind": "stop", "stop_price": D(48), "parent_id": "entry"}
    )
    out = traded(1, 0, "10", "47.50", client_order_id="stop", fill_id="out")
    books = history([BOUGHT, out])
    known = {**books.orders, "stop": stop}
    close = close_of(books._replace(orders=known), due(0), priced(AAPL="51"), Past())
    assert close.tallies.slippage == D("10.00") + D("5.00")  # 100 × 0.10 and 10 × 0.50
    assert close.tallies.traded == D("5010.00") + D("475.00")


def test_a_split_between_decision_and_fill_is_no_slippage() -> None:
    split = Adjustment(
        adjustment_id="split",
        desk_id="paper",
        symbol="AAPL",
        kind=AdjustmentKind.SPLIT,
        ratio=D(2),
        effective_at=after(1),
        evidence="a list",
    )
    entry = ORDERS[0].model_copy(update={"as_of": after(0)})
    books = history([traded(0, 4, "100", "25.00")], adjustments=[split])
    close = close_of(books._replace(orders={entry.client_order_id: entry}), due(4), priced(AAPL="25"), Past())
    assert close.tallies.slippage == 0


def test_trades_belong_to_the_strategy_that_opened_them_and_orders_to_the_one_that_gave_them() -> None:
    fills = [BOUGHT, traded(2, 0, "10", "40"), traded(3, 1, "10", "38", commission="0.50")]
    _, close = lived([history(fills)] * 2, [{"AAPL": "51", "MSFT": "40"}, {"AAPL": "51"}])
    agents, operator = close.strategies
    assert (agents.strategy_id, agents.lost, agents.won) == ("agents", 1, 0)
    assert these(agents.given_up, agents.gain) == these(D("20.50"), D("89.00") - D("20.50"))
    assert these(agents.profit_factor, agents.win_rate) == these(0.0, 0.0)
    assert these(operator.gain, operator.commission, operator.slippage) == these(D(0), D("0.50"), D(20))


def test_shares_that_were_taken_over_are_a_strategy_of_their_own() -> None:
    taken = Adjustment(
        adjustment_id="taken",
        desk_id="paper",
        symbol="MSFT",
        kind=AdjustmentKind.ADOPTION,
        quantity=D(10),
        cost=D("390.00"),
        effective_at=bell(0) - timedelta(hours=1),
        evidence="a person",
    )
    close = close_of(history(adjustments=[taken]), due(0), priced(MSFT="40"), Past())
    assert [(one.strategy_id, one.gain) for one in close.strategies] == [("agents", D("10.00"))]
    assert close.gains == Gains(unrealised=D("10.00"), other=D("390.00"))
    assert close.equity == D("100400.00")


def test_the_benchmark_is_compared_over_the_days_of_which_both_are_known() -> None:
    books = history([BOUGHT])
    first = close_of(books, due(0), priced(AAPL="51"), Past())
    known = priced(AAPL="53")._replace(benchmark=Benchmark(symbol="SPY", day_return=0.001))
    second = close_of(books, due(1), known, closed([first]))
    assert first.performance.benchmark_return is None
    assert second.performance.benchmark_return == pytest.approx(0.001)
    assert second.performance.excess_return == pytest.approx((second.day_return or 0) - 0.001)


def test_counts_of_the_day_are_those_since_the_close_before() -> None:
    counts = [
        Tallies(orders=3, denied=1, model_calls=10, model_usd=D("0.5")),
        Tallies(orders=4, denied=3, model_calls=12, model_usd=D("0.7")),
    ]
    _, close = lived([history([BOUGHT], counted=one) for one in counts], DAYS[:2])
    assert these(close.day_tallies.orders, close.day_tallies.denied, close.day_tallies.fills) == (1, 2, 0)
    assert these(close.day_tallies.model_calls, close.day_tallies.model_usd) == these(2, D("0.2"))


def test_missing_prices_are_told_by_their_reasons() -> None:
    missing = [Missing(symbol=symbol, reason=reason) for symbol, reason in (("A", "x"), ("B", "y"), ("C", "x"))]
    assert missing_words(tuple(missing)) == "A, C: x; B: y"
