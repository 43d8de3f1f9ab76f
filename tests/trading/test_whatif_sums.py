"""Many replays in a few numbers: what changed, and what it would have made where that is known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.making import AT, these
from tests.trading.opinions import remembered
from trading.agents.questions import Agent
from trading.spoken import Line, Word
from trading.whatif import Paid, Replayed
from trading.whatif_sums import Replays, sum_up

# Ten shares each: AAPL lost 10 dollars a share, MSFT would have made 3.
MEMORIES = [
    remembered("-100", cycle_id="c-1", symbol="AAPL"),
    remembered("30", cycle_id="c-1", symbol="MSFT", decided="0"),
]


def line(symbol: str, shares: int, action: str = "buy", call: str = "c") -> Line:
    word = {
        "who": Agent.VALIDATOR,
        "says": "",
        "call_id": call,
        "approves": shares > 0,
        "confidence": 0.5 + shares / 20,
    }
    return Line(symbol=symbol, decided=Decimal(shares), action=action, words=(Word.model_validate(word),))


def replayed(then: list[Line], now: list[Line], **more: Any) -> Replayed:
    known = {"cycle_id": "c-1", "strategy_id": "agents", "as_of": AT, "then": tuple(then), "now": tuple(now)}
    return Replayed.model_validate(known | more)


def summed(*replays: Replayed) -> Replays:
    return sum_up(replays, MEMORIES, {})


def test_what_changed_is_worth_the_shares_by_what_each_made() -> None:
    told = summed(
        replayed(
            [line("AAPL", 10), line("MSFT", 0)],
            [line("AAPL", 4), line("MSFT", 10)],
            paid=Paid(call_ids=("a", "b"), usd=Decimal("0.02")),
        )
    )
    assert these(told.decisions, told.changed, told.known, told.unknown) == these(2, 2, 2, 0)
    assert these(told.pnl_then, told.pnl_now) == these(-100, -40 + 30)
    assert these(told.calls, told.usd) == these(2, Decimal("0.02"))


def test_what_has_no_outcome_is_unknown() -> None:
    told = summed(replayed([line("XOM", 0)], [line("XOM", 5)]), replayed([], [line("AAPL", 5, "sell")]))
    assert these(told.changed, told.known, told.unknown) == these(2, 0, 2)
    assert these(told.pnl_then, told.pnl_now) == these(0, 0)


def test_not_to_do_what_has_an_outcome_is_known() -> None:
    told = summed(replayed([line("AAPL", 10)], [line("AAPL", 0)]))
    assert these(told.known, told.pnl_then, told.pnl_now) == these(1, -100, 0)


def test_the_words_of_both_times_are_scored_by_the_same_outcomes() -> None:
    """AAPL lost: it was approved at 1.0 then, and is vetoed at 0.5 now."""
    told = summed(replayed([line("AAPL", 10)], [line("AAPL", 0)]))
    (then,), (now,) = told.scores_then, told.scores_now
    assert these(then.hit_rate, then.brier, now.hit_rate, now.brier) == these(0, 1, 1, 0.25)


def test_one_that_could_not_be_decided_again_changes_nothing() -> None:
    told = summed(replayed([line("AAPL", 10)], [], because="no model answered"))
    assert these(told.cycles, told.failed, told.changed, told.pnl_then) == these(1, 1, 0, 0)
