"""A challenger takes the seats when it has shown enough, is no less well calibrated, and makes no less."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.making import after, these
from tests.trading.opinions import remembered, voice
from trading.agents.questions import Agent
from trading.challenges import challenger_of, contest, crowned, missing, no_challenge
from trading.contest import ChallengeBar, Contest, Showing
from trading.memory import Remembered
from trading.strategy import Rung, first_strategy

CHAMPION = first_strategy().model_copy(update={"prompts": {Agent.META: "meta-2"}})
CHALLENGER = challenger_of(CHAMPION, "bolder").model_copy(update={"models": {Agent.VALIDATOR: "m-2"}})
BAR = ChallengeBar(min_resolved=2)


def setup(strategy: str, number: int, pnl: str | None, confidence: float, decided: str = "10") -> Remembered:
    said = voice(Agent.VALIDATOR, confidence, quantity=decided)
    cycle_id = f"{strategy}-{number}"
    return remembered(pnl, said, number=number, strategy_id=strategy, cycle_id=cycle_id, decided=decided)


def held(*memories: Remembered, costs: tuple[str, str] = ("0", "0"), bar: ChallengeBar = BAR) -> Contest:
    return contest((CHALLENGER, CHAMPION), memories, (Decimal(costs[0]), Decimal(costs[1])), bar)


def test_both_are_judged_since_the_challengers_first_setup() -> None:
    told = held(
        setup("agents", 1, "900", 0.9),
        setup("bolder", 2, "40", 0.9),
        setup("agents", 2, "-10", 0.9),
        setup("bolder", 3, "-30", 0.2, decided="0"),
        setup("bolder", 4, None, 0.5),
    )
    ours, theirs = told.challenger, told.champion
    assert told.since_at == after(2 * 24 * 60)
    assert these(ours.resolved, ours.pending, ours.traded, ours.hit_rate, ours.pnl) == these(2, 1, 1, 1, 40)
    assert ours.brier == pytest.approx(((0.9 - 1) ** 2 + 0.2**2) / 2)
    assert these(theirs.resolved, theirs.hit_rate, theirs.pnl) == these(1, 0, -10)
    assert told.missing == ()


def test_before_its_first_setup_nothing_is_shown() -> None:
    told = held(setup("agents", 1, "900", 0.9))
    assert these(told.since_at, told.champion.resolved) == these(None, 0)
    assert told.missing == ("0 of 2 setups have resolved",)


def test_what_its_models_cost_is_taken_off() -> None:
    memories = [setup(name, n, "40", 0.9) for name in ("agents", "bolder") for n in (1, 2)]
    assert held(*memories, costs=("5", "5")).missing == ()
    told = held(*memories, costs=("5.01", "5"))
    assert told.missing == ("made 74.99 USD after its models, at least 75.00",)


def showing(**more: object) -> Showing:
    plain = {"strategy_id": "x", "resolved": 30, "pending": 0, "traded": 10, "brier": 0.2, "pnl": "10"}
    return Showing.model_validate(plain | more)


@pytest.mark.parametrize(
    ("worse", "words"),
    [
        ({"resolved": 29}, "29 of 30 setups have resolved"),
        ({"brier": 0.2001}, "a Brier score of 0.2001, at most 0.2000"),
        ({"brier": None}, "no confidence was stated, whose Brier score could be held against 0.2000"),
        ({"pnl": "9.99"}, "made 9.99 USD after its models, at least 10.00"),
    ],
)
def test_each_part_of_the_bar_says_what_is_missing(worse: dict[str, object], words: str) -> None:
    assert list(missing(showing(), showing(), ChallengeBar())) == []
    assert list(missing(showing(**worse), showing(), ChallengeBar())) == [words]


def test_a_champion_that_states_no_confidence_asks_for_none() -> None:
    assert list(missing(showing(), showing(brier=None), ChallengeBar())) == []


def test_the_crown_is_models_and_prompts_and_nothing_else() -> None:
    now = crowned(CHAMPION, CHALLENGER)
    assert these(now.models, now.prompts) == these({Agent.VALIDATOR: "m-2"}, {Agent.META: "meta-2"})
    assert now.model_copy(update={"models": CHAMPION.models}) == CHAMPION
    assert (CHALLENGER.rung, CHALLENGER.challenges) == (Rung.SHADOW, "agents")


def test_what_cannot_be_challenged_is_refused_in_a_sentence() -> None:
    rule = CHAMPION.model_copy(update={"source": "buy-and-hold", "strategy_id": "holder"})
    assert "there are no models" in (no_challenge(challenger_of(rule, "x"), rule) or "")
    assert "agents once more" in (no_challenge(challenger_of(CHAMPION, "x"), CHAMPION) or "")
    assert "challenges agents itself" in (no_challenge(challenger_of(CHALLENGER, "x"), CHALLENGER) or "")
    assert no_challenge(CHALLENGER, CHAMPION) is None
