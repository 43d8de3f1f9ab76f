"""The audit log cannot be edited, shortened or reordered unseen, and the same run says the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from tests.fakes.desk import sealed
from tests.making import AT, CYCLE, DESK, TRACE, after, cycle, fill, order, request, signal, these
from trading import cycle_events, order_events
from trading.alerts import Alert, Topic, alert_raised
from trading.breaches import Evidence
from trading.breaker import CircuitBreaker, StateChange, TradingState
from trading.breaker_events import state_changed
from trading.events import (
    GENESIS,
    Event,
    EventType,
    StoredEvent,
    broken_links,
    canonical,
    content_hash,
    printable,
    seal,
    storable,
)
from trading.instruments import Side
from trading.judging import held
from trading.limits import Breach, Limit, Room
from trading.orders import Leg, OrderState
from trading.settlement import BrokerOrder, Denied
from trading.standing import Recent
from trading.steps import Source


def event(number: int = 1, aggregate: str = CYCLE, /, **more: Any) -> Event:
    fields: dict[str, Any] = {
        "event_id": f"{aggregate}/{number}",
        "desk_id": DESK,
        "aggregate_id": aggregate,
        "type": EventType.SIGNAL_GENERATED,
        "trace_id": TRACE,
        "occurred_at": AT,
        "data": {"symbol": "AAPL", "quantity": "10"},
    }
    return Event(**fields | more)


@pytest.mark.parametrize(
    "same",
    [
        {"event_id": "another"},
        {"aggregate_id": "another"},
        {"desk_id": "another"},
        {"trace_id": "another"},
        {"occurred_at": after(1)},
        {"data": {"quantity": "10", "symbol": "AAPL"}},
        *({"data": {"symbol": "AAPL", "quantity": "10", name: "x"}} for name in ("told_at", "call_id", "fill_ids")),
        {"data": {"symbol": "AAPL", "quantity": "10", "_id": [1]}},
    ],
)
def test_when_and_under_which_id_is_no_part_of_what_was_said(same: dict[str, Any]) -> None:
    assert content_hash(event(**same)) == content_hash(event())


@pytest.mark.parametrize(
    "other",
    [
        {"type": EventType.RISK_ASSESSED},
        {"data": {"symbol": "AAPL", "quantity": "11"}},
        {"data": {"symbol": "AAPL", "quantity": 10}},
        {"data": {"symbol": "AAPL"}},
        {"data": {"symbol": "AAPL", "quantity": "10", "more": None}},
        *(
            {"data": {"symbol": "AAPL", "quantity": "10", name: "x"}}
            for name in ("at", "id", "ids", "as_of", "at_x", "id_x")
        ),
        {"data": {"symbol": "AAPL", "quantity": "10", "said": {"to": 1}}},
    ],
)
def test_whatever_else_it_says_is(other: dict[str, Any]) -> None:
    assert content_hash(event(**other)) != content_hash(event())


def test_times_and_ids_are_left_out_however_deep_they_lie() -> None:
    one, two = ({"rooms": [{"seen_at": at, "in": {"b_id": at}}, 1]} for at in ("x", "y"))
    assert content_hash(event(data=one)) == content_hash(event(data=two))
    three = {"rooms": [{"seen_at": "x", "in": {"b": "x"}}, 1]}
    assert content_hash(event(data=one)) != content_hash(event(data=three))


LOG = sealed(event(number, aggregate) for number, aggregate in enumerate([CYCLE, CYCLE, DESK, CYCLE, DESK], start=1))


def test_a_log_is_numbered_in_its_desk_and_in_each_aggregate() -> None:
    assert [(s.sequence, s.position) for s in LOG] == [(1, 1), (2, 2), (3, 1), (4, 3), (5, 2)]
    assert LOG[0].previous_hash == GENESIS
    assert [s.previous_hash for s in LOG[1:]] == [s.hash for s in LOG[:-1]]
    assert broken_links(LOG) == []
    assert broken_links([]) == []


def changed(at: int, **more: Any) -> list[StoredEvent]:
    """The log with one stored event changed as it lies."""
    return [s.model_copy(update=more) if number == at else s for number, s in enumerate(LOG)]


def resealed(at: int, **more: Any) -> list[StoredEvent]:
    """The log with one event sealed anew over other words, as a clever forger would."""
    old = LOG[at]
    forged = seal(
        old.event.model_copy(update=more), position=old.position, sequence=old.sequence, previous_hash=old.previous_hash
    )
    return [*LOG[:at], forged, *LOG[at + 1 :]]


def renumbered() -> list[StoredEvent]:
    """The third event removed, and those after it renumbered and chained anew from where it was."""
    kept = [*LOG[:2]]
    for stored in LOG[3:]:
        position = stored.position - (stored.event.aggregate_id == DESK)
        again = seal(stored.event, position=position, sequence=stored.sequence - 1, previous_hash=stored.previous_hash)
        kept.append(again)
    return kept


EDITS: list[tuple[str, Any]] = [
    ("data", {"symbol": "MSFT"}),
    ("occurred_at", after(1)),
    ("trace_id", "another"),
    ("type", EventType.RISK_ASSESSED),
    ("event_id", "another"),
    ("desk_id", "another"),
]
TAMPERED: list[tuple[str, list[StoredEvent], str]] = [
    *((f"{name} edited", changed(1, event=event(2, **{name: value})), "not what was sealed") for name, value in EDITS),
    ("content hash edited", changed(1, content_hash=GENESIS), "not what was sealed"),
    ("hash edited", changed(1, hash=GENESIS), "not what was sealed"),
    ("last hash edited", changed(4, hash=GENESIS), "not what was sealed"),
    ("previous hash edited", changed(1, previous_hash=GENESIS), "does not join"),
    ("edited and sealed anew", resealed(1, data={"symbol": "MSFT"}), "does not join"),
    ("head removed", list(LOG[1:]), "does not join"),
    ("middle removed", [*LOG[:2], *LOG[3:]], "does not join"),
    ("middle removed and renumbered", renumbered(), "does not join"),
    ("two swapped", [LOG[0], LOG[2], LOG[1], *LOG[3:]], "numbered 3/1, expected 2/1"),
    ("one twice", [*LOG[:2], LOG[1], *LOG[2:]], "numbered 2/2, expected 3/3"),
    ("sequence edited", changed(1, sequence=7), "numbered 7/2, expected 2/2"),
    ("position edited", changed(1, position=7), "numbered 2/7, expected 2/2"),
]  # fmt: skip


@pytest.mark.parametrize(("log", "found"), [pytest.param(log, found, id=name) for name, log, found in TAMPERED])
def test_what_was_done_to_the_log_is_found(log: list[StoredEvent], found: str) -> None:
    assert any(found in wrong for wrong in broken_links(log))


def test_a_log_cut_at_its_end_still_joins_so_the_ledger_counts_too() -> None:
    assert broken_links(LOG[:-1]) == []


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (1.0, 1),
        (-0.0, 0),
        (0.1, 0.1),
        (True, True),
        (None, None),
        ("nul\0l", "nul\ufffdl"),
        ("half \ud83d", "half \ufffd"),
        ("whole \U0001f600", "whole \U0001f600"),
        ({"a\0": [1.0, {"b": "\0"}]}, {"a\ufffd": [1, {"b": "\ufffd"}]}),
    ],
)
def test_a_value_has_one_form_that_every_store_gives_back(given: Any, stored: Any) -> None:
    assert storable(given) == stored
    assert canonical(event(data={"x": given}).data) == canonical({"x": stored})
    assert storable(storable(given)) == stored


@pytest.mark.parametrize("given", [float("nan"), float("inf"), [-float("inf")], {"x": float("nan")}])
def test_an_event_holds_only_finite_numbers(given: Any) -> None:
    with pytest.raises(ValueError, match="finite"):
        storable(given)
    with pytest.raises(ValidationError):
        event(data={"x": given})


def test_a_whole_number_hashes_the_same_as_it_comes_back() -> None:
    assert canonical(event(data={"x": 5.0}).data) == '{"x":5}'
    assert printable("plain") == "plain"


SOURCE = Source(model="rules", prompt_version="1", call_id="c-1")
ASKED = request()
SEEN = Evidence(
    rooms=(Room(limit=Limit.CASH, quantity=ASKED.quantity),), looked_at=(Limit.CASH,), standing=None, recent=Recent()
)
AT_BROKER = BrokerOrder(
    client_order_id=ASKED.client_order_id,
    broker_order_id="b-1",
    symbol="AAPL",
    side=Side.SELL,
    leg=Leg.STOP,
    quantity=ASKED.quantity,
    state=OrderState.ACCEPTED,
    stop_price=ASKED.mark,
    reason="why",
    received_at=AT,
)


@pytest.mark.parametrize(
    "make",
    [
        lambda at: cycle_events.started(cycle(), at),
        lambda at: cycle_events.signal_generated(cycle(), signal(), SOURCE, at),
        lambda at: order_events.order_intended(ASKED, SEEN, at),
        lambda at: order_events.order_moved(ASKED, OrderState.ACCEPTED, AT_BROKER, at),
        lambda at: order_events.order_moved(ASKED, OrderState.REJECTED, None, at, "no"),
    ],
)
def test_what_happened_has_one_name_whenever_it_is_written(make: Callable[[Any], Event]) -> None:
    first, again = make(AT), make(after(5))
    assert first.event_id == again.event_id
    assert content_hash(first) == content_hash(again)
    assert first.aggregate_id == CYCLE


def test_an_orders_events_are_named_after_it() -> None:
    states = (OrderState.SUBMITTED, OrderState.ACCEPTED, OrderState.REJECTED, OrderState.CANCELLED, OrderState.EXPIRED)
    names = {order_events.order_moved(ASKED, state, None, AT).event_id for state in states}
    assert names == {
        f"{ASKED.client_order_id}/Order{word}" for word in ("Submitted", "Accepted", "Rejected", "Cancelled", "Expired")
    }
    told = order_events.order_moved(ASKED, OrderState.ACCEPTED, AT_BROKER, AT).data
    assert (told["broker_order_id"], told["reason"]) == ("b-1", "why")


def test_an_intent_carries_its_evidence_and_a_denial_its_breaches() -> None:
    intended = order_events.order_intended(ASKED, SEEN, AT)
    assert intended.data["rooms"] == [{"limit": "cash", "quantity": "10"}]
    assert (intended.data["looked_at"], intended.data["recent"]) == (["cash"], Recent().model_dump(mode="json"))
    breach = Breach(limit=Limit.CASH, code="cash_exceeded", reason="too little")
    denied = Denied(client_order_id=ASKED.client_order_id, breaches=(breach, breach))
    refused = order_events.order_denied(ASKED, denied, SEEN, AT)
    assert refused.data["breaches"] == [breach.model_dump(mode="json")] * 2
    assert refused.data["looked_at"] == ["cash"]
    assert denied.reason == "too little; too little"
    assert order_events.order_moved(ASKED, OrderState.REJECTED, None, AT, "closed").data["reason"] == "closed"


@pytest.mark.parametrize(
    ("side", "price", "slippage"), [(Side.BUY, "101", "1"), (Side.SELL, "101", "-1"), (Side.SELL, "99", "1")]
)
def test_slippage_is_positive_when_it_costs(side: Side, price: str, slippage: str) -> None:
    asked = request(side=side)
    told = order_events.trade_executed(asked, fill(asked, price=price))
    assert told.data["slippage"] == slippage
    assert told.event_id == f"{asked.client_order_id}-1/TradeExecuted"


def test_a_protective_order_is_its_entrys_but_for_its_own_terms() -> None:
    made = order_events.protective_request(request(stop="90", target="120"), AT_BROKER)
    assert (made.parent_id, made.leg, made.side, made.kind) == (ASKED.client_order_id, Leg.STOP, Side.SELL, "stop")
    assert these(made.stop_price, made.limit_price, made.stop, made.target) == (100, None, None, None)
    assert type(made).model_validate(made.model_dump()) == made
    assert order(made).is_open


def test_an_alert_is_told_once_for_each_reason() -> None:
    alert = Alert(topic=Topic.SYSTEM, key="stream", reason="silent")
    first = alert_raised(DESK, alert, AT)
    assert first.event_id == alert_raised(DESK, alert.model_copy(update={"reason": "still"}), after(1)).event_id
    assert first.event_id == f"{DESK}/{EventType.ALERT_RAISED}/stream"
    assert first.event_id != alert_raised(DESK, alert.model_copy(update={"key": "lost-order"}), AT).event_id
    assert (first.aggregate_id, first.type, first.occurred_at) == (DESK, EventType.ALERT_RAISED, AT)
    assert first.data == {"topic": "system", "reason": "silent", "severity": "critical"}


def test_a_change_of_state_is_told_once_for_each_occasion_with_who_and_why() -> None:
    change = StateChange(
        desk_id=DESK,
        change_id="r-1",
        state=TradingState.HALTED,
        changed_by="reconciliation",
        reason="cash is off",
        at=AT,
    )
    halted = held(CircuitBreaker(), change)
    told = state_changed(halted, change)
    assert told.event_id == state_changed(halted, change.model_copy(update={"at": after(1)})).event_id
    assert told.event_id != state_changed(halted, change.model_copy(update={"change_id": "r-2"})).event_id
    assert (told.aggregate_id, told.type) == (DESK, EventType.TRADING_STATE_CHANGED)
    said = {"state": "HALTED", "changed_by": "reconciliation", "reason": "cash is off"}
    assert told.data == {**said, "breaker": halted.standing}


def test_an_order_that_nobody_answers_for_has_a_word_of_its_own() -> None:
    told = order_events.order_moved(ASKED, OrderState.UNKNOWN, None, AT, "nobody said")
    assert told.event_id == f"{ASKED.client_order_id}/OrderUnknown"
    assert told.data["reason"] == "nobody said"
