"""The log as counts: each line once, however often and in whatever pieces it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.metrics.families import Told, of_log
from adapters.metrics.labels import OTHER, Capped
from adapters.metrics.log_counts import MOST_UNDER_WAY, LogCounts
from adapters.postgres.tally import KEYS, LogLine
from trading.events import EventType

BEGIN = datetime(2026, 11, 20, 16, tzinfo=UTC)


def line(number: int, kind: EventType | str, cycle: str = "main-1", **told: Any) -> LogLine:
    """A line as the database gives it: what it does not say is None."""
    return LogLine(
        number, str(kind), cycle, BEGIN + timedelta(seconds=number), {**dict.fromkeys((*KEYS, "breached")), **told}
    )


def counted(*lines: LogLine) -> LogCounts:
    counts = LogCounts()
    for one in lines:
        counts.take(one)
    return counts


def fill(number: int, side: str, price: str, slippage: str, **told: Any) -> LogLine:
    said = {"side": side, "price": price, "slippage": slippage, "quantity": "10", "client_order_id": "o1", **told}
    return line(number, EventType.TRADE_EXECUTED, **said)


LINES = st.lists(
    st.one_of(
        st.builds(lambda said: (EventType.SIGNAL_GENERATED, {"action": said}), st.sampled_from(["buy", "sell", "odd"])),
        st.builds(lambda said: (EventType.CYCLE_COMPLETED, {"outcome": said}), st.sampled_from(["traded", None])),
        st.just((EventType.CYCLE_STARTED, {})),
        st.just((EventType.SNAPSHOT_TAKEN, {"as_of": BEGIN.isoformat(), "provider": "file"})),
        st.just((EventType.DESK_OPENED, {})),
    ),
    max_size=30,
)


def shown(counts: LogCounts) -> list[tuple[str, tuple[tuple[str, str], ...], float]]:
    """Every series with its value."""
    families = of_log(Told("main"), counts)
    return [(one.name, tuple(sorted(one.labels.items())), one.value) for each in families for one in each.samples]


@given(LINES, st.data())
def test_lines_that_are_read_again_are_not_counted_again(
    told: list[tuple[EventType, Any]], data: st.DataObject
) -> None:
    lines = [line(number, kind, **said) for number, (kind, said) in enumerate(told, start=1)]
    again = LogCounts()
    for one in lines:
        again.take(one)
        for old in data.draw(st.lists(st.sampled_from(lines[: again.read_to]), max_size=3)):
            again.take(old)
    assert shown(again) == shown(counted(*lines))
    assert sum(again.events.values()) == len(lines)


def test_an_order_is_counted_at_each_state_and_filled_once() -> None:
    counts = counted(
        line(1, EventType.ORDER_INTENDED, client_order_id="o1", quantity="20"),
        line(2, EventType.ORDER_SUBMITTED, client_order_id="o1", quantity="20"),
        line(3, EventType.ORDER_ACCEPTED, client_order_id="o1", quantity="20"),
        fill(4, "buy", "100.5", "0.5"),
        fill(5, "buy", "100.5", "0.5"),
        line(6, EventType.ORDER_INTENDED, client_order_id="o2", quantity="20"),
        fill(7, "buy", "100.5", "0.5", client_order_id="o2"),
        line(8, EventType.ORDER_CANCELLED, client_order_id="o2", quantity="20"),
    )
    assert {key[0]: n for key, n in counts.orders.items() if n} == {
        "intended": 2,
        "submitted": 1,
        "accepted": 1,
        "filled": 1,
        "cancelled": 1,
    }


def test_slippage_is_cost_for_either_side_and_a_bust_is_none() -> None:
    counts = counted(
        fill(1, "buy", "100.5", "0.5"),
        fill(2, "sell", "99.5", "0.5"),
        fill(3, "sell", "100.5", "0.5", reverses="f1"),
    )
    assert {side: spread.total for side, spread in counts.slippage.items()} == {"buy": 50.0, "sell": 50.0}
    assert counts.fills == {("buy",): 1, ("sell",): 1, ("bust",): 1}


def test_a_denied_order_counts_every_limit_that_it_would_pass() -> None:
    breached = ["max_position", "cash"]
    counts = counted(line(1, EventType.ORDER_DENIED, client_order_id="o1", quantity="1", breached=breached))
    assert counts.orders["denied",] == 1
    assert {key for key, n in counts.violations.items() if n} == {
        ("max_position", "order_denied"),
        ("cash", "order_denied"),
    }


def test_a_cycle_takes_from_its_first_event_to_its_last() -> None:
    counts = counted(
        line(1, EventType.CYCLE_STARTED, "a"),
        line(2, EventType.CYCLE_STARTED, "b"),
        line(9, EventType.CYCLE_COMPLETED, "a", outcome="traded"),
        line(10, EventType.CYCLE_SKIPPED, "never-began", code="missed"),
    )
    assert counts.durations["traded"].total == 8.0
    assert counts.cycles["skipped",] == 1
    assert counts.skips["missed",] == 1
    assert sum(sum(each.counts) for each in counts.durations.values()) == 1


def test_a_difference_says_what_follows_from_it() -> None:
    counts = counted(
        line(1, EventType.DIFFERENCE_FOUND, case="cash_off"), line(2, EventType.DIFFERENCE_FOUND, case="?")
    )
    assert {key: n for key, n in counts.differences.items() if n} == {("cash_off", "HALT"): 1, (OTHER, OTHER): 1}


def test_a_line_that_lacks_a_word_costs_no_other_count() -> None:
    counts = counted(line(1, EventType.TRADE_EXECUTED), line(2, EventType.SIGNAL_GENERATED, action="buy"))
    assert (counts.unread, counts.signals["buy",], counts.read_to) == (1, 1, 2)


def test_what_never_ends_is_forgotten_not_kept_for_ever() -> None:
    counts = counted(*(line(n, EventType.CYCLE_STARTED, f"c{n}") for n in range(1, MOST_UNDER_WAY + 50)))
    assert len(counts.began) == MOST_UNDER_WAY


@given(st.lists(st.text(max_size=200)))
def test_however_many_names_come_the_series_stay_few(names: list[str]) -> None:
    capped = Capped(3)
    values = {capped(name) for name in names}
    assert len(values - {OTHER}) <= 3
    assert [capped(name) for name in names] == [capped(name) for name in names]


def test_a_hostile_log_makes_no_series_of_its_own() -> None:
    hostile = [f"'; DROP TABLE x{n}" for n in range(500)]
    counts = counted(
        *(
            line(n, kind, **dict.fromkeys(KEYS, word))
            for n, (word, kind) in enumerate(((w, k) for w in hostile for k in EventType), start=1)
        )
    )
    assert len(shown(counts)) < len(shown(LogCounts())) + 250
