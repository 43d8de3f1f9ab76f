"""One row a symbol, filled in as the agents speak; no words that a record allows are too long for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.steps import FakeSteps, ordered
from tests.making import cycle, order, request, signal, summary, these
from tests.trading.telling import assess, decide, row
from trading.cycle import run_cycle
from trading.docket import MOST_NOTE, CycleOutcome, Docket
from trading.errors import MarketUnavailable
from trading.instruments import Side
from trading.limits import Breach, Limit
from trading.money import MOST_TEXT
from trading.orders import OrderState
from trading.settlement import Denied
from trading.signals import Abstention, Validation, Verdict
from trading.steps import Cycle, Opening


def test_rows_come_by_symbol_and_empty_until_someone_speaks() -> None:
    docket = Docket(("MSFT", "AAPL"))
    assert [one.model_dump(exclude_defaults=True) for one in docket.rows] == [{"symbol": "AAPL"}, {"symbol": "MSFT"}]


def test_a_symbol_that_nobody_asked_for_gets_a_row_when_it_is_priced() -> None:
    docket = Docket(("MSFT",))
    docket.priced(summary({"AAPL": ("100", "Technology")}))
    assert [one.symbol for one in docket.rows] == ["AAPL", "MSFT"]


def test_a_later_word_replaces_an_earlier_one_and_silence_does_not() -> None:
    docket = Docket(("AAPL",))
    docket.signalled("AAPL", signal(reasoning="it trends"))
    docket.capped("AAPL", Decimal(10), Decimal(10), "")
    docket.assessed(assess("AAPL", "10"))
    assert docket.rows[0].note == "it trends"
    docket.validated(Validation(symbol="AAPL", approved=True, confidence=1, reasoning="agreed"))
    assert docket.rows[0].note == "agreed"
    docket.validated(Validation(symbol="AAPL", approved=True, confidence=1, patterns=("breakout",), concerns=("late",)))
    assert docket.rows[0].note == "breakout; late"


@pytest.mark.parametrize(("approved", "quantity"), [(True, 7), (False, 0)])
def test_what_is_not_approved_counts_for_nothing(*, approved: bool, quantity: int) -> None:
    docket = Docket(("AAPL",))
    docket.assessed(assess("AAPL", "7", approved=approved))
    docket.decided(decide("AAPL", "7", Verdict.EXECUTE if approved else Verdict.DO_NOT_EXECUTE))
    assert these(docket.rows[0].approved, docket.rows[0].decided) == (quantity, quantity)


def test_an_order_and_a_denial_each_leave_their_mark() -> None:
    docket = Docket(("AAPL", "MSFT"))
    rejected = order(request(), OrderState.REJECTED).model_copy(update={"reason": "no buying power"})
    docket.ordered(rejected, "AAPL")
    breach = Breach(limit=Limit.CASH, code="cash_exceeded", reason="too little cash")
    docket.ordered(Denied(client_order_id="id-1", breaches=(breach,)), "MSFT")
    told = [(one.order_state, one.filled, one.client_order_id, one.note) for one in docket.rows]
    assert told == [
        ("rejected", Decimal(0), request().client_order_id, "no buying power"),
        ("denied", None, "id-1", "too little cash"),
    ]


async def test_the_docket_tells_each_symbols_whole_way() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL", quantity="1000"), "MSFT": signal("MSFT", "hold", reasoning="flat")}
    steps.risk = {"AAPL": assess("AAPL", "120", concerns=("late", "hot"))}
    steps.decision = {"AAPL": decide("AAPL", "100")}
    steps.dropped = ({"symbol": "KO", "code": "stale", "reason": "an hour old"},)
    report = await run_cycle(steps, cycle("MSFT", "AAPL", "KO"))
    assert [one.symbol for one in report.rows] == ["AAPL", "KO", "MSFT"]
    assert row(report, "KO").note == "dropped: an hour old"
    assert row(report, "MSFT").model_dump(include={"action", "note", "asked"}) == {
        "action": "hold",
        "note": "flat",
        "asked": None,
    }
    whole = row(report, "AAPL").model_dump(exclude={"symbol", "action", "confidence", "validated", "order_state"})
    assert whole == {
        "price": Decimal(100),
        "asked": Decimal(1000),
        "allowed": Decimal(200),
        "approved": Decimal(120),
        "decided": Decimal(100),
        "filled": Decimal(100),
        "client_order_id": "paper/cycle-1-AAPL-buy-entry",
        "note": "so it is",
    }
    assert (row(report, "AAPL").validated, row(report, "AAPL").order_state) == (True, "filled")
    assert steps.told[-1] == ("traded", report.rows)
    assert [words for words, _ in steps.told][:4] == [
        "DataAgent: 1 signals for 2 symbols",
        "Limits: 1 of 1 allowed",
        "RiskManager: 1 of 1 approved",
        "Validator: 1 of 1 validated",
    ]


async def test_words_of_any_length_that_a_record_allows_do_not_stop_a_cycle() -> None:
    steps = FakeSteps()
    long = ("x" * 400,) * 12
    steps.signals = {
        "AAPL": signal("AAPL", reasoning="y" * MOST_TEXT),
        "MSFT": Abstention(symbol="MSFT", cause="Long", reason="z" * MOST_TEXT),
        "XOM": signal("XOM"),
        "KO": signal("KO"),
    }
    steps.risk = {"AAPL": assess("AAPL", "10", concerns=long), "XOM": assess("XOM", "0", approved=False, concerns=long)}
    steps.validation = {
        "AAPL": Validation(symbol="AAPL", approved=True, confidence=1, patterns=long, concerns=long),
        "KO": Abstention(symbol="KO", cause="Long", reason="z" * MOST_TEXT),
    }
    report = await run_cycle(steps, cycle("AAPL", "MSFT", "XOM", "KO"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(10))]
    assert {symbol: len(row(report, symbol).note) for symbol in ("MSFT", "XOM", "KO")} == dict.fromkeys(
        ("MSFT", "XOM", "KO"), MOST_NOTE
    )
    assert report.findings == ()


async def test_a_failure_of_any_length_ends_the_cycle() -> None:
    class LongExcuse(FakeSteps):
        async def open(self, cycle: Cycle) -> Opening:
            raise MarketUnavailable("x" * 10_000, retry_after_seconds=2)

    report = await run_cycle(LongExcuse(), cycle("AAPL"))
    assert report.outcome is CycleOutcome.FAILED
    assert report.reason == "x" * MOST_TEXT
