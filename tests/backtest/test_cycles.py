"""Whole cycles over a panel: what a result tells of halts, refusals, gaps, symbols that end, and of the agents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backtest.cycles.deciders import Deciders
from backtest.cycles.run import Progress, run_cycles
from backtest.data.panel import Panel
from backtest.measures.yardsticks import benchmark_of, held_of
from backtest.results.result import Result, Verdict
from backtest.studies.trials import Engines
from tests.backtest import panels
from tests.backtest.replaying import WARM, books_of, lived, plan
from tests.making import FOUR
from trading.backtest_plan import Engine, FillAt, Frictions, SizedBy, Sizing
from trading.breaker_rules import BreakerRules
from trading.corporate_actions import ActionKind, CorporateAction
from trading.costs import Costs
from trading.errors import BadConfiguration, BadRule
from trading.events import EventType
from trading.limits import Limits
from trading.orders import OrderKind, Style
from trading.rules import View
from trading.signals import Signal
from trading.strategy import AGENTS

FREE = Frictions(costs=Costs(slippage_bps=Decimal(0)))
BUY_ALL = Sizing(by=SizedBy.EQUITY, amount=Decimal("0.4"))
PATIENT: dict[str, Any] = {name: Decimal(1) for name in ("max_daily_loss", "max_weekly_loss")}
PATIENT["min_sharpe"] = Decimal(-1000)
ONE = Sizing(by=SizedBy.FIXED, amount=Decimal(100))


def level(*closes: float, symbols: tuple[str, ...] = ("AAA",), before: float = 50.0) -> Panel:
    """A panel that stays at a price for as long as it warms up, and then goes this way, opening where it closed."""
    panel = panels.made_up(symbols, WARM + len(closes))
    column = np.array([before] * WARM + list(closes))
    close = np.repeat(column[:, None], len(symbols), axis=1)
    opens = np.vstack([close[:1], close[:-1]])
    high, low = np.maximum(opens, close), np.minimum(opens, close)
    return replace(panel, open=opens, high=high, low=low, close=close, volume=np.full(close.shape, 1e6))


async def ran(panel: Panel, strategy: str, **changes: Any) -> Result:
    wanted = {"limits": None, "frictions": FREE, **changes}
    return await run_cycles(panel, plan(panel, strategy, **wanted), Deciders())


async def test_a_position_is_bought_at_the_next_open_and_valued_at_each_close() -> None:
    heard: list[Progress] = []
    panel = level(50, 52, 49.5)
    wanted = plan(panel, "buy-and-hold", sizing=ONE, limits=None, frictions=FREE)
    result = await run_cycles(panel, wanted, tell=heard.append)
    # Decided at 50.00, bought at the next open, 50.00: 95,000 dollars are left beside 100 shares.
    assert (result.fills.day.tolist(), result.fills.shares.tolist(), result.fills.price.tolist()) == ([1], [100], [50])
    assert result.cash.tolist() == [100_000, 95_000, 95_000]
    assert result.equity.tolist() == [100_000, 100_200, 99_950]
    assert result.gross.tolist() == [0, 5_200, 4_950]
    assert result.positions[:, 0].tolist() == [0, 100, 100]
    assert (result.decisions, result.refusals, result.cautions) == (1, (), ())
    assert [(one.done, one.total, one.equity) for one in heard] == [(1, 3, 1e5), (2, 3, 100_200), (3, 3, 99_950)]


async def test_a_day_without_a_bar_ends_the_orders_for_it_and_is_told() -> None:
    panel = level(50, 50, 50, 50)
    gap = WARM + 1
    holes = {name: getattr(panel, name).copy() for name in panels.COLUMNS}
    for column in holes.values():
        column[gap] = np.nan
    holes["volume"][gap] = 0
    result = await ran(replace(panel, **holes), "buy-and-hold", sizing=ONE)
    assert [(one.code, one.decided_on) for one in result.refusals] == [("cancelled", panels.day(panel, WARM))]
    assert [(one.code, one.symbol) for one in result.cautions] == [("stale", "AAA")]
    # It is bought anew on the first day on which there is a price again.
    assert result.fills.day.tolist() == [3]
    assert np.isfinite(result.equity).all()


async def test_what_is_held_of_a_symbol_that_ends_is_sold_at_its_last_close() -> None:
    panel = level(50, 50, 60, 60, symbols=("AAA", "BBB"))
    ended = {name: getattr(panel, name).copy() for name in panels.COLUMNS}
    for column in ended.values():
        column[WARM + 3 :, 0] = np.nan
    one = await lived(replace(panel, **ended), plan(panel, "buy-and-hold", sizing=ONE, limits=None, frictions=FREE))
    books = await books_of(one)
    sold = [(fill.symbol, fill.price) for fill in books.fills if fill.signed_quantity < 0]
    assert sold == [("AAA", Decimal(60))]
    assert {position.symbol for position in books.portfolio.positions if position.quantity} == {"BBB"}
    result = await ran(replace(panel, **ended), "buy-and-hold", sizing=ONE)
    assert "delisted" in {caution.code for caution in result.cautions}
    assert result.equity.tolist() == [100_000, 100_000, 102_000, 102_000]


async def test_a_fall_halts_the_desk_which_thinks_on_and_resumes_by_itself() -> None:
    rules = BreakerRules(**PATIENT)
    panel = level(50, 50, 30, 30, 52, 52, 52, 52)
    kept: dict[str, Any] = {
        "strategy": "buy-and-hold",
        "sizing": Sizing(by=SizedBy.EQUITY, amount=Decimal("0.9")),
        "breaker": rules,
    }
    one = await lived(panel, plan(panel, **kept, limits=None, frictions=FREE, fill=FillAt.CLOSE))
    outcomes = [close.outcome.value for close in one.closes]
    states = [close.state.value for close in one.closes]
    assert states == ["ACTIVE"] * 2 + ["HALTED"] * 2 + ["ACTIVE"] * 4
    assert outcomes[0] == "traded"
    assert (await books_of(one)).breaker.probation_left
    result = await ran(panel, **kept, fill=FillAt.CLOSE)
    assert [note.split(":")[1].split(",")[0].strip() for note in result.notes] == ["HALTED", "ACTIVE"]
    assert "drawdown" in result.notes[0]
    first, last = result.days[2], result.days[3]
    words = f"the desk was halted at the close of 2 of 8 days, {first} to {last}"
    assert [(one.code, one.reason) for one in result.cautions] == [("halted", words)]
    cut = await run_cycles(
        panel, plan(panel, **kept, limits=None, fill=FillAt.CLOSE, to_on=panels.day(panel, WARM + 2))
    )
    assert cut.cautions[0].reason.endswith("and still is at the end")


async def test_a_halted_desk_decides_in_shadow() -> None:
    rules = BreakerRules(**PATIENT, max_drawdown=Decimal("0.05"))
    panel = panels.made_up(("AAA", "BBB", "CCC"), WARM + 30, seed=3)
    wanted = plan(panel, "sma-cross", parameters={"fast": 2, "slow": 4}, breaker=rules, fill=FillAt.CLOSE, limits=None)
    one = await lived(panel, wanted.model_copy(update={"sizing": BUY_ALL}))
    kinds = Counter(stored.event.type for stored in (await books_of(one)).events)
    assert kinds[EventType.SHADOW_OPENED]
    assert {close.shadow for close in one.closes} == {False, True}


async def test_limits_cut_and_refuse_and_without_them_only_cash_does() -> None:
    panel = level(50, 50, 50, symbols=("AAA", "BBB", "CCC"))
    held_to = await ran(panel, "buy-and-hold", sizing=BUY_ALL, limits=Limits(max_positions=1))
    free = await ran(panel, "buy-and-hold", sizing=BUY_ALL)
    assert Counter(one.code for one in held_to.refusals) == {"max_positions": 2 * 3}
    assert held_to.fills.shares.tolist() == [Decimal(100_000) * Decimal("0.2") * Decimal("0.995") // 50]
    assert free.fills.shares.tolist() == [800, 800, 400]
    assert free.refusals == ()


async def test_a_buy_that_costs_more_at_the_open_than_there_is_is_told() -> None:
    panel = level(50, 50, 50)
    dear = panel.open.copy()
    dear[WARM + 1] = 60.0
    panel = replace(panel, open=dear, high=np.maximum(panel.high, dear))
    result = await ran(panel, "buy-and-hold", sizing=Sizing(by=SizedBy.FIXED, amount=Decimal(1_900)))
    assert [(one.code, one.shares) for one in result.refusals] == [("exceeds_cash", 1_900.0)]
    assert result.fills.day.tolist() == [2]


async def test_the_agents_decide_and_their_opinions_are_kept() -> None:
    panel = panels.made_up(("AAA", "BBB", "CCC", "DDD"), WARM + 12, seed=5)
    result = await ran(panel, AGENTS, limits=Limits())
    assert result.decisions
    agents = Counter(one.agent for one in result.opinions)
    assert [agents[agent] for agent in FOUR] == [3, 3, 3, 3]
    assert all(one.dollars for one in result.opinions if one.verdict is Verdict.PROPOSED)


async def test_a_plan_that_the_panel_cannot_serve_is_refused_by_name() -> None:
    panel = level(50, 50)
    with pytest.raises(BadConfiguration, match="no bars of ZZZ"):
        await run_cycles(panel, plan(panel, "buy-and-hold", symbols=("AAA", "ZZZ")))
    with pytest.raises(BadConfiguration, match="no session from 2031"):
        await run_cycles(panel, plan(panel, "buy-and-hold", from_on="2031-01-01", to_on="2031-02-01"))
    many = tuple(f"A{number}" for number in range(101))
    with pytest.raises(BadConfiguration, match="look at 100 at most"):
        await run_cycles(panels.made_up(sorted(many), 3), plan(panel, "buy-and-hold", symbols=many))


async def test_a_bar_on_a_holiday_makes_no_session_and_is_told() -> None:
    panel = level(50, 50)
    days = panel.days.copy()
    days[-1] = np.datetime64("2017-11-12")  # a Sunday
    result = await ran(replace(panel, days=days), "buy-and-hold", sizing=ONE)
    assert len(result.days) == 1
    assert [one.code for one in result.cautions] == ["no_session", "nothing_filled"]


class Sulks:
    """A rule that fails from a price on."""

    def __init__(self, above: float) -> None:
        self._above = above

    def signals(self, view: View) -> list[Signal]:
        if view.symbols["AAA"].bars.close[-1] > self._above:
            raise RuntimeError("too dear")
        return []


SULKS = f"{__name__}:Sulks"


async def test_a_rule_that_cannot_be_made_or_never_answers_has_no_result() -> None:
    panel = level(50, 52)
    with pytest.raises(BadRule, match="cannot be made with its parameters"):
        await ran(panel, SULKS)
    with pytest.raises(BadRule, match=r"2 cycles failed, the first of .* RuntimeError: too dear"):
        await ran(panel, SULKS, parameters={"above": 1})
    once = await ran(panel, SULKS, parameters={"above": 51})
    assert [one.code for one in once.cautions] == ["cycle_failed", "nothing_filled"]
    assert once.cautions[0].reason.startswith("1 cycle failed, that of ")


async def test_a_combination_whose_rule_failed_on_a_day_is_no_trial_that_earned_nothing() -> None:
    panel = level(50, 52)
    tried = await Engines().try_all(panel, plan(panel, SULKS), Engine.CYCLES, [{"above": 51}, {"above": 60}, {}])
    assert [one.equity is None for one in tried] == [True, False, True]
    assert "too dear" in str(tried[0].error)
    assert "cannot be made" in str(tried[2].error)


async def test_what_a_run_is_held_against_lives_through_splits_and_dividends_too() -> None:
    panel = level(50, 50, 50, 12.5, symbols=("AAA", "BBB"))
    on = [panels.day(panel, row) for row in (WARM, WARM + 2, WARM + 3)]
    apart = np.array([panel.close[:, 0], np.full(len(panel.days), 50.0)]).T
    panel = replace(
        panel,
        open=apart,
        high=apart,
        low=apart,
        close=apart,
        actions=(
            CorporateAction(symbol="AAA", kind=ActionKind.SPLIT, ex_on=on[0], ratio=Decimal(7)),
            CorporateAction(symbol="AAA", kind=ActionKind.DIVIDEND, ex_on=on[1], amount_usd=Decimal("0.50")),
            CorporateAction(symbol="AAA", kind=ActionKind.SPLIT, ex_on=on[2], ratio=Decimal(4)),
        ),
    )
    wanted, days = plan(panel, benchmark="AAA"), panel.days[WARM:]
    # The first day's opening has its own split behind it: 1,000 shares of AAA for half the cash, 4,000 in the end.
    assert held_of(panel, wanted, days).tolist() == [100_000, 100_000, 100_500, 100_500]
    found = benchmark_of(panel, wanted, days)
    assert found is not None
    assert found.tolist() == [100_000, 100_000, 101_000, 101_000]


async def test_bars_of_a_day_without_a_session_are_in_no_curve() -> None:
    panel = level(50, 52, 54, 56)
    saturday = np.datetime64("2017-11-11")
    panel = replace(panel, days=np.append(panel.days[1:], saturday))
    result = await ran(panel, "buy-and-hold", sizing=ONE, benchmark="AAA")
    assert "no_session" in {one.code for one in result.cautions}
    assert result.benchmark is not None
    assert result.held is not None
    assert len(result.days) == len(result.equity) == len(result.benchmark) == len(result.held) == 3


@pytest.mark.parametrize("limits", [None, Limits()])
async def test_entries_go_out_in_the_plans_style_as_live(limits: Limits | None) -> None:
    panel = level(50, 52, 52, 50, 49)
    opens = panel.open.copy()
    opens[WARM + 1] = 52
    panel = replace(panel, open=opens, low=np.minimum(opens, panel.close), high=np.maximum(opens, panel.close))
    style = Style(kind=OrderKind.LIMIT, offset=Decimal("0.01"))
    asked = plan(panel, "buy-and-hold", sizing=ONE, limits=limits, frictions=FREE, style=style)
    orders = (await books_of(await lived(panel, asked))).orders
    sent = [(one.request.kind.value, str(one.request.limit_price), one.state.value) for one in orders]
    # Decided at 50: 50.50 at most, and all of the next bar lies at 52. Decided there: 52.52 at most, and an open at 52.
    assert sent == [("limit", "50.50", "cancelled"), ("limit", "52.52", "filled")]
    held = await run_cycles(panel, asked, Deciders())
    assert (held.fills.day.tolist(), held.fills.price.tolist()) == ([2], [52])
    market = await run_cycles(panel, asked.model_copy(update={"style": Style()}), Deciders())
    assert (market.fills.day.tolist(), market.fills.price.tolist()) == ([1], [52])
