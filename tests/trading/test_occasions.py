"""What a log gives reason to raise: an outage once and its end, a cap once a day, a position until it is smaller."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.making import AT, DESK
from trading.alerts import Severity, Topic, alert_raised
from trading.books import GRAVE
from trading.breaker_facts import NO_MODEL
from trading.events import EventType
from trading.occasions import Entry, Noticed, Occasion, look_at, read_on
from trading.portfolio import Portfolio, Position

FAILED, COMPLETED, SKIPPED = EventType.CYCLE_FAILED, EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED
HOURS = timedelta(hours=1)


def entry(sequence: int, kind: EventType, hours: int = 0, **data: Any) -> Entry:
    return Entry(sequence=sequence, type=kind, aggregate_id=f"c-{sequence}", occurred_at=AT + hours * HOURS, data=data)


def told(occasions: tuple[Occasion, ...]) -> list[tuple[Severity, str]]:
    return [(one.alert.severity, one.alert.reason) for one in occasions]


def test_an_outage_of_ten_cycles_is_one_alert_and_its_end_another_wherever_the_log_is_cut() -> None:
    outage = [entry(n, FAILED, n, code=NO_MODEL, reason="no model answered: overloaded") for n in range(1, 11)]
    log = [*outage[:4], entry(20, SKIPPED, 4, code="market_closed"), *outage[4:], entry(30, COMPLETED, 30)]
    for cut in range(len(log)):
        noticed, first = read_on(Noticed(), log[:cut])
        again = Noticed.model_validate(noticed.model_dump(mode="json"))
        noticed, second = read_on(again, log[cut:])
        assert told((*first, *second)) == [
            (Severity.WARNING, "cycle c-1 failed: no model answered: overloaded"),
            (
                Severity.INFO,
                f"cycles of agents run again: 10 had failed since {AT + HOURS:%Y-%m-%d %H:%M} UTC ({NO_MODEL})",
            ),
        ]
        assert noticed == Noticed(read_to=30)


def test_that_one_strategy_works_says_nothing_of_another_that_fails() -> None:
    why = "apply_rule: BadRule: it raised"
    broken = [entry(n, FAILED, n, strategy_id=name, reason=why) for n, name in enumerate(("one", "two", "one"), 1)]
    log = [*broken, entry(4, COMPLETED, 4, strategy_id="three"), entry(5, COMPLETED, 5, strategy_id="one")]
    noticed, found = read_on(Noticed(), log)
    assert [one.alert.key for one in found] == ["cycle-failed-1", "cycle-failed-2", "cycle-works-5"]
    assert found[-1].alert.reason.startswith("cycles of one run again: 2 had failed")
    assert list(noticed.failing) == ["two"]


def test_what_was_remembered_of_a_desk_with_one_strategy_is_still_read() -> None:
    known = {"read_to": 7, "failing": {"of": "mark", "since_at": AT.isoformat(), "count": 2}, "large": []}
    assert Noticed.model_validate(known).failing["agents"].count == 2
    assert Noticed.model_validate({**known, "failing": None}).failing == {}


def test_a_cycle_that_fails_of_something_else_is_news() -> None:
    reasons = ("take_snapshot: MarketUnavailable: 1", "take_snapshot: MarketUnavailable: 2", "mark: LedgerUnavailable")
    log = [entry(n, FAILED, reason=reason) for n, reason in enumerate(reasons, 1)]
    assert [one.alert.key for one in read_on(Noticed(), log)[1]] == ["cycle-failed-1", "cycle-failed-3"]


def test_a_rejected_order_is_a_warning_and_the_brokers_words_are_its_kind() -> None:
    terms: dict[str, Any] = {"side": "buy", "quantity": "10", "reason": "insufficient buying power"}
    log = [entry(n, EventType.ORDER_REJECTED, symbol=symbol, **terms) for n, symbol in enumerate(("AAPL", "MSFT"), 1)]
    found = read_on(Noticed(), log)[1]
    assert told(found)[0] == (Severity.WARNING, "buy 10 AAPL was rejected: insufficient buying power")
    assert {one.alert.kind for one in found} == {"rejected: insufficient buying power"}


@pytest.mark.parametrize("invariant", ["I1", "I13", "I16", "P1"])
def test_a_finding_is_critical_where_the_audit_halts(invariant: str) -> None:
    log = [entry(1, EventType.AUDIT_FINDING, invariant=invariant, about="AAPL", found="10, not 20")]
    ((severity, reason),) = told(read_on(Noticed(), log)[1])
    assert severity is (Severity.CRITICAL if invariant in GRAVE else Severity.WARNING)
    assert reason == f"the audit finds {invariant} broken at AAPL: 10, not 20"


def test_a_person_who_stops_the_desk_is_told_to_the_others_and_machines_speak_for_themselves() -> None:
    who = ("operator", "breaker", "audit", "reconciliation", "orders", "limits", "alerts")
    log = [
        entry(n, EventType.TRADING_STATE_CHANGED, state="HALTED", changed_by=by, reason="storm")
        for n, by in enumerate(who, 1)
    ]
    log.append(entry(9, EventType.TRADING_STATE_CHANGED, state="ACTIVE", changed_by="operator", reason="over"))
    assert told(read_on(Noticed(), log)[1]) == [(Severity.INFO, "HALTED on the word of operator: storm")]


def books(**shares: int) -> Portfolio:
    positions = tuple(
        Position(symbol=symbol, quantity=Decimal(held), cost_basis=Decimal(0), mark=Decimal(100))
        for symbol, held in shares.items()
    )
    return Portfolio(desk_id=DESK, cash=Decimal(10_000) - sum(p.value for p in positions), positions=positions)


def test_a_large_position_is_told_once_until_it_is_smaller_long_or_short() -> None:
    noticed, told_of = Noticed(), []
    held = (books(AAPL=25, MSFT=25), books(AAPL=26, MSFT=5), books(AAPL=40), books(AAPL=20), books(AAPL=-30))
    for hour, portfolio in enumerate(held):
        noticed, found = look_at(noticed, portfolio, 0.25, AT + hour * HOURS)
        told_of.append([one.alert.reason for one in found])
    assert told_of == [
        [],
        ["AAPL is 26.0% of equity, more than 25.0%"],
        [],
        [],
        ["AAPL is 30.0% of equity, more than 25.0%"],
    ]


def test_without_equity_whatever_is_held_is_large() -> None:
    broke = books(AAPL=1).model_copy(update={"cash": Decimal(-100)})
    assert look_at(Noticed(), broke, 1.0, AT)[1] == ()
    assert [one.alert.topic for one in look_at(Noticed(), broke, 0.9, AT)[1]] == [Topic.POSITION]


def test_every_alert_makes_an_event_whatever_a_log_holds() -> None:
    long = "x" * 5000
    log = [
        entry(10**9, EventType.CYCLE_FAILED, reason=long, code=long),
        entry(10**9 + 1, EventType.ORDER_REJECTED, reason=long),
        entry(10**9 + 2, EventType.AUDIT_FINDING, invariant=long, about=long, found=long),
        entry(10**9 + 4, EventType.TRADING_STATE_CHANGED, state="HALTED", changed_by=long, reason=long),
        entry(10**9 + 5, EventType.CYCLE_COMPLETED),
    ]
    found = read_on(Noticed(), log)[1]
    assert len({alert_raised("d" * 31, one.alert, one.at).event_id for one in found}) == len(log)
