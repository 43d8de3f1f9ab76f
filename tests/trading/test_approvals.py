"""A person's approval: when it is asked for, what it is bound to, and which answers count."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from tests.making import AT, CYCLE, DESK, TRACE, after, example, intent, request, standing
from trading.alerts import Severity, Topic
from trading.answering import Answer, Window
from trading.approval_breaches import GRACE, unapproved
from trading.approval_events import approval_asked, told
from trading.approvals import (
    ApprovalAsked,
    ApprovalEnd,
    ApprovalMode,
    ApprovalTerms,
    Consent,
    PendingOrder,
    consent_of,
    digest_of,
    seal_of,
    usd_of,
)
from trading.instruments import Side
from trading.notices import AlertRules, Inbox, Raised, due
from trading.orders import Leg, OrderRequest
from trading.settlement import IntentAsked

ALWAYS = ApprovalTerms(mode=ApprovalMode.ALWAYS)
LARGE = ApprovalTerms(mode=ApprovalMode.ABOVE_NOTIONAL, above_usd=Decimal(1000))
AAPL, MSFT = request("AAPL", "10", stop="90", target="120"), request("MSFT", "20", mark="50")


def question(*requests: OrderRequest, **more: object) -> ApprovalAsked:
    orders = tuple(PendingOrder(request=one, usd=usd_of(one), reasoning="it trends") for one in requests)
    fields: dict[str, object] = {"cycle_id": CYCLE, "desk_id": DESK, "strategy_id": "agents", "trace_id": TRACE}
    times = {"asked_at": AT, "expires_at": after(15), "max_drift": "0.01"}
    seal = {"hash": seal_of(digest_of(one) for one in requests)}
    return ApprovalAsked.model_validate({**fields, **times, **seal, "orders": orders, **more})


ASKED = question(AAPL, MSFT)
PRICE = Decimal(99)


def answer(**changes: Any) -> Answer:
    return Answer.model_validate({"cycle_id": CYCLE, "hash": ASKED.hash[:8], "by": "ann"} | changes)


def window() -> Window:
    opened = Window()
    opened.open(ASKED)
    return opened


def agreed(*symbols: str) -> Consent:
    """The consent for AAPL when these symbols were approved."""
    approval = window().take(answer(only=symbols), after(1), approves=True)
    return consent_of(ASKED, approval, "AAPL")


def codes(asked: IntentAsked) -> list[str]:
    return [one.code for one in unapproved(asked)]


@pytest.mark.parametrize(
    ("mode", "usd", "asks"),
    [
        ("auto", "1000000", False),
        ("above_notional", "999.99", False),
        ("above_notional", "1000.00", False),
        ("above_notional", "1000.01", True),
        ("always", "0.01", True),
    ],
)
def test_terms_say_which_entries_wait(mode: str, usd: str, asks: bool) -> None:  # noqa: FBT001  a column of the table
    assert LARGE.model_copy(update={"mode": ApprovalMode(mode)}).asks(Decimal(usd)) is asks


def test_an_order_is_worth_its_own_price_where_that_is_higher_than_the_mark() -> None:
    assert usd_of(request(quantity="10")) == Decimal("1000.00")
    assert usd_of(request(quantity="10", kind="limit", limit_price="100.10")) == Decimal("1001.00")


def test_nobody_is_asked_past_the_bell() -> None:
    assert ALWAYS.until(AT, None) == after(15)
    assert ALWAYS.until(AT, after(60)) == after(15)
    assert ALWAYS.until(AT, after(5)) == after(5)


def another(known: object) -> object:
    """A value of the same kind that is not this one."""
    match known:
        case StrEnum():
            return next(one for one in type(known) if one is not known)
        case Decimal() | int():
            return known + 1
        case str():
            return f"{known}x"
        case dict():
            return {**known, "other": 0.25}
        case datetime():
            return known + timedelta(microseconds=1)
    return None


@pytest.mark.parametrize("name", sorted(OrderRequest.model_fields))
def test_the_hash_covers_every_field_of_an_order(name: str) -> None:
    # Every field has a value, whatever no order has together.
    made = example(OrderRequest)
    assert isinstance(made, OrderRequest)
    plain = made.model_copy(update={"limit_price": PRICE, "stop_price": PRICE, "parent_id": "entry"})
    changed = plain.model_copy(update={name: another(getattr(plain, name))})
    assert changed != plain
    assert digest_of(changed) != digest_of(plain)
    assert seal_of([digest_of(changed)]) != seal_of([digest_of(plain)])


def test_the_hash_is_of_these_orders_in_this_number_and_place() -> None:
    assert len({question(*those).hash for those in ((AAPL,), (MSFT,), (AAPL, MSFT), (MSFT, AAPL), (AAPL, AAPL))}) == 5
    again = OrderRequest.model_validate_json(AAPL.model_copy(update={"scores": {"risk_score": 1.0}}).model_dump_json())
    assert digest_of(again) == digest_of(AAPL.model_copy(update={"scores": {"risk_score": 1.0}}))


OTHER = question(AAPL).hash
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("another cycle", {"cycle_id": "paper/cycle-2"}, "the answer is for cycle paper/cycle-2, this is paper/cycle-1"),
    ("no cycle", {"cycle_id": ""}, "the answer is for cycle (none), this is paper/cycle-1"),
    ("a short hash", {"hash": ASKED.hash[:7]}, "the hash needs at least 8 digits, as the table shows them"),
    ("no hash", {"hash": ""}, "the hash needs at least 8 digits, as the table shows them"),
    ("words", {"hash": "yes please"}, "no hash: 'yes please' (it has the digits 0-9 and a-f)"),
    (
        "another hash",
        {"hash": OTHER},
        f"the hash {OTHER[:12]} is not that of the orders that wait, {ASKED.hash[:12]}: look at them again",
    ),
    ("nobody", {"by": "  "}, "say who answers, in 1 to 80 characters"),
    ("a very long name", {"by": "x" * 81}, "say who answers, in 1 to 80 characters"),
    ("a name that is none", {"by": "a\nb"}, "say who answers, in 1 to 80 characters"),
    ("a long reason", {"reason": "x" * 401}, "a reason has at most 400 characters"),
    ("a symbol that does not wait", {"only": ("aapl", "ibm")}, "IBM does not wait: AAPL, MSFT do"),
    ("an empty symbol", {"only": ("",)}, "nothing does not wait: AAPL, MSFT do"),
]


@pytest.mark.parametrize(("changes", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_not_bound_to_the_question_is_refused_in_a_sentence(changes: dict[str, Any], words: str) -> None:
    asked = window()
    assert asked.refusal(answer(**changes), after(1), approves=True) == words
    assert asked.pending == ASKED


def test_a_no_is_for_all_of_it() -> None:
    refused = window().refusal(answer(only=("AAPL",)), after(1), approves=False)
    assert refused == "a no is for all that waits: to let a part of it go, approve only that part"


def test_an_answer_counts_until_its_time_is_over_and_not_in_that_moment() -> None:
    asked, tick = window(), timedelta(microseconds=1)
    assert asked.refusal(answer(), ASKED.expires_at - tick, approves=True) == ""
    words = f"its time was over at {ASKED.expires_at:%H:%M:%S} UTC: silence is no"
    assert asked.refusal(answer(), ASKED.expires_at, approves=True) == words
    assert asked.refusal(answer(), ASKED.expires_at, approves=False) == words
    ended = asked.close(ASKED.expires_at)
    assert (ended.end, ended.approved, ended.by) == (ApprovalEnd.EXPIRED, (), "")
    late = asked.refusal(answer(), after(60), approves=True)
    assert late == f"it has ended at {ASKED.expires_at:%H:%M:%S} UTC: nobody has answered in time"


def test_the_first_answer_counts_and_the_second_hears_of_it() -> None:
    asked = window()
    first = asked.take(answer(only=("msft", "MSFT"), reason="cheap"), after(1), approves=True)
    assert (first.end, first.approved, first.by) == (ApprovalEnd.PARTLY, ("MSFT",), "ann")
    words = f"it has ended at {after(1):%H:%M:%S} UTC: partly MSFT by ann: cheap"
    assert asked.refusal(answer(), after(2), approves=True) == words
    assert asked.pending is None
    assert asked.close(after(99)) == first


def test_before_the_question_nothing_waits() -> None:
    assert Window().refusal(answer(), AT, approves=True) == "nothing waits for a person in this cycle"


def test_an_entry_that_nobody_was_asked_about_is_denied_where_the_terms_ask() -> None:
    assert codes(intent(AAPL)) == []
    assert codes(intent(AAPL, approval=ALWAYS)) == ["approval_missing"]
    assert codes(intent(AAPL, approval=LARGE)) == []
    assert codes(intent(request(quantity="11"), approval=LARGE)) == ["approval_missing"]


@pytest.mark.parametrize("leg", [Leg.EXIT, Leg.STOP, Leg.TARGET])
def test_exits_and_stops_never_wait(leg: Leg) -> None:
    parent = None if leg is Leg.EXIT else "entry"
    assert codes(intent(request(side=Side.SELL, leg=leg, parent_id=parent), approval=ALWAYS)) == []


def test_only_the_very_order_that_was_approved_passes() -> None:
    consent = agreed()
    assert codes(intent(AAPL, approval=ALWAYS, consent=consent)) == []
    for changes in ({"quantity": Decimal(11)}, {"quantity": Decimal(9)}, {"stop": Decimal(89)}, {"side": Side.SELL}):
        changed = AAPL.model_copy(update=changes)
        assert codes(intent(changed, approval=ALWAYS, consent=consent)) == ["approval_changed"], changes
    slipped_in = consent.model_copy(update={"digests": (*consent.digests, digest_of(request("KO")))})
    assert codes(intent(request("KO"), approval=ALWAYS, consent=slipped_in)) == ["approval_changed"]


def test_what_was_not_approved_is_denied_with_the_answer() -> None:
    partly = agreed("MSFT")
    (breach,) = unapproved(intent(AAPL, approval=ALWAYS, consent=partly))
    assert breach.code == "approval_partly"
    assert breach.reason == "buy 10 AAPL was not approved: partly MSFT by ann"
    # Even where the terms would not ask any more.
    assert codes(intent(AAPL, consent=partly)) == ["approval_partly"]


@pytest.mark.parametrize(
    ("newest", "found"),
    [("101", []), ("99", []), ("101.01", ["approval_drifted"]), ("98.99", ["approval_drifted"])],
)
def test_the_newest_price_may_drift_so_far_and_no_further(newest: str, found: list[str]) -> None:
    asked = intent(AAPL, approval=ALWAYS, consent=agreed(), standing=standing("AAPL", newest))
    assert codes(asked) == found


def test_a_yes_of_long_ago_is_for_another_quote() -> None:
    latest = ASKED.expires_at + GRACE
    assert codes(intent(AAPL, approval=ALWAYS, consent=agreed(), intended_at=latest)) == []
    too_old = intent(AAPL, approval=ALWAYS, consent=agreed(), intended_at=latest + timedelta(seconds=1))
    assert codes(too_old) == ["approval_too_old"]


def test_the_alert_holds_what_to_type_and_each_order() -> None:
    lines = told(ASKED).splitlines()
    assert lines[0] == (
        f"2 entries wait for your yes until {ASKED.expires_at:%H:%M:%S} UTC: 2,000.00 USD, strategy agents. "
        "Silence is no."
    )
    assert lines[1] == f"Approve: starter.py approve {CYCLE} --hash {ASKED.hash[:8]} [--only AAPL,MSFT]"
    assert lines[2] == f"Reject: starter.py reject {CYCLE} --hash {ASKED.hash[:8]}"
    assert lines[3].startswith("buy 10 AAPL at 100 = 1,000.00 USD, stop 90, target 120, quote 0 s old: it trends")
    assert len(told(question(*(request(f"S{n}") for n in range(100))))) < 4000


def test_a_models_words_cannot_write_a_command_of_their_own() -> None:
    order = PendingOrder(request=AAPL, usd=usd_of(AAPL), reasoning="fine\nApprove: starter.py approve other --hash x")
    lines = told(ASKED.model_copy(update={"orders": (order,)})).splitlines()
    assert len([line for line in lines if line.startswith("Approve:")]) == 1


def test_two_questions_are_two_reasons_to_call_a_person() -> None:
    kinds = {approval_asked(one)[1].data["kind"] for one in (ASKED, question(AAPL))}
    assert len(kinds) == 2


def test_a_question_is_told_at_once_however_full_the_hour_and_however_few_words_are_wanted() -> None:
    ask, other = (
        Raised(number=n, topic=topic, severity=Severity.WARNING, reason=f"case {n}", kind=f"kind {n}", raised_at=AT)
        for n, topic in enumerate((Topic.APPROVAL, Topic.SYSTEM), 1)
    )
    full = Inbox(desk_id=DESK, waiting=(other, ask), lately=(AT,) * 30)
    (message,) = due(full, AlertRules(), AT).messages
    assert message.alerts == (ask,)
    plan = due(full, AlertRules(least=Severity.CRITICAL), AT)
    assert ([one.alerts for one in plan.messages], plan.passed) == ([(ask,)], (other,))
