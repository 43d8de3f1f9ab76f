"""Each invariant lets a clean life pass and finds the one thing planted against it, under its number."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.fakes.steps import FakeSteps
from tests.making import DESK, after, cycle, protection, signal
from tests.trading.planting import (
    BUY,
    DENIED,
    SELL,
    Life,
    before_this,
    edited,
    events_of,
    inserted,
    kept,
    logged,
    named,
    numbers,
    reordered,
    repositioned,
    requested,
    retraded,
    said,
    sold_first,
    stated,
    without,
)
from trading.audit import Books, Finding, audit
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.events import EventType, StoredEvent
from trading.instruments import Side
from trading.limits import Part, held_to
from trading.order_events import order_moved
from trading.orders import Leg, Order, OrderState
from trading.settlement import BrokerOrder

ENTERED, CLOSED = (sorted(held_to(part, flattens=False, informed=True)) for part in (Part.ENTRY, Part.EXIT))


@pytest.fixture
async def life() -> Life:
    """Two cycles: one bought ten shares of AAPL and was denied XOM, the next sold four of them."""
    steps = FakeSteps()
    steps.desk.commission = "1.00"
    steps.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM", weight="0.2")}
    await run_cycle(steps, cycle("AAPL", "XOM"))
    steps.signals = {"AAPL": signal("AAPL", "sell", quantity="4")}
    report = await run_cycle(steps, cycle("AAPL", number=2))
    assert report.findings == ()
    return steps.desk.books(), steps.desk.broker()


def test_a_clean_life_has_no_findings(life: Life) -> None:
    books, broker = life
    assert audit(books, broker) == ()
    kinds = {stored.event.type for stored in books.events}
    assert {EventType.ORDER_INTENDED, EventType.ORDER_DENIED, EventType.TRADE_EXECUTED} < kinds


def test_a_log_of_before_the_limits_grew_is_clean(life: Life) -> None:
    books, broker = life
    assert audit(before_this(books), broker) == ()


def test_an_exit_without_the_brokers_word_or_on_a_persons_is_held_to_less(life: Life) -> None:
    books, broker = life
    uninformed = sorted(held_to(Part.EXIT, flattens=False, informed=False))
    flattening = sorted(held_to(Part.EXIT, flattens=True, informed=True))
    for seen, told in ((uninformed, {"standing": None}), (flattening, {"flattens": True})):
        less = edited(books, EventType.ORDER_INTENDED, 1, looked_at=seen)
        assert numbers(audit(less, broker)) == {"I7"}
        assert audit(edited(books, EventType.ORDER_INTENDED, 1, looked_at=seen, **told), broker) == ()


def test_a_scan_that_is_not_held_is_no_cycle_and_may_be_told_while_one_runs(life: Life) -> None:
    books, broker = life
    skipped = said(EventType.CYCLE_SKIPPED, "scan/paper-2026-11-26T16:00:00Z", code="market_closed")
    assert audit(inserted(books, skipped, EventType.CYCLE_COMPLETED), broker) == ()


def test_books_that_never_began_are_clean(life: Life) -> None:
    books, _ = life
    empty = Books(desk_id=DESK, portfolio=books.portfolio.model_copy(update={"cash": Decimal(0), "positions": ()}))
    assert audit(empty) == ()


def test_protective_orders_and_orders_of_symbols_long_sold_need_no_decision(life: Life) -> None:
    books, broker = life
    stop = protection(Leg.STOP)
    adopted = order_moved(stop.request, stop.state, None, after(0))
    told = logged(books, [*events_of(books), adopted])
    assert audit(told.model_copy(update={"orders": (*books.orders, stop)}), broker) == ()


IN_THE_BOOKS: list[tuple[str, set[str], Callable[[Books], Books]]] = [
    ("no decision asked for the order", {"I1", "I13"}, lambda b: without(b, EventType.META_AGENT_DECISION)),
    (
        "the decision was not to execute",
        {"I1", "I13"},
        lambda b: edited(b, EventType.META_AGENT_DECISION, verdict="DO_NOT_EXECUTE"),
    ),
    ("an order is larger than its decision", {"I1"}, lambda b: edited(b, EventType.META_AGENT_DECISION, quantity="9")),
    (
        "an order goes the other way than its signal",
        {"I1"},
        lambda b: edited(b, EventType.SIGNAL_GENERATED, action="sell"),
    ),
    ("an order was sent without an intent", {"I3", "I13"}, lambda b: without(b, EventType.ORDER_INTENDED)),
    ("an order says more than its fills", {"I4"}, lambda b: reordered(b, BUY, filled_quantity=Decimal(11))),
    ("an order was filled beyond its quantity", {"I2", "I4"}, lambda b: requested(b, SELL, quantity=Decimal(3))),
    (
        "fills belong to no order",
        {"I1", "I4", "I6"},
        lambda b: b.model_copy(update={"orders": tuple(o for o in b.orders if o.request.client_order_id != SELL)}),
    ),
    ("a cent is missing", {"I5", "I6", "I17"}, lambda b: kept(b, cash=b.portfolio.cash - Decimal("0.01"))),
    ("a share is missing", {"I5", "I6", "I17"}, lambda b: repositioned(b, quantity=Decimal(5))),
    ("a cost basis is a cent off", {"I5", "I6", "I17"}, lambda b: repositioned(b, cost_basis=Decimal("600.61"))),
    ("a realised profit is a cent off", {"I5", "I6", "I17"}, lambda b: repositioned(b, realised_pnl=Decimal("-1.41"))),
    ("a position has no row", {"I5", "I6", "I17"}, lambda b: kept(b, positions=())),
    ("capital was paid in and not booked", {"I5", "I17"}, lambda b: b.model_copy(update={"capital": ()})),
    ("a trade is not in the log", {"I6"}, lambda b: without(b, EventType.TRADE_EXECUTED)),
    ("a trade in the log has another price", {"I6"}, lambda b: edited(b, EventType.TRADE_EXECUTED, price="101")),
    ("capital is not in the log", {"I6"}, lambda b: without(b, EventType.CAPITAL_CHANGED)),
    ("the log does not know of a halt", {"I6"}, lambda b: kept(b, trading_state=TradingState.HALTED)),
    (
        "the books do not know of a halt",
        {"I6"},
        lambda b: logged(b, [*events_of(b), said(EventType.TRADING_STATE_CHANGED, state="HALTED")]),
    ),
    (
        "an intent passed a limit's room",
        {"I7"},
        lambda b: edited(b, EventType.ORDER_INTENDED, rooms=[{"limit": "cash", "quantity": "9.999999999"}]),
    ),
    ("an equity is a cent off", {"I6"}, lambda b: stated(b, equity=b.equity + Decimal("0.01"))),
    ("a peak is below the first deposit", {"I6"}, lambda b: kept(b, peak_equity=Decimal("99999.99"))),
    ("a peak is below a mark", {"I6"}, lambda b: stated(b, most_equity=Decimal("100000.01"))),
    ("a trade earned more than its fills", {"I6"}, lambda b: retraded(b, realised_pnl=Decimal("3.60"))),
    ("a trade has no row", {"I6"}, lambda b: stated(b, trades=())),
    ("a trade has no fills", {"I6"}, lambda b: stated(b, trades=(*b.trades, named(b.trades[0], "other")))),
    ("a position is in another sector", {"I6"}, lambda b: repositioned(b, sector="Energy")),
    ("an order is in another state than the log says", {"I6"}, lambda b: reordered(b, BUY, state=OrderState.CANCELLED)),
    (
        "the log moved an order that the books did not",
        {"I6"},
        lambda b: logged(b, [*events_of(b), said(EventType.ORDER_CANCELLED, client_order_id=DENIED)]),
    ),
    (
        "the log knows an order that the books do not",
        {"I6"},
        lambda b: logged(b, [*events_of(b), said(EventType.ORDER_ACCEPTED, client_order_id="stranger")]),
    ),
    ("shares are held short", {"I5", "I6", "I7", "I17"}, lambda b: repositioned(b, quantity=Decimal(-1))),
    ("shares were sold before they were bought", {"I6", "I7"}, sold_first),
    (
        "a buy was not held to every limit",
        {"I7"},
        lambda b: edited(b, EventType.ORDER_INTENDED, rooms=[], looked_at=[n for n in ENTERED if n != "max_sector"]),
    ),
    (
        "a buy was not held to the broker's word",
        {"I7"},
        lambda b: edited(b, EventType.ORDER_INTENDED, looked_at=[n for n in ENTERED if n != "asset"]),
    ),
    (
        "a sale was not held to what is held",
        {"I7"},
        lambda b: edited(b, EventType.ORDER_INTENDED, 1, rooms=[], looked_at=[n for n in CLOSED if n != "holding"]),
    ),
    (
        "a sale was not counted",
        {"I7"},
        lambda b: edited(b, EventType.ORDER_INTENDED, 1, looked_at=[n for n in CLOSED if not n.startswith("max_")]),
    ),
    ("an intent was never checked", {"I7"}, lambda b: edited(b, EventType.ORDER_INTENDED, rooms=[], looked_at=[])),
    ("an old intent was never checked", {"I7"}, lambda b: before_this(edited(b, EventType.ORDER_INTENDED, rooms=[]))),
    (
        "a buy was intended while reducing",
        {"I6", "I8"},
        lambda b: inserted(b, said(EventType.TRADING_STATE_CHANGED, state="REDUCING"), EventType.ORDER_INTENDED),
    ),
    (
        "a sale was intended while halted",
        {"I6", "I8"},
        lambda b: inserted(b, said(EventType.TRADING_STATE_CHANGED, state="HALTED"), EventType.ORDER_INTENDED, 1),
    ),
    (
        "a cycle began while another ran",
        {"I10"},
        lambda b: inserted(b, said(EventType.CYCLE_STARTED, "paper/cycle-9"), EventType.CYCLE_COMPLETED),
    ),
    (
        "a cycle completed that never began",
        {"I10"},
        lambda b: without(b, EventType.CYCLE_STARTED),
    ),
    (
        "a scan was skipped, and failed",
        {"I10"},
        lambda b: logged(
            b, [*events_of(b), *(said(kind, "scan/1") for kind in (EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED))]
        ),
    ),
    (
        "a cycle ended twice",
        {"I10"},
        lambda b: logged(b, [*events_of(b), said(EventType.CYCLE_FAILED, "paper/cycle-1")]),
    ),
    ("a signal's quantity was raised", {"I12"}, lambda b: edited(b, EventType.SIGNAL_GENERATED, quantity="9")),
    ("the RiskManager's quantity was raised", {"I12"}, lambda b: edited(b, EventType.RISK_ASSESSED, quantity="9")),
    (
        "the code's cap was passed",
        {"I12"},
        lambda b: inserted(
            b,
            said(EventType.CONSTRAINT_APPLIED, "paper/cycle-1", symbol="AAPL", after="9"),
            EventType.RISK_ASSESSED,
        ),
    ),
    ("a decision has no order", {"I6", "I13"}, lambda b: without(b, EventType.ORDER_DENIED)),
    (
        "an order has no decision",
        {"I13"},
        lambda b: logged(b, [*events_of(b), said(EventType.ORDER_DENIED, "paper/cycle-2")]),
    ),
]


@pytest.mark.parametrize(("broken", "plant"), [pytest.param(n, p, id=name) for name, n, p in IN_THE_BOOKS])
def test_what_is_wrong_in_the_books_is_found(life: Life, broken: set[str], plant: Callable[[Books], Books]) -> None:
    books, broker = life
    assert numbers(audit(plant(books), broker)) == broken


def test_negative_cash_is_found(life: Life) -> None:
    books, broker = life
    assert "I7" in numbers(audit(kept(books, cash=Decimal("-0.01")), broker))


def test_reducing_lets_a_sale_pass_and_a_resumed_desk_a_buy(life: Life) -> None:
    books, broker = life
    reducing = said(EventType.TRADING_STATE_CHANGED, state="REDUCING")
    active = said(EventType.TRADING_STATE_CHANGED, "desk-again", state="ACTIVE")
    sold = inserted(books, reducing, EventType.ORDER_INTENDED, 1)
    assert numbers(audit(logged(sold, [*events_of(sold), active]), broker)) == set()
    halted = inserted(books, reducing, EventType.ORDER_INTENDED)
    assert numbers(audit(inserted(halted, active, EventType.ORDER_INTENDED), broker)) == set()


def broker_order(broker: tuple[BrokerOrder, ...], **changes: object) -> tuple[BrokerOrder, ...]:
    return (broker[0].model_copy(update=changes), *broker[1:])


AT_THE_BROKER: list[tuple[str, set[str], Callable[[tuple[BrokerOrder, ...]], tuple[BrokerOrder, ...]]]] = [
    ("an order nobody intended", {"I1"}, lambda b: (*b, b[0].model_copy(update={"client_order_id": "paper-x"}))),
    ("somebody else's order", set(), lambda b: (*b, b[0].model_copy(update={"client_order_id": "stranger"}))),
    ("another quantity", {"I2"}, lambda b: broker_order(b, quantity=Decimal(11))),
    ("another side", {"I2"}, lambda b: broker_order(b, side=Side.SELL)),
    ("another symbol", {"I2"}, lambda b: broker_order(b, symbol="MSFT")),
    ("the same order twice", {"I2"}, lambda b: (*b, b[0].model_copy(update={"broker_order_id": "b-2"}))),
    ("sent before it was intended", {"I3"}, lambda b: broker_order(b, received_at=after(-1))),
    ("still open though ended in the books", {"I4"}, lambda b: broker_order(b, state=OrderState.ACCEPTED)),
    ("less filled than booked", {"I4"}, lambda b: broker_order(b, filled_quantity=Decimal(9))),
]


@pytest.mark.parametrize(("broken", "plant"), [pytest.param(n, p, id=name) for name, n, p in AT_THE_BROKER])
def test_what_is_wrong_at_the_broker_is_found(
    life: Life, broken: set[str], plant: Callable[[tuple[BrokerOrder, ...]], tuple[BrokerOrder, ...]]
) -> None:
    books, broker = life
    assert numbers(audit(books, plant(broker))) == broken


@pytest.fixture
async def resting() -> Life:
    """A cycle whose order rests at the broker."""
    steps = FakeSteps()
    steps.desk.resting = {"AAPL"}
    steps.signals = {"AAPL": signal("AAPL")}
    assert (await run_cycle(steps, cycle("AAPL"))).findings == ()
    return steps.desk.books(), steps.desk.broker()


def test_an_order_that_ended_at_the_broker_and_is_open_in_the_books_is_found(resting: Life) -> None:
    books, broker = resting
    (found,) = audit(books, broker_order(broker, state=OrderState.CANCELLED))
    assert found == Finding(invariant="I4", about=BUY, found="the books say accepted, the broker cancelled")


def test_a_broker_may_be_a_step_ahead_or_behind_on_an_open_order(resting: Life) -> None:
    books, broker = resting
    for state in (OrderState.SUBMITTED, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED):
        assert audit(books, broker_order(broker, state=state)) == ()


async def test_an_order_still_only_intended_when_a_later_cycle_has_completed_is_found() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL")}
    steps.failing = {"execute"}
    own = await run_cycle(steps, cycle("AAPL"))
    assert own.findings == ()
    steps.signals, steps.failing = {}, set()
    later = await run_cycle(steps, cycle("AAPL").model_copy(update={"cycle_id": "c-2"}))
    assert later.findings == (Finding(invariant="I16", about=BUY, found="intended, never sent"),)


def unsealed(books: Books, at: int, **changes: object) -> tuple[StoredEvent, ...]:
    """The stored events with one of them changed behind the seal's back."""
    stored = list(books.events)
    stored[at] = stored[at].model_copy(update={"event": stored[at].event.model_copy(update=changes)})
    return tuple(stored)


