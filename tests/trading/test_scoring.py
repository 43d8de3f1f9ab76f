"""An agent's word is scored by what became of it, and the numbers are those that a person works out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import after, these
from tests.trading.opinions import remembered, voice
from trading.agents.questions import Agent
from trading.memory import Remembered
from trading.scores import AgentScore, Bin
from trading.scoring import brier, calibration, confidence_of_risk, scores, told_scores

DAY = 24 * 60
COSTS = {"v-1": Decimal("0.10"), "v-2": Decimal("0.20"), "v-3": Decimal("0.30"), "v-4": Decimal("0.40")}
COSTS |= {"r-1": Decimal("0.05")}


def validator(number: int, confidence: float, quantity: str = "10") -> Remembered:
    """A setup of which RiskManager (for it, one call for all) and Validator spoke; it lost on odd days."""
    pnl = "-40" if number % 2 else "60"
    heard = (
        voice(Agent.RISK, confidence_of_risk(0.3), call="r-1"),
        voice(Agent.VALIDATOR, confidence, quantity=quantity, call=f"v-{number}"),
    )
    return remembered(pnl, *heard, number=number, decided=quantity)


# Day 1 lost 40, day 2 made 60, day 3 lost 40, day 4 made 60.
FOUR = [validator(1, 0.2, "0"), validator(2, 0.9), validator(3, 0.7), validator(4, 0.4, "0")]


def score_of(agent: Agent, memories: list[Remembered]) -> AgentScore:
    (found,) = (one for one in scores(memories, COSTS) if one.agent is agent)
    return found


def test_the_scores_are_those_worked_out_by_hand() -> None:
    told = score_of(Agent.VALIDATOR, FOUR)
    # Right to veto day 1 and to approve day 2; wrong to approve day 3 and to veto day 4.
    assert these(told.opinions, told.approved, told.vetoed, told.hit_rate) == these(4, 2, 2, 0.5)
    # (0.2 − 0)² + (0.9 − 1)² + (0.7 − 0)² + (0.4 − 1)² = 0.04 + 0.01 + 0.49 + 0.36 = 0.90, by four.
    assert told.brier == pytest.approx(0.225)
    # Approved: day 2 and day 3. Vetoed: day 1 and day 4, by what they would have made.
    assert these(told.approved_pnl, told.vetoed_pnl) == these(20, 20)
    assert told.cost_usd == pytest.approx(1.0)
    assert told.cost_per_decision == pytest.approx(0.25)
    # The RiskManager approved all four: of one mind on days 2 and 3.
    assert told.agreement == 0.5


def test_dollars_are_of_the_shares_that_an_agent_spoke_of() -> None:
    """Ten shares would have lost 40: the RiskManager let five pass, and the MetaAgent stopped these."""
    heard = (
        voice(Agent.DATA, 0.7),
        voice(Agent.RISK, 0.6, quantity="5"),
        voice(Agent.META, quantity="0"),
    )
    memories = [remembered("-40", *heard, decided="0")]
    found = [score_of(agent, memories) for agent in (Agent.DATA, Agent.RISK, Agent.META)]
    assert [(int(one.approved_pnl), int(one.vetoed_pnl)) for one in found] == [(-40, 0), (-20, 0), (0, -20)]


def test_a_call_that_speaks_of_a_batch_is_paid_for_once() -> None:
    told = score_of(Agent.RISK, FOUR)
    assert told.cost_usd == pytest.approx(0.05)
    assert told.cost_per_decision == pytest.approx(0.0125)
    # 1 − 0.3 on each of four days, of which two came true: (0.7² + 0.3² + 0.7² + 0.3²) / 4.
    assert told.brier == pytest.approx(0.29)
    assert told.calibration == (Bin(count=4, said=0.7, came=0.5),)


def test_the_calibration_curve_has_steps_of_equal_width() -> None:
    told = score_of(Agent.VALIDATOR, FOUR)
    shown = [(one.count, round(one.said, 3), one.came) for one in told.calibration]
    # 0.2 begins the second step, 0.4 the third, 0.7 is in the fourth and 0.9 in the last.
    assert shown == [(1, 0.2, 0.0), (1, 0.4, 1.0), (1, 0.7, 0.0), (1, 0.9, 1.0)]


def test_what_is_sure_belongs_to_the_last_step() -> None:
    assert [one.count for one in calibration([(1.0, True), (0.8, True), (0.79, False)])] == [1, 2]


def test_an_agent_without_a_confidence_has_no_brier_score() -> None:
    (told,) = scores([remembered("60", voice(Agent.META))], {})
    assert these(told.brier, told.calibration, told.hit_rate) == these(None, (), 1.0)
    assert these(told.cost_usd, told.cost_per_decision, told.agreement) == these(None, None, None)


def test_models_and_prompts_and_their_words_are_scored_apart() -> None:
    said = [voice(Agent.META), voice(Agent.META, model="m-2"), voice(Agent.META, prompt_version="meta-2")]
    said.append(voice(Agent.META, prompt_version="meta-2", prompt_hash="another"))
    memories = [remembered("60", one, number=number) for number, one in enumerate(said)]
    assert len(scores(memories, {})) == 4


def test_every_word_of_a_debate_is_paid_for_and_the_last_one_is_the_opinion() -> None:
    bull = voice(Agent.BULL, 0.8, call="bull-2", earlier_call_ids=("bull-1",))
    (score,) = scores([remembered("60", bull)], {"bull-1": Decimal("0.03"), "bull-2": Decimal("0.05")})
    assert (score.opinions, score.hit_rate, score.cost_usd) == (1, 1.0, 0.08)


def test_who_was_not_asked_and_what_is_pending_is_not_scored() -> None:
    unasked = voice(Agent.VALIDATOR).model_copy(update={"call_id": None})
    assert scores([remembered("60", unasked), remembered(None, voice(Agent.META), number=2)], {}) == ()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_no_brier_score_leaves_its_bounds_and_no_opinion_leaves_the_curve(said: list[tuple[float, bool]]) -> None:
    score = brier(said)
    assert score is not None
    assert 0 <= score <= 1
    assert sum(one.count for one in calibration(said)) == len(said)


def test_whoever_sits_there_now_is_told_of_and_nobody_before_him() -> None:
    old = [remembered("-40", voice(Agent.META, model="old"), number=number) for number in (1, 2)]
    new = [remembered("60", voice(Agent.META, model="new"), number=number) for number in (3, 4)]
    (told,) = told_scores([*old, *new], "agents", after(30 * DAY))
    assert these(told.model, told.opinions) == these("new", 2)


def test_who_has_just_sat_down_has_no_score_yet() -> None:
    old = remembered("-40", voice(Agent.META, model="old"), number=1)
    pending = remembered(None, voice(Agent.META, model="new"), number=2)
    assert told_scores([old, pending], "agents", after(30 * DAY)) == ()


def test_what_was_learned_later_is_not_told() -> None:
    """Decided on days 1 and 2, each resolved two days later."""
    memories = [remembered("60", voice(Agent.META), number=number) for number in (1, 2)]
    told = [told_scores(memories, "agents", after(DAY * day)) for day in (2.9, 3, 3.9, 4)]
    assert [sum(one.opinions for one in each) for each in told] == [0, 1, 1, 2]


def test_only_the_newest_are_told_and_other_strategies_do_not_choose_who_sits() -> None:
    memories = [remembered("60", voice(Agent.META), number=number) for number in range(1, 6)]
    other = remembered("60", voice(Agent.META, model="theirs"), number=9, strategy_id="others")
    (told,) = told_scores([*memories, other], "agents", after(30 * DAY), most=3)
    assert these(told.model, told.opinions) == these("m-1", 2)
