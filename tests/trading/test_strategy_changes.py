"""What a person may change of a desk's strategies, and every reason against it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from trading.evidence import Ended, Evidence, Open, PromotionBar, RungHistory, evidence_of, missing
from trading.limits import Limits
from trading.strategy import MOST_STRATEGIES, Rung, Strategy, StrategyChange, first_strategy
from trading.strategy_changes import Ties, allocated, changed, refusal

NOON = datetime(2026, 11, 2, 17, tzinfo=UTC)
LIMITS = Limits()
SHOWN = evidence_of(RungHistory("main", NOON, Decimal(1000)))
DESK = (
    Strategy(strategy_id="agents", allocation=Decimal("0.6"), rung=Rung.PAPER),
    Strategy(strategy_id="momentum", source="momentum", allocation=Decimal("0.4"), rung=Rung.SHADOW),
)


def strategy(name: str = "momentum", **said: Any) -> Strategy:
    was = next((one.model_dump() for one in DESK if one.strategy_id == name), {"strategy_id": name})
    return Strategy.model_validate(was | said)


def change(now: Strategy, **said: Any) -> StrategyChange:
    return StrategyChange.model_validate(
        {"desk_id": "main", "change_id": now.strategy_id, "strategy": now, "by": "ada", "at": NOON} | said
    )


def new(name: str, **said: Any) -> StrategyChange:
    return change(strategy(name, **said), is_new=True)


REFUSED = [
    (
        change(strategy(rung="paper", allocation="0.5")),
        "allocations would sum to 110% (agents 60%, momentum 50%): 40%",
    ),
    (new("breakout", source="breakout", rung="paper", allocation="0.41"), "40% is free for breakout"),
    (new("agents", allocation="0.1"), "there is a strategy agents already"),
    (
        new("bolder", allocation="0.1", challenges="agents", rung="paper"),
        "bolder challenges agents: it only thinks until it is crowned",
    ),
    (change(strategy("rsi"), seen=strategy("rsi")), "there is no strategy rsi"),
    (change(strategy("rsi"), removed=True), "there is no strategy rsi"),
    (change(strategy(allocation="0.3"), seen=strategy(allocation="0.2")), "somebody has changed momentum meanwhile"),
    (new("operator"), "the books have another use for the name operator"),
    (
        change(strategy(limits={"max_position": "0.25"})),
        "momentum: max_position of 25% is looser than the desk's 20% (TRADING_MAX_POSITION)",
    ),
    (change(strategy(limits={"max_positions": 11})), "max_positions of 11 is looser than the desk's 10"),
    (
        change(strategy(limits={"max_order_usd": "50000.01"})),
        "max_order_usd of 50,000.01 USD is looser than the desk's 50,000.00 USD",
    ),
    (change(strategy(limits={"min_price": "0.99"})), "min_price of 0.99 USD is looser than the desk's 1.00 USD"),
    (change(strategy("agents", allocation=0)), "agents is to trade and has an allocation of 0%"),
    (change(strategy(rung="live")), "momentum is in shadow: paper comes before live"),
    (change(strategy("agents", rung="live")), "its promotion keeps the evidence"),
    (
        new("breakout", source="breakout", rung="live", allocation="0.1"),
        "breakout is new: it begins in shadow or on paper",
    ),
    (change(strategy("agents", parameters={"days": 20})), "agents asks the agents, who take no parameters (days)"),
    (change(strategy(models={"DataAgent": "rules"})), "momentum decides by momentum, which asks no agents"),
    (
        change(strategy(universe={"screen": {"min_price": "10", "max_price": "5"}})),
        "a screen from 10 to 5 USD a share finds nothing",
    ),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED, ids=[words[:40] for _, words in REFUSED])
def test_what_is_wrong_is_refused_in_one_sentence(asked: StrategyChange, words: str) -> None:
    said = refusal([asked], DESK, LIMITS, {})
    assert said is not None
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("ties", "words"),
    [
        (Ties(held=("AAPL", "KO")), "momentum holds AAPL, KO: disable it"),
        (Ties(open_orders=2), "momentum has 2 open orders"),
        (Ties(cycles=("main-1",)), "momentum has a cycle under way, main-1"),
    ],
)
def test_a_strategy_with_something_of_the_desks_is_not_removed(ties: Ties, words: str) -> None:
    asked = [change(strategy(), removed=True)]
    assert words in (refusal(asked, DESK, LIMITS, {"momentum": ties}) or "")
    assert refusal(asked, DESK, LIMITS, {}) is None


def test_the_last_strategy_stays() -> None:
    both = [change(one, removed=True) for one in DESK]
    assert refusal(both, DESK, LIMITS, {}) == "agents, momentum is the last strategy of the desk: it needs one"


def test_a_desk_has_so_many_strategies_and_no_more() -> None:
    full = [strategy(f"s{number}", allocation="0.001") for number in range(MOST_STRATEGIES)]
    assert refusal([new("one-more", allocation="0.001")], full, LIMITS, {}) == "a desk has 200 strategies at most"
    assert refusal([change(strategy("s7", allocation="0.002"))], full, LIMITS, {}) is None


def test_a_swap_needs_no_detour_and_one_bad_part_refuses_it_whole() -> None:
    desk = (strategy("agents", allocation=1), strategy(rung="paper", enabled=False, allocation=0))
    swap = [change(strategy("agents", allocation="0.3")), change(strategy(rung="paper", allocation="0.7"))]
    assert refusal(swap, desk, LIMITS, {}) is None
    assert refusal(swap[1:], desk, LIMITS, {}) is not None
    assert refusal([*swap, swap[0]], desk, LIMITS, {}) == "agents is named twice"


def test_no_promotion_to_money_without_evidence_and_one_rung_at_a_time() -> None:
    asked = change(strategy("agents", rung="live"), evidence=SHOWN)
    assert refusal([asked], DESK, LIMITS, {}) is None
    assert refusal([change(strategy(rung="live"), evidence=SHOWN)], DESK, LIMITS, {}) is not None


@pytest.mark.parametrize("less", [{"enabled": False}, {"rung": "shadow"}, {"rung": "paper"}, {"allocation": "0.5"}])
def test_who_asks_for_less_is_heard_although_the_desk_has_become_stricter(less: dict[str, Any]) -> None:
    loose = strategy("agents", allocation="0.8", rung="live", limits={"max_position": "0.2"})
    over = (loose, strategy(rung="paper"), strategy("rsi", source="rsi", rung="paper", allocation="0.3"))
    strict = Limits(max_position=Decimal("0.05"))
    assert (
        refusal(
            [change(loose.model_copy(update=Strategy.model_validate(loose.model_dump() | less).__dict__))],
            over,
            strict,
            {},
        )
        is None
    )


NAMES = ("agents", "momentum", "rsi", "breakout")
FRACTIONS = st.integers(0, 20).map(lambda part: Decimal(part) / 20)
SAID = st.fixed_dictionaries(
    {
        "strategy_id": st.sampled_from(NAMES),
        "allocation": FRACTIONS,
        "rung": st.sampled_from(Rung),
        "enabled": st.booleans(),
    }
)
ASKED = st.tuples(SAID, st.sampled_from(["add", "edit", "remove"]))


@examples(60, 300)
@given(st.lists(st.lists(ASKED, min_size=1, max_size=3), max_size=12))
def test_no_sequence_of_changes_passes_all_of_the_equity_or_leaves_no_strategy(
    sequence: list[list[tuple[dict[str, Any], str]]],
) -> None:
    desk: tuple[Strategy, ...] = (first_strategy(),)
    for batch in sequence:
        changes = [
            change(Strategy.model_validate(said), is_new=how == "add", removed=how == "remove", evidence=SHOWN)
            for said, how in batch
        ]
        if refusal(changes, desk, LIMITS, {}) is None:
            steps = {one.strategy_id: list(Rung).index(one.rung) for one in desk}
            desk = tuple(changed(desk, changes).values())
            for one in desk:
                assert list(Rung).index(one.rung) - steps.get(one.strategy_id, 1) <= 1
        assert desk
        assert allocated(desk) <= 1
        assert len({one.strategy_id for one in desk}) == len(desk)
        assert all(one.allocation for one in desk if one.enabled and one.is_funded)


@examples(60, 200)
@given(st.lists(SAID, min_size=1, max_size=4, unique_by=lambda said: said["strategy_id"]), st.data())
def test_a_demotion_and_a_stop_are_never_refused(known: list[dict[str, Any]], data: st.DataObject) -> None:
    desk = tuple(Strategy.model_validate(said) for said in known)
    was = data.draw(st.sampled_from(desk))
    lower = data.draw(st.sampled_from(list(Rung)[: list(Rung).index(was.rung) + 1]))
    for less in ({"rung": lower}, {"enabled": False}):
        assert refusal([change(was.model_copy(update=less), seen=was)], desk, LIMITS, {}) is None


def history(**said: Any) -> Evidence:
    days = frozenset((NOON + timedelta(days=day)).date() for day in range(20))
    known: dict[str, Any] = {"days": days, "cycles": 40} | said
    return evidence_of(RungHistory("main", NOON, Decimal(10_000), **known))


def ended(*pnls: int) -> tuple[Ended, ...]:
    return tuple(Ended(NOON + timedelta(days=day), Decimal(pnl), shadow=day % 2 == 0) for day, pnl in enumerate(pnls))


def test_evidence_is_counted_and_what_is_open_counts_with_the_rest() -> None:
    shown = history(ended=ended(100, -50, 100, 0), open=(Open(Decimal(-400)),), rejected=1, denied=2, findings=0)
    assert (shown.days, shown.cycles, shown.trades, shown.shadow_trades, shown.open) == (20, 40, 2, 2, 1)
    assert (shown.pnl, shown.open_gain) == (Decimal(150), Decimal(-400))
    assert shown.hit_rate == pytest.approx(2 / 3)
    assert shown.total_return == pytest.approx(-0.025)
    assert shown.max_drawdown == pytest.approx(400 / 10_150)


def test_of_a_strategy_that_has_done_nothing_little_is_known() -> None:
    shown = evidence_of(RungHistory("main", NOON, Decimal(0)))
    assert (shown.days, shown.total_return, shown.max_drawdown) == (0, 0, 0)
    assert (shown.sharpe, shown.hit_rate, shown.profit_factor) == (None, None, None)


def test_the_bar_names_each_thing_that_is_missing_with_both_numbers() -> None:
    assert missing(history(ended=ended(*[10] * 20)), PromotionBar()) == ()
    said = missing(history(ended=ended(-1600), days=frozenset(), findings=1), PromotionBar())
    assert said == (
        "0 of 20 days with a cycle",
        "1 of 20 trades that are over",
        "a drawdown of 16.0%, at most 15.0%",
        "a return of -16.00%, at least 0.00%",
        "findings of the audit: 1",
    )