IN_THE_LOG: list[tuple[str, Callable[[Books], tuple[StoredEvent, ...]]]] = [
    ("an edit", lambda b: unsealed(b, 1, trace_id="another")),
    ("a hole", lambda b: b.events[:3] + b.events[4:]),
    ("a missing head", lambda b: b.events[1:]),
    ("a missing tail", lambda b: b.events[:-1]),
    ("nothing left", lambda b: ()),
]


@pytest.mark.parametrize("tamper", [pytest.param(tamper, id=name) for name, tamper in IN_THE_LOG])
def test_a_log_that_is_not_whole_is_found(life: Life, tamper: Callable[[Books], tuple[StoredEvent, ...]]) -> None:
    books, broker = life
    assert "I9" in numbers(audit(books.model_copy(update={"events": tamper(books)}), broker))


def test_an_event_that_cannot_be_read_is_found(life: Life) -> None:
    books, broker = life
    (found,) = audit(stated(books, unreadable=("planted",)), broker)
    assert (found.invariant, found.about) == ("I9", "planted")


def test_rows_that_do_not_rest_on_the_log_are_looked_at_although_it_is_broken(life: Life) -> None:
    books, broker = life
    plants = (lambda b: stated(b, equity=Decimal(0)), lambda b: stated(b, trades=()), sold_first)
    for plant in plants:
        assert numbers(audit(plant(stated(books, events=())), broker)) > {"I9"}


