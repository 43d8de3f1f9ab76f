"""What a channel is due: each reason once a cool-down, no more than the hour holds, and nothing lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import AT, DESK
from trading.alerts import Severity, Topic
from trading.notices import HOUR, AlertRules, Inbox, Message, Raised, due

MINUTE = timedelta(minutes=1)
RULES = AlertRules()
REASONS = ("the stream is silent", "order 1 is lost", "order 2 is lost", "a loss of 3 %", "disk full")


def raised(number: int, reason: str = "", severity: Severity = Severity.WARNING, at: datetime = AT) -> Raised:
    return Raised(
        number=number, topic=Topic.SYSTEM, severity=severity, reason=reason or f"case {chr(96 + number)}", raised_at=at
    )


def inbox(*waiting: Raised, told: dict[str, datetime] | None = None, lately: tuple[datetime, ...] = ()) -> Inbox:
    return Inbox(desk_id=DESK, waiting=waiting, told=told or {}, lately=lately)


def numbers(messages: tuple[Message, ...]) -> list[list[int]]:
    return [[one.number for one in message.alerts] for message in messages]


def test_each_alert_is_told_by_itself_the_critical_first() -> None:
    plan = due(inbox(raised(1), raised(2, severity=Severity.CRITICAL), raised(3)), RULES, AT)
    assert numbers(plan.messages) == [[2], [1], [3]]
    notice = plan.messages[0].notice
    assert notice.title == f"[critical] {DESK}: case b"
    assert notice.body.startswith("case b\n\nAlert 2 (system), raised at ")
    assert notice.body.endswith("Acknowledge it: starter.py ack 2")
    assert "ack" not in plan.messages[1].notice.body


def test_beneath_the_least_severity_nothing_is_told() -> None:
    rules = AlertRules(least=Severity.WARNING)
    plan = due(inbox(raised(1, severity=Severity.INFO), raised(2)), rules, AT)
    assert ([one.number for one in plan.passed], numbers(plan.messages)) == ([1], [[2]])


def test_reasons_that_differ_in_numbers_are_one_and_wait_for_their_cool_down() -> None:
    first, second, third = (raised(n, f"order {n} of {n * 7} is lost") for n in (1, 2, 3))
    assert first.cause == second.cause != raised(4, "no order is lost").cause
    waiting = inbox(second, third, told={first.cause: AT})
    assert due(waiting, RULES, AT + 59 * MINUTE).messages == ()
    (message,) = due(waiting, RULES, AT + 60 * MINUTE).messages
    assert message.alerts == (second, third)
    assert message.notice.title.endswith("order 3 of 21 is lost (and 1 more)")
    assert "1 more of these since " in message.notice.body


@pytest.mark.parametrize(("count", "words"), [(2, "them: starter.py ack 1 2"), (21, "them: starter.py ack --all")])
def test_whoever_acknowledges_as_he_is_told_has_acknowledged_all_of_a_reason(count: int, words: str) -> None:
    grave = [raised(n, "the stream is silent", Severity.CRITICAL) for n in range(1, count + 1)]
    (message,) = due(inbox(*grave), RULES, AT).messages
    assert message.notice.body.endswith(f"Acknowledge {words}")


def test_a_warning_told_before_does_not_hide_that_it_has_become_critical() -> None:
    warned, worse = raised(1, "silent"), raised(2, "silent", Severity.CRITICAL)
    assert numbers(due(inbox(worse, told={warned.cause: AT}), RULES, AT).messages) == [[2]]


def test_the_last_place_of_an_hour_goes_to_all_that_wait_and_a_full_hour_holds_them_back() -> None:
    rules = AlertRules(per_hour=3)
    waiting = [raised(n) for n in range(1, 8)]
    plan = due(inbox(*waiting), rules, AT)
    assert numbers(plan.messages) == [[1], [2], [3, 4, 5, 6, 7]]
    assert plan.messages[-1].notice.title == f"[warning] {DESK}: 5 alerts were held back"
    full = (AT - 50 * MINUTE, AT - MINUTE, AT)
    critical = raised(9, severity=Severity.CRITICAL)
    assert numbers(due(inbox(*waiting, critical, lately=full), rules, AT).messages) == [[9]]
    later = due(inbox(*waiting, lately=full), rules, AT + 10 * MINUTE).messages
    assert numbers(later) == [[1, 2, 3, 4, 5, 6, 7]]


def test_what_is_late_is_summed_up_and_what_is_critical_is_not() -> None:
    old = [raised(n, severity=Severity.INFO) for n in range(1, 6)]
    grave = [raised(n, severity=Severity.CRITICAL) for n in (6, 7)]
    fresh = raised(8, at=AT + 60 * MINUTE)
    plan = due(inbox(*old, *grave, fresh), RULES, AT + 60 * MINUTE)
    assert numbers(plan.messages) == [[6], [7], [8], [1, 2, 3, 4, 5]]


def test_a_sum_of_a_thousand_reasons_names_the_newest_and_counts_the_rest() -> None:
    words = [f"{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}{'x' * (n // 676)} broke" for n in range(1000)]
    waiting = [raised(n + 1, word) for n, word in enumerate(words)]
    (message,) = due(inbox(*waiting), AlertRules(per_hour=1), AT).messages
    assert len(message.alerts) == 1000
    assert "… and 980 more reasons before these" in message.notice.body
    assert words[-1] in message.notice.body


@pytest.mark.parametrize(
    "reason",
    [
        "a\r\nBcc: everyone@example.com",
        "a\x1b[31mred",
        "a\u202egnp.exe",
        "a\x00b",
        "\n\n  \u200b",
        "x" * 4000,
        "é\u0301" * 900,
    ],
)
def test_no_reason_brings_more_than_visible_text_into_a_notice(reason: str) -> None:
    (message,) = due(inbox(raised(1, reason)), RULES, AT).messages
    assert message.notice.title.isprintable()
    assert all(line.isprintable() for line in message.notice.body.split("\n"))


alerts = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from(REASONS), st.sampled_from(list(Severity))), max_size=60
).map(sorted)
rules = st.builds(
    AlertRules,
    cool_down=st.integers(0, 90).map(lambda n: n * MINUTE),
    per_hour=st.integers(1, 6),
    least=st.sampled_from(list(Severity)),
)


@given(alerts, rules, st.integers(1, 40))
def test_over_a_day_nothing_is_lost_no_hour_is_overfull_and_each_reason_is_told_once_a_cool_down(
    drawn: list[tuple[int, str, Severity]], rules: AlertRules, every: int
) -> None:
    coming = [raised(n, words, severity, AT + minute * MINUTE) for n, (minute, words, severity) in enumerate(drawn, 1)]
    settled: set[int] = set()
    told: dict[str, list[datetime]] = defaultdict(list)
    sent: list[datetime] = []
    passed: set[int] = set()
    for minute in range(0, 1200, every):
        at = AT + minute * MINUTE
        waiting = [one for one in coming if one.raised_at <= at and one.number not in settled]
        last = {cause: times[-1] for cause, times in told.items()}
        plan = due(inbox(*waiting, told=last, lately=tuple(sent)), rules, at)
        passed |= {one.number for one in plan.passed}
        settled |= passed
        for message in plan.messages:
            assert not settled & {one.number for one in message.alerts}
            settled |= {one.number for one in message.alerts}
            for cause in {one.cause for one in message.alerts}:
                told[cause].append(at)
            if message.notice.severity is not Severity.CRITICAL:
                sent.append(at)
    assert settled == {one.number for one in coming}
    assert passed == {
        one.number for one in coming if list(Severity).index(one.severity) < list(Severity).index(rules.least)
    }
    assert all(sum(at - HOUR < one <= at for one in sent) <= rules.per_hour for at in sent)
    for times in told.values():
        assert all(later - earlier >= rules.cool_down for earlier, later in pairwise(times))


@given(alerts, rules)
def test_what_is_critical_waits_for_nothing_but_its_own_cool_down(
    drawn: list[tuple[int, str, Severity]], rules: AlertRules
) -> None:
    coming = [raised(n, words, severity) for n, (_, words, severity) in enumerate(drawn, 1)]
    full = tuple(AT for _ in range(rules.per_hour))
    plan = due(inbox(*coming, lately=full), rules, AT)
    critical = {one.number for one in coming if one.severity is Severity.CRITICAL}
    assert {one.number for message in plan.messages for one in message.alerts} == critical
