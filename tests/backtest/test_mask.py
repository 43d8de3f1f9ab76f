"""Behind a mask no question says a name, a sector, a date or a known level; taken off, each dollar is where it was."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from adapters.rules_model import RulesModel
from backtest.cycles.mask import HIGHEST, LOWEST, Mask
from backtest.cycles.run import run_cycles
from backtest.data.panel import Panel
from backtest.results.comparing import Compared, differences
from tests.backtest import panels
from tests.backtest.deciding import deciders, paid
from tests.backtest.made import card_of, made, metrics_of
from tests.backtest.replaying import WARM, plan
from tests.fakes.seats import Dear
from trading.backtest_plan import Plan
from trading.corporate_actions import ActionKind, CorporateAction
from trading.strategy import AGENTS

SYMBOLS = ("AAPL", "INTC", "JPM", "MSFT", "WMT")
SAMPLE = panels.of(panels.sample(), SYMBOLS)
NAMES = ("Apple", "Intel", "Morgan", "Microsoft", "Walmart")


def wanted(panel: Panel = SAMPLE, **changes: object) -> Plan:
    return plan(panel, AGENTS, from_on=panels.day(panel, WARM + 40), **changes)


async def texts_of(a_plan: Plan) -> str:
    """All that the agents are asked in a run, words of others included."""
    model = Dear(RulesModel())
    await run_cycles(SAMPLE, a_plan, deciders(paid(model)))
    assert len(model.asked) > 50
    return "\n".join(question.model_dump_json(exclude={"answer_schema"}) for question in model.asked)


def known(text: str) -> set[str]:
    """Which of the words that tell where and when one is are in a text. As digits of a number a year is none."""
    years = {str(day.astype(object).year) for day in SAMPLE.days}
    words = {*SYMBOLS, *NAMES, *SAMPLE.sectors, *years, *map(str, SAMPLE.days)}
    low = text.lower()
    near = {word for word in words if word.lower() in low}
    return {word for word in near if re.search(rf"(?<![\w.,-]){re.escape(word.lower())}(?![\d.,]*\w)", low)}


@pytest.mark.faults
async def test_no_question_of_a_masked_run_says_a_name_a_sector_or_a_date() -> None:
    assert known(await texts_of(wanted(mask=True))) == set()
    # Without the mask names and sectors are told; dates never are.
    assert known(await texts_of(wanted())) == {*SYMBOLS, *SAMPLE.sectors}


@pytest.mark.parametrize("seed", range(4))
async def test_taken_off_every_dollar_is_where_it_was(seed: int) -> None:
    result = await run_cycles(SAMPLE, wanted(mask=True, seed=seed), deciders(paid(Dear(RulesModel()))))
    assert (result.symbols, result.plan) == (SYMBOLS, wanted(mask=True, seed=seed))
    assert len(result.fills) > 4
    worth = (result.positions * result.closes).sum(axis=1)
    assert np.abs(result.cash + worth - result.equity).max() < 0.03
    assert result.closes == pytest.approx(SAMPLE.close[-len(result.days) :], rel=1e-5)
    assert float(result.plan.cash) - np.sum(result.fills.shares * result.fills.price) == pytest.approx(
        result.cash[-1], abs=0.5
    )
    first = SAMPLE.days.searchsorted(result.days[0])
    slip = 1.001
    for day, symbol, price in zip(result.fills.day, result.fills.symbol, result.fills.price, strict=True):
        low, high = SAMPLE.low[first + day, symbol], SAMPLE.high[first + day, symbol]
        assert low / slip <= price <= high * slip
    assert {one.symbol for one in result.opinions} <= set(SYMBOLS)
    words = [*(one.reason for one in result.refusals), *(one.reason for one in result.cautions)]
    assert not re.search(r"\bS\d\d\b", " ".join(words))


def test_a_mask_hides_the_level_and_keeps_all_returns_and_the_money_traded() -> None:
    mask = Mask.of(SAMPLE, wanted())
    assert set(mask.plan.symbols) == set(mask.panel.symbols) == set(mask.names.values())
    assert (mask.plan.benchmark, list(mask.panel.symbols)) == (None, sorted(mask.names.values()))
    for symbol, alias in mask.names.items():
        own, hidden = SAMPLE.symbols.index(symbol), mask.panel.symbols.index(alias)
        assert LOWEST * 0.999 <= mask.panel.close[WARM + 39, hidden] <= HIGHEST * 1.001
        ratio = mask.panel.close[:, hidden] / SAMPLE.close[:, own]
        assert ratio == pytest.approx(mask.factors[symbol], rel=1e-5)
        before, after = (each.close[:, at] * each.volume[:, at] for each, at in ((SAMPLE, own), (mask.panel, hidden)))
        assert after == pytest.approx(before, rel=1e-5)
        twins = {one for one, sector in zip(SYMBOLS, SAMPLE.sectors, strict=True) if sector == SAMPLE.sectors[own]}
        assert {mask.names[one] for one in twins} == {
            one
            for one, sector in zip(mask.panel.symbols, mask.panel.sectors, strict=True)
            if sector == mask.panel.sectors[hidden]
        }


def test_a_mask_knows_nothing_of_what_comes() -> None:
    whole, cut = (Mask.of(one, wanted()) for one in (SAMPLE, panels.until(SAMPLE, WARM + 41)))
    assert (whole.names, whole.factors) == (cut.names, cut.factors)
    assert whole.names != Mask.of(SAMPLE, wanted(seed=1)).names
    late = replace(SAMPLE, close=np.where(np.arange(len(SAMPLE.days))[:, None] < WARM + 50, np.nan, SAMPLE.close))
    assert Mask.of(late, wanted()).factors["JPM"] > 0


def test_what_companies_did_is_masked_with_them() -> None:
    day = date(2017, 11, 1)
    split = CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=day, ratio=Decimal(4))
    paid_out = CorporateAction(symbol="JPM", kind=ActionKind.DIVIDEND, ex_on=day, amount_usd=Decimal("0.56"))
    renamed = CorporateAction(symbol="WMT", kind=ActionKind.RENAME, ex_on=day, new_symbol="WALM")
    other = paid_out.model_copy(update={"symbol": "KO"})
    mask = Mask.of(replace(SAMPLE, actions=(split, paid_out, renamed, other)), wanted())
    hidden = {one.symbol: one for one in mask.panel.actions}
    assert set(hidden) == {mask.names[symbol] for symbol in ("AAPL", "JPM", "WMT")}
    assert hidden[mask.names["AAPL"]].ratio == 4
    assert hidden[mask.names["WMT"]].new_symbol == mask.names["WALM"]
    amount = hidden[mask.names["JPM"]].amount_usd
    assert amount is not None
    assert float(amount) == pytest.approx(0.56 * mask.factors["JPM"], abs=1e-6)


def test_an_alias_is_no_symbol_that_is_there() -> None:
    made = panels.made_up(("S01", "S02", "X1"), WARM + 2)
    assert set(Mask.of(made, plan(made, AGENTS)).names.values()).isdisjoint(made.symbols)


def test_beside_each_other_runs_differ_in_their_mask() -> None:
    result = made([[100.0], [101.0], [102.0]])
    plans = (result.plan, result.plan.model_copy(update={"mask": True}))
    cards = (card_of(result).model_copy(update={"plan": one}) for one in plans)
    runs = [Compared(card, metrics_of(result), result.days, result.equity) for card in cards]
    assert differences(runs) == [("mask", ("False", "True"))]