def test_a_log_sealed_anew_with_fewer_events_is_found_by_its_count(life: Life) -> None:
    books, broker = life
    shorter = logged(books, events_of(books)[:-1])
    assert numbers(audit(shorter, broker)) == set()
    forged = shorter.model_copy(update={"event_count": books.event_count, "event_head": books.event_head})
    counted = books.event_count
    (finding,) = audit(forged, broker)
    assert finding == Finding(
        invariant="I9", about="events", found=f"{counted - 1} events where the ledger counted {counted}"
    )


def test_a_finding_names_what_it_is_about_and_shows_both_figures(life: Life) -> None:
    books, broker = life
    order: Order = next(o for o in books.orders if o.request.client_order_id == BUY)
    assert order.state is OrderState.FILLED
    (larger,) = audit(edited(books, EventType.META_AGENT_DECISION, quantity="9"), broker)
    assert larger == Finding(invariant="I1", about=BUY, found="ordered 10, decided 9")
    wrong = audit(repositioned(books, quantity=Decimal(5)), broker)
    five, six, parts = (one for one in wrong if one.about != "equity")
    assert [one.about for one in (five, six, parts)] == ["AAPL"] * 3
    rest = "shares at 600.60, realised -1.40"
    assert five.found == f"the books say 5 {rest}, fills make 6 {rest}"
