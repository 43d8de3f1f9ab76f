"""The list of stages that a person watches, from rows as a cycle makes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from console.stages import AGENTS, Progress, Sight, Stage, stages
from trading.approvals import WAITS
from trading.audit import Finding
from trading.docket import CycleOutcome, CycleReport, Row
from trading.signals import Action

BUY = Row(symbol="AAPL", price=Decimal(10), action=Action.BUY)
HOLD = Row(symbol="KO", price=Decimal(20), action=Action.HOLD)
SILENT = Row(symbol="GE", price=Decimal(30), note="abstained: too long")


def words_of(sight: Sight) -> dict[str, str]:
    return {line.stage: line.words for line in stages(sight)}


def progress_of(sight: Sight) -> dict[str, str]:
    return {line.stage: line.progress for line in stages(sight)}


def changed(row: Row, **changes: object) -> Row:
    return row.model_copy(update=changes)


def test_a_cycle_begins_with_the_market() -> None:
    progress = progress_of(Sight())
    assert progress[Stage.MARKET] is Progress.RUNNING
    assert progress[Stage.DATA] is Progress.TO_COME


def test_answers_to_come_are_counted_while_an_agent_is_asked() -> None:
    sight = Sight(doing={"ask_data": 3})
    assert progress_of(sight)[Stage.MARKET] is Progress.DONE
    assert words_of(sight)[Stage.DATA] == "3 answers to come"


def test_signals_holds_and_abstentions_are_told_apart() -> None:
    said = words_of(Sight(rows=(BUY, HOLD, SILENT)))
    assert said[Stage.DATA] == "1 buy, 1 hold, 1 abstained"
    assert said[Stage.MARKET] == "3 symbols priced"


def test_a_dropped_symbol_is_no_abstention() -> None:
    dropped = Row(symbol="F", note="dropped: stale")
    said = words_of(Sight(rows=(BUY, dropped)))
    assert said[Stage.MARKET] == "1 symbol priced, 1 dropped"
    assert said[Stage.DATA] == "1 buy"


def test_stages_missed_between_two_looks_are_shown_all_the_same() -> None:
    row = changed(BUY, asked=Decimal(9), allowed=Decimal(5), approved=Decimal(5), validated=True, decided=Decimal(5))
    progress = progress_of(Sight(rows=(row, HOLD)))
    assert [stage for stage in AGENTS if progress[stage] is Progress.DONE] == list(AGENTS)[:6]
    assert progress[Stage.ORDERS] is Progress.RUNNING


def test_orders_run_until_each_decision_has_one() -> None:
    decided = changed(BUY, decided=Decimal(5))
    first = changed(decided, order_state="filled")
    second = changed(decided, symbol="MSFT")
    assert progress_of(Sight(rows=(first, second)))[Stage.ORDERS] is Progress.RUNNING
    both = Sight(rows=(first, changed(second, order_state="denied")))
    assert words_of(both)[Stage.ORDERS] == "1 filled, 1 denied"


def test_an_early_end_names_the_stage_that_made_it_and_those_never_reached() -> None:
    rows = (changed(BUY, asked=Decimal(9), allowed=Decimal(0)),)
    report = CycleReport(cycle_id="c-1", outcome=CycleOutcome.NONE_ALLOWED, rows=rows)
    progress = progress_of(Sight(rows=rows, report=report))
    assert progress[Stage.LIMITS] is Progress.DONE
    assert progress[Stage.RISK] is Progress.NOT_REACHED
    assert progress[Stage.AUDIT] is Progress.DONE


def test_an_agent_that_failed_as_a_whole_has_spoken_by_ending_the_cycle() -> None:
    rows = (changed(BUY, asked=Decimal(9), allowed=Decimal(9)),)
    report = CycleReport(cycle_id="c-1", outcome=CycleOutcome.NONE_APPROVED, rows=rows)
    assert words_of(Sight(rows=rows, report=report))[Stage.RISK] == "none approved"


def test_findings_are_counted() -> None:
    finding = Finding(invariant="I5", about="cash", found="off by a cent")
    report = CycleReport(cycle_id="c-1", outcome=CycleOutcome.TRADED, rows=(BUY,), findings=(finding,))
    assert words_of(Sight(report=report))[Stage.AUDIT] == "1 finding"


def test_trouble_is_said_where_the_cycle_stands() -> None:
    said = words_of(Sight(doing={"ask_risk": 1}, trouble="ask_risk, try 3: overloaded"))
    assert said[Stage.RISK] == "ask_risk, try 3: overloaded"


def test_orders_say_that_a_person_is_asked() -> None:
    decided = changed(BUY, decided=Decimal(5), note=f"{WAITS} until 15:30:00 UTC")
    assert words_of(Sight(rows=(decided,)))[Stage.ORDERS] == "waits for a person until 15:30:00 UTC: starter.py pending"


@pytest.mark.parametrize(("by", "stage"), [("rule", Stage.RULE), ("operator", Stage.OPERATOR)])
def test_who_decides_alone_is_named_and_no_agent_is(by: str, stage: Stage) -> None:
    held = Row(symbol="KO", price=Decimal(20))
    bought = Row(symbol="XOM", price=Decimal(50), action=Action.BUY, asked=Decimal(2), allowed=Decimal(1), by=by)
    said = words_of(Sight(rows=(held, bought)))
    assert list(said) == [Stage.MARKET, stage, Stage.LIMITS, Stage.ORDERS, Stage.AUDIT]
    assert (said[stage], said[Stage.LIMITS]) == ("1 buy", "1 of 1 allowed")
    done = bought.model_copy(update={"decided": Decimal(1), "order_state": "filled"})
    ended = words_of(Sight(rows=(done,), report=CycleReport(cycle_id="c", outcome=CycleOutcome.TRADED)))
    assert ended == {
        Stage.MARKET: "1 symbol priced",
        stage: "1 buy",
        Stage.LIMITS: "1 of 1 allowed",
        Stage.ORDERS: "1 filled",
        Stage.AUDIT: "0 findings",
    }
