"""Two looks make one judgement: what neither look had alone is nothing, and the same difference is told once."""

from __future__ import annotations

import pytest

from tests.fakes.bookkeeping import folded
from tests.fakes.desk import sealed
from tests.making import AT, CYCLE, DESK, TRACE, after, deposit, fill, request
from trading.breaker import CircuitBreaker, TradingState
from trading.corrections import BookFill
from trading.differences import Case, Difference
from trading.events import Event, EventType
from trading.reconciling import (
    MOST_DIFFERENCES,
    Comparison,
    Reconciled,
    ReconciliationAsked,
    calling_for,
    difference_found,
    ignored_orders,
    order_ignored,
    sentence,
    standing_in_both,
)

ASKED = ReconciliationAsked(desk_id=DESK, reconciliation_id="r-1", trace_id=TRACE, cycle_id=CYCLE)


def difference(case: Case = Case.CASH_OFF, about: str = "cash", words: str = "10.00 USD are missing") -> Difference:
    return Difference(case=case, about=about, ours="100", theirs="90", words=words)


CASH, SHARES = difference(), difference(Case.POSITION_TOO_SMALL, "AAPL", "4 shares are missing")
MISSED = difference(Case.MISSED_FILL, "f-1", "the broker tells a fill of 10")


def looked(*found: Difference) -> Comparison:
    return Comparison(asked=ASKED, differences=found)


def test_a_reconciliation_is_named_after_what_asked_for_it() -> None:
    assert ASKED.workflow_id == "reconciliation/r-1"


def test_only_what_nobody_explains_is_a_question() -> None:
    assert looked(MISSED, CASH).open_questions == (CASH,)
    assert looked(MISSED).open_questions == ()


@pytest.mark.parametrize(
    ("earlier", "later", "stays"),
    [
        ((CASH,), (CASH,), (CASH,)),
        ((CASH,), (), ()),
        ((), (CASH,), ()),
        ((CASH,), (SHARES,), ()),
        ((CASH, SHARES), (SHARES, CASH), (SHARES, CASH)),
        ((SHARES,), (difference(Case.POSITION_TOO_SMALL, "MSFT"),), ()),
        ((MISSED,), (), (MISSED,)),
        ((), (MISSED,), (MISSED,)),
        ((MISSED, CASH), (CASH,), (MISSED, CASH)),
    ],
)
def test_what_counts_is_what_was_corrected_and_what_stood_in_both_looks(
    earlier: tuple[Difference, ...], later: tuple[Difference, ...], stays: tuple[Difference, ...]
) -> None:
    assert standing_in_both(looked(*earlier), looked(*later)).differences == stays


def test_a_difference_that_stands_is_told_as_it_was_seen_last() -> None:
    grown = CASH.model_copy(update={"theirs": "80"})
    assert standing_in_both(looked(CASH), looked(grown)).differences == (grown,)


def test_two_looks_tell_no_more_than_one_may() -> None:
    corrected = [difference(Case.MISSED_FILL, f"f-{n}") for n in range(MOST_DIFFERENCES)]
    assert len(standing_in_both(looked(*corrected), looked(MISSED)).differences) == MOST_DIFFERENCES


def test_the_judgement_is_the_later_looks() -> None:
    later = Comparison(asked=ASKED, is_closed=True)
    assert standing_in_both(looked(CASH), later).is_closed


def test_a_sentence_names_each_open_question_and_no_correction() -> None:
    assert sentence([MISSED]) == sentence([]) == ""
    assert sentence([CASH, MISSED, SHARES]) == (
        "the books differ from the broker's account: cash_off cash: 10.00 USD are missing; "
        "position_too_small AAPL: 4 shares are missing"
    )


def test_a_sentence_about_very_much_fits_into_a_reason() -> None:
    many = [difference(about=f"s-{n}", words="x" * 200) for n in range(MOST_DIFFERENCES)]
    assert len(sentence(many)) == 4000
    assert Reconciled(differences=tuple(many), state=TradingState.HALTED).obstacle == sentence(many)


@pytest.mark.parametrize("state", [None, TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED])
def test_only_what_halts_is_an_obstacle(state: TradingState | None) -> None:
    reconciled = Reconciled(differences=(CASH,), state=state)
    assert reconciled.obstacle == (sentence([CASH]) if state is TradingState.HALTED else "")


def test_a_difference_is_told_once_however_often_and_by_whom_it_is_seen() -> None:
    first = difference_found(ASKED, CASH, AT)
    again = ASKED.model_copy(update={"reconciliation_id": "r-2", "trace_id": "trace-2", "cycle_id": None})
    assert difference_found(again, CASH, after(60)).event_id == first.event_id
    assert first.event_id.startswith(f"{DESK}/{EventType.DIFFERENCE_FOUND}/")
    assert (first.aggregate_id, first.occurred_at) == (DESK, AT)


def test_the_name_of_a_difference_does_not_change_with_the_version_that_tells_it() -> None:
    assert difference_found(ASKED, CASH, AT).event_id == f"{DESK}/DifferenceFound/2289f8761b95a374"


@pytest.mark.parametrize(
    "changed",
    [
        {"case": Case.CASH_SLIGHTLY_OFF},
        {"about": "x"},
        {"ours": "1"},
        {"theirs": "1"},
        {"words": "x"},
        {"evidence": ("e",)},
    ],
)
def test_another_difference_has_another_name(changed: dict[str, object]) -> None:
    other = CASH.model_copy(update=changed)
    assert difference_found(ASKED, other, AT).event_id != difference_found(ASKED, CASH, AT).event_id


def test_a_difference_says_what_follows_and_not_its_correction() -> None:
    asked = request()
    corrected = MISSED.model_copy(update={"correction": BookFill(fill=fill(asked))})
    told = difference_found(ASKED, corrected, AT)
    assert told == difference_found(ASKED, MISSED, AT)
    assert told.data == {
        **MISSED.model_dump(mode="json", exclude={"correction"}),
        "consequence": "CORRECT",
        "explained": True,
    }


def test_orders_that_a_person_lets_stand_are_read_from_the_log() -> None:
    said = [order_ignored(DESK, name, AT) for name in ("x-1", "x-2", "x-1")]
    assert len({one.event_id for one in said}) == 2
    other = Event(
        event_id="other",
        desk_id=DESK,
        aggregate_id=DESK,
        type=EventType.DIFFERENCE_FOUND,
        trace_id=TRACE,
        occurred_at=AT,
        data={"client_order_id": "x-3"},
    )
    books = folded([], [], [deposit()]).model_copy(update={"events": sealed([*said[:2], other])})
    assert ignored_orders(books) == {"x-1", "x-2"}
    assert ignored_orders(books.model_copy(update={"events": ()})) == frozenset()


def test_a_person_is_called_once_for_one_reason_while_one_state_is_in_force() -> None:
    first = CircuitBreaker(state=TradingState.HALTED, since_at=AT, changed_by="reconciliation", reason="one")
    again = first.model_copy(update={"since_at": after(1)})
    names = [calling_for(DESK, reason, state, AT).event_id for reason in ("one", "two") for state in (first, again)]
    assert len(set(names)) == 4
    assert calling_for(DESK, "one", first, after(9)).event_id == names[0]
