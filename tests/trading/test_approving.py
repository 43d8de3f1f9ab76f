"""Cycles of which a person is asked: every way to answer, what waits and what does not, and what the log then says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.approving import ALWAYS, AskedSteps, Meddling, Says, yes
from tests.fakes.desk import FakeDesk
from tests.fakes.steps import FakeSteps, ordered
from tests.making import after, cycle, signal
from tests.trading.planting import edited, numbers, requested, without
from trading.answering import Answer
from trading.approvals import ApprovalAsked, ApprovalMode, ApprovalTerms
from trading.audit import Books, audit
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType
from trading.instruments import Side
from trading.orders import Order, OrderKind, OrderState, Style, successor_id
from trading.steps import Cycle, Opening
from trading.strategy import Rung

AAPL, XOM = "paper/cycle-1-AAPL-buy-entry", "paper/cycle-1-XOM-buy-entry"


def steps(says: Says | None = None, terms: ApprovalTerms = ALWAYS) -> AskedSteps:
    """A cycle that wants ten AAPL for 1,000 dollars and thirty XOM for 1,200."""
    made = AskedSteps(says, terms)
    made.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM", quantity="30", stop="35")}
    return made


async def ran(made: FakeSteps) -> CycleReport:
    report = await run_cycle(made, cycle("AAPL", "XOM"))
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ()), report.reason
    return report


def notes(report: CycleReport) -> dict[str, tuple[str | None, str]]:
    return {row.symbol: (row.order_state, row.note) for row in report.rows if row.order_state}


def said(made: FakeSteps, kind: EventType) -> list[dict[str, Any]]:
    return [dict(event.data) for event in made.desk.events.values() if event.type is kind]


class InSession(AskedSteps):
    """A session runs: its bell is hours away."""

    async def open(self, cycle: Cycle) -> Opening:
        return (await super().open(cycle)).model_copy(update={"closes_at": after(600)})


async def test_in_a_session_a_yes_is_good_for_so_long_from_the_quote_on_that_was_seen() -> None:
    made = InSession(yes(), ALWAYS)
    made.signals = {"AAPL": signal("AAPL")}
    await ran(made)
    (asked,) = made.asked("approve")
    assert isinstance(asked, ApprovalAsked)
    oldest = max(order.quote_age_seconds for order in asked.orders)
    assert oldest > 0
    assert asked.expires_at - asked.asked_at == timedelta(minutes=15, seconds=-oldest)


async def test_a_yes_sends_exactly_what_was_asked() -> None:
    made = steps(yes())
    await ran(made)
    assert ordered(made) == [(Side.BUY, "AAPL", Decimal(10)), (Side.BUY, "XOM", Decimal(30))]
    (asked,) = made.asked("approve")
    assert isinstance(asked, ApprovalAsked)
    assert asked.expires_at - asked.asked_at == timedelta(minutes=15)
    assert [order.request for order in asked.orders] == made.asked("execute")
    (told,), (ended,) = said(made, EventType.APPROVAL_ASKED), said(made, EventType.APPROVAL_ENDED)
    assert [order["request"]["symbol"] for order in told["orders"]] == ["AAPL", "XOM"]
    assert [order["usd"] for order in told["orders"]] == ["1000.00", "1200.00"]
    assert (ended["end"], ended["by"], ended["reason"], ended["hash"]) == ("approved", "ann", "I looked", told["hash"])
    assert [order["approved"] for order in ended["orders"]] == [True, True]
    assert [order["digest"] for order in ended["orders"]] == list(asked.digests)
    consents = [event["consent"] for event in said(made, EventType.ORDER_INTENDED)]
    assert consents == [{"hash": asked.hash, "by": "ann", "end": "approved", "approved": True}] * 2


async def test_the_alert_is_raised_with_the_question() -> None:
    made = steps(yes())
    await ran(made)
    (alert,) = [one for one in said(made, EventType.ALERT_RAISED) if one["topic"] == "approval"]
    assert "starter.py approve paper/cycle-1 --hash " in alert["reason"]
    assert [EventType.APPROVAL_ASKED, EventType.ALERT_RAISED] in made.recorded


async def test_a_no_is_kept_as_orders_that_were_denied() -> None:
    made = steps(yes())
    made.approves = False
    report = await ran(made)
    assert ordered(made) == []
    denied = ("denied", "buy 10 AAPL was not approved: rejected by ann: I looked")
    assert notes(report)["AAPL"] == denied
    assert [one["breaches"][0]["code"] for one in said(made, EventType.ORDER_DENIED)] == ["approval_rejected"] * 2


async def test_a_yes_to_some_leaves_the_others() -> None:
    made = steps(yes("XOM"))
    report = await ran(made)
    assert ordered(made) == [(Side.BUY, "XOM", Decimal(30))]
    assert notes(report)["AAPL"] == ("denied", "buy 10 AAPL was not approved: partly XOM by ann: I looked")


async def test_silence_is_no() -> None:
    made = steps()
    report = await ran(made)
    assert ordered(made) == []
    assert notes(report)["XOM"] == ("denied", "buy 30 XOM was not approved: nobody has answered in time")
    (ended,) = said(made, EventType.APPROVAL_ENDED)
    assert (ended["end"], ended["by"]) == ("expired", "")


async def test_a_yes_that_comes_late_is_silence() -> None:
    made = steps(yes())
    made.takes = timedelta(minutes=15)
    await ran(made)
    assert (ordered(made), "silence is no" in made.refused) == ([], True)


async def test_a_yes_to_something_else_is_silence() -> None:
    made = steps(lambda asked: Answer(cycle_id=asked.cycle_id, hash="0" * 64, by="ann"))
    await ran(made)
    assert (ordered(made), "is not that of the orders that wait" in made.refused) == ([], True)


async def test_a_price_that_drifted_meanwhile_is_denied() -> None:
    made = steps(yes())
    made.newest = {"AAPL": "101.01", "XOM": "40.40"}
    report = await ran(made)
    assert ordered(made) == [(Side.BUY, "XOM", Decimal(30))]
    state, note = notes(report)["AAPL"]
    assert (state, note) == (
        "denied",
        "AAPL at 101.01 is 1.01% off the mark 100 that was approved, at most 1.00%",
    )


async def test_an_order_that_somebody_changes_after_the_yes_does_not_pass() -> None:
    made = Meddling(yes())
    made.signals = {"AAPL": signal("AAPL")}
    report = await run_cycle(made, cycle("AAPL"))
    assert ordered(made) == []
    assert notes(report)["AAPL"] == ("denied", "buy 11 AAPL is not the order that ann approved")


async def test_a_halt_that_comes_while_it_waits_denies() -> None:
    made = steps()

    def halting(asked: ApprovalAsked) -> Answer | None:
        made.desk.change_state(TradingState.HALTED)
        return yes()(asked)

    made.says = halting
    report = await ran(made)
    assert ordered(made) == []
    assert {state for state, _ in notes(report).values()} == {"denied"}
    assert notes(report)["AAPL"][1] == "the desk is HALTED"


async def test_small_entries_go_at_once_and_large_ones_wait() -> None:
    made = steps(terms=ApprovalTerms(mode=ApprovalMode.ABOVE_NOTIONAL, above_usd=Decimal(1100)))
    await ran(made)
    assert ordered(made) == [(Side.BUY, "AAPL", Decimal(10))]
    order = [name for name, _ in made.calls if name in {"execute", "approve"}]
    assert order == ["execute", "approve"]
    (asked,) = made.asked("approve")
    assert isinstance(asked, ApprovalAsked)
    assert asked.symbols == ("XOM",)


async def test_exits_go_first_and_wait_for_nobody() -> None:
    desk = FakeDesk()
    bought = FakeSteps(desk)
    bought.signals = {"AAPL": signal("AAPL")}
    await run_cycle(bought, cycle("AAPL"))
    made = AskedSteps(yes(), ALWAYS, desk)
    made.signals = {"AAPL": signal("AAPL", "sell", quantity="4"), "XOM": signal("XOM")}
    report = await run_cycle(made, cycle("AAPL", "XOM", number=2))
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    steps_taken = [name for name, _ in made.calls if name in {"execute", "approve"}]
    assert steps_taken == ["execute", "approve", "execute"]
    assert ordered(made)[0] == (Side.SELL, "AAPL", Decimal(4))


async def test_an_entry_that_nobody_is_asked_about_comes_after_the_exits_too() -> None:
    desk = FakeDesk()
    bought = FakeSteps(desk)
    bought.signals = {"XOM": signal("XOM")}
    await run_cycle(bought, cycle("XOM"))
    made = AskedSteps(None, ApprovalTerms(), desk)
    made.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM", "sell", quantity="4")}
    await run_cycle(made, cycle("AAPL", "XOM", number=2))
    assert [(side, symbol) for side, symbol, _ in ordered(made)] == [(Side.SELL, "XOM"), (Side.BUY, "AAPL")]


@pytest.mark.parametrize("rung", [Rung.SHADOW, Rung.PAPER])
async def test_in_shadow_nobody_is_asked(rung: Rung) -> None:
    made = steps(yes())
    made.strategy = made.strategy.model_copy(update={"rung": rung})
    await run_cycle(made, cycle("AAPL", "XOM"))
    assert len(made.asked("approve")) == (rung is Rung.PAPER)


async def test_without_terms_nobody_is_asked_and_nothing_is_said_of_it() -> None:
    made = steps(terms=ApprovalTerms())
    await ran(made)
    assert (made.asked("approve"), len(ordered(made))) == ([], 2)
    assert all("approval" not in one for one in said(made, EventType.SNAPSHOT_TAKEN))
    assert all("consent" not in one for one in said(made, EventType.ORDER_INTENDED))


async def test_a_question_that_cannot_be_told_ends_the_cycle_untraded() -> None:
    made = steps(yes())
    made.failing = {"approve"}
    report = await run_cycle(made, cycle("AAPL", "XOM"))
    assert (report.outcome, ordered(made)) == (CycleOutcome.FAILED, [])


async def test_a_limit_order_that_was_approved_is_not_repriced() -> None:
    made = steps(yes())
    made.style = Style(kind=OrderKind.LIMIT)
    await ran(made)
    (first, _) = [order.request for order in made.desk.orders.values() if order.request.kind is OrderKind.LIMIT][:2]
    assert (first.limit_price, first.reprice_seconds) == (Decimal("100.10"), 0)


def _unasked(books: Books) -> Books:
    return without(books, EventType.APPROVAL_ENDED)


def _follower(books: Books) -> Books:
    """The approved order goes on at another price."""
    (first,) = [order for order in books.orders if order.request.client_order_id == AAPL]
    name = successor_id(AAPL)
    changed = {"client_order_id": name, "replaces": AAPL, "mark": Decimal(101)}
    later = Order(request=first.request.model_copy(update=changed), state=OrderState.DENIED)
    told = edited(books, EventType.ORDER_INTENDED, 1, client_order_id=name, replaces=AAPL)
    return told.model_copy(update={"orders": (*books.orders, later)})


def _noes(books: Books) -> list[dict[str, object]]:
    (ended,) = [one.event for one in books.events if one.event.type is EventType.APPROVAL_ENDED]
    orders: Any = ended.data["orders"]
    return [{**order, "approved": order["symbol"] != "AAPL"} for order in orders]


def _late(books: Books) -> Books:
    (asked,) = [one.event for one in books.events if one.event.type is EventType.APPROVAL_ASKED]
    return edited(books, EventType.APPROVAL_ASKED, expires_at=asked.occurred_at.isoformat())


PLANTED: list[tuple[str, Callable[[Books], Books]]] = [
    ("nobody answered", _unasked),
    ("nobody was asked", lambda b: without(b, EventType.APPROVAL_ASKED)),
    ("the answer was no", lambda b: edited(b, EventType.APPROVAL_ENDED, orders=_noes(b))),
    ("it was bound to another hash", lambda b: edited(b, EventType.APPROVAL_ENDED, hash="0" * 64)),
    ("it was larger than what was seen", lambda b: requested(b, AAPL, quantity=Decimal(11))),
    ("it had another stop than was seen", lambda b: requested(b, XOM, stop=Decimal(34))),
    ("it came too late", _late),
    ("it went on at another price", _follower),
]


@pytest.mark.parametrize(("name", "plant"), PLANTED, ids=[name for name, _ in PLANTED])
async def test_the_audit_finds_an_entry_without_a_yes_to_exactly_it(name: str, plant: Callable[[Books], Books]) -> None:
    made = steps(yes())
    await ran(made)
    books = made.desk.books()
    assert numbers(audit(books, made.desk.broker())) == set()
    assert "A1" in numbers(audit(plant(books), made.desk.broker())), name


async def test_a_yes_that_stands_in_the_log_after_the_order_is_found() -> None:
    made = steps(yes())
    await ran(made)
    events = list(made.desk.events.values())
    ended = next(event for event in events if event.type is EventType.APPROVAL_ENDED)
    made.desk.events = {event.event_id: event for event in [*(e for e in events if e is not ended), ended]}
    assert "A1" in numbers(audit(made.desk.books(), made.desk.broker()))


async def test_a_pipeline_that_forgets_to_ask_is_stopped_by_the_intent() -> None:
    made = steps()
    await ran(made)
    asked = made.asked("intend")[0]
    assert hasattr(asked, "model_copy")
    answer = FakeDesk().intend(asked.model_copy(update={"consent": None}))
    assert [breach.code for breach in getattr(answer, "breaches", ())] == ["approval_missing"]
