"""What an agent took away is given back, stage by stage, and the difference is held against what it cost."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import these
from tests.trading.opinions import remembered, voice
from trading.ablation import Ablation, Stage, ablate, without
from trading.agents.questions import Agent
from trading.memory import Remembered, Voice

COSTS = {f"{agent}-call-{number}": Decimal("0.50") for agent in Agent for number in range(1, 7)}


def heard(number: int, **quantities: str) -> list[Voice]:
    """What each let pass, by its name."""
    return [voice(Agent[name], quantity=of, call=f"{Agent[name]}-call-{number}") for name, of in quantities.items()]


def setup(number: int, pnl: str, decided: str, **quantities: str) -> Remembered:
    return remembered(pnl, *heard(number, **quantities), number=number, decided=decided)


def ablated(stage: Stage, *memories: Remembered) -> Ablation:
    return ablate(stage, memories, COSTS, np.random.default_rng(7))


def test_the_validators_worth_is_what_its_vetoes_spared_less_what_they_cost() -> None:
    """It stopped one that would have lost 100 and one that would have made 30, and let one pass that made 50."""
    told = ablated(
        Stage.VALIDATOR,
        setup(1, "-100", "0", RISK="10", VALIDATOR="0"),
        setup(2, "30", "0", RISK="10", VALIDATOR="0"),
        setup(3, "50", "10", RISK="10", VALIDATOR="10", META="10"),
    )
    assert these(told.setups, told.changed) == these(3, 2)
    assert these(told.pnl_with, told.pnl_without, told.earned) == these(50, -20, 70)
    assert these(told.cost_usd, told.net_usd) == these(Decimal("1.50"), Decimal("68.50"))


def test_a_cut_is_undone_and_the_others_pass_on_the_same_part() -> None:
    """Of ten the RiskManager let five pass, of which the MetaAgent took four: eight without him, at -10 a share."""
    memory = setup(1, "-40", "4", RISK="5", VALIDATOR="5", META="4")
    assert without(memory, Stage.RISK) == 8
    assert without(memory, Stage.META) == 5
    assert without(memory, Stage.VALIDATOR) == 4
    told = ablated(Stage.RISK, memory)
    assert these(told.pnl_with, told.pnl_without, told.earned) == these(-40, -80, 40)


def test_a_veto_that_another_would_have_spoken_too_is_not_undone() -> None:
    """The RiskManager cut it in half before the Validator stopped it: half of it is what he stopped."""
    assert without(setup(1, "-100", "0", RISK="5", VALIDATOR="0"), Stage.VALIDATOR) == 5
    assert without(setup(1, "-100", "0", RISK="10", VALIDATOR="10", META="0"), Stage.VALIDATOR) == 0


def test_what_code_took_away_after_the_last_word_stays_taken_away() -> None:
    assert without(setup(1, "0", "0", RISK="5", VALIDATOR="5", META="5"), Stage.RISK) == 0


def test_a_debate_costs_all_of_its_words() -> None:
    sides = [
        voice(agent, 0.6, call=f"{agent}-2", earlier_call_ids=(f"{agent}-1",)) for agent in (Agent.BULL, Agent.BEAR)
    ]
    argued = remembered("60", *sides, voice(Agent.META))
    costs = {f"{agent}-{word}": Decimal("0.1") for agent in (Agent.BULL, Agent.BEAR) for word in (1, 2)}
    told = ablate(Stage.DEBATE, [argued], costs, np.random.default_rng(1))
    assert (told.cost_usd, told.unpriced) == (Decimal("0.4"), 0)


def test_after_a_debate_it_is_the_debate_that_moved_the_metaagent() -> None:
    argued = setup(1, "-100", "0", RISK="10", VALIDATOR="10", BULL="10", BEAR="0", META="0")
    unargued = setup(2, "-100", "0", RISK="10", VALIDATOR="10", META="0")
    told = ablated(Stage.DEBATE, argued, unargued)
    assert these(told.setups, told.pnl_without, told.earned, told.cost_usd) == these(1, -100, 100, 1)


def test_what_is_pending_or_was_not_asked_is_left_out() -> None:
    pending = remembered(None, *heard(1, VALIDATOR="0"), decided="0")
    told = ablated(Stage.VALIDATOR, pending, setup(2, "30", "10", RISK="10", META="10"))
    assert these(told.setups, told.net_usd, told.interval.low) == these(0, 0, None)


def test_the_interval_draws_whole_cycles() -> None:
    """Two cycles, one spared 100, one nothing: the sum of two draws is 0, 100 or 200, and both ends are seen."""
    told = ablated(
        Stage.VALIDATOR,
        setup(1, "-100", "0", RISK="10", VALIDATOR="0"),
        setup(2, "30", "10", RISK="10", VALIDATOR="10", META="10"),
    )
    assert [told.interval.low, told.interval.high] == pytest.approx([-1.0, 199.0])
    same = [setup(n, "-100", "0", RISK="10", VALIDATOR="0") for n in (1, 2, 3)]
    certain = ablated(Stage.VALIDATOR, *same).interval
    assert [certain.low, certain.high] == pytest.approx([298.5, 298.5])


def test_a_call_without_a_price_is_counted() -> None:
    told = ablate(Stage.VALIDATOR, [setup(1, "-100", "0", RISK="10", VALIDATOR="0")], {}, np.random.default_rng())
    assert these(told.cost_usd, told.unpriced) == these(0, 1)


@given(risk=st.integers(0, 10), validated=st.booleans(), meta=st.integers(0, 10), pnl=st.integers(-500, 500))
def test_without_an_agent_nothing_is_ever_less_and_never_more_than_code_allowed(
    *, risk: int, validated: bool, meta: int, pnl: int
) -> None:
    meta = min(risk, meta)
    said = {"RISK": str(risk)}
    said |= {"VALIDATOR": str(risk if validated else 0)} if risk else {}
    said |= {"META": str(meta)} if risk and validated else {}
    decided = meta if risk and validated else 0
    memory = setup(1, str(pnl), str(decided), **said)
    for stage in (Stage.RISK, Stage.VALIDATOR, Stage.META):
        assert decided <= without(memory, stage) <= 10
