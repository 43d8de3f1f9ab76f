"""Language models in a replay: paid once, stopped before the cap, and no wiser than the day they are asked on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from adapters.reply_file import ReplyFile
from adapters.rules_model import RulesModel
from backtest.cycles.days import Day
from backtest.cycles.deciders import Deciders
from backtest.cycles.estimate import estimate
from backtest.cycles.market import PanelMarket
from backtest.cycles.run import Progress, run_cycles
from backtest.data.panel import Panel
from backtest.results.result import Result, StopCause, Verdict
from tests.adapters.wire.vendors import vendors
from tests.backtest import panels
from tests.backtest.deciding import Away, Busy, Mumbling, Silent, deciders, file_in, paid, seated
from tests.backtest.replaying import WARM, books_of, lived, plan
from tests.backtest.test_look_ahead import foreseeing
from tests.fakes.seats import Dear
from tests.making import FOUR
from trading.agents.questions import Agent
from trading.ports import LanguageModel
from trading.strategy import AGENTS

PANEL = panels.made_up(("ABC", "DEF", "XYZ"), WARM + 9)
CUT = WARM + 5


def dear(model: LanguageModel | None = None) -> Dear:
    return Dear(model or RulesModel(), "0.01")


async def seal(panel: Panel, who: Deciders, sees: Panel | None = None, until: int = -1) -> str:
    """The hash of the last line that a desk wrote by a day's close: of every decision and every word before it."""
    market = None if sees is None else PanelMarket(sees, panels.CALENDAR)
    one = await lived(panel, plan(panel, AGENTS), deciders=who, market=market)
    bell = one.days[-1].session.closes_at if until == -1 else _bell(one.days, until)
    return [stored.hash for stored in (await books_of(one)).events if stored.event.occurred_at <= bell][-1]


def _bell(days: Sequence[Day], row: int) -> datetime:
    return next(day.session.closes_at for day in days if day.row == row)


def same(one: Result, other: Result) -> bool:
    columns = ("equity", "cash", "gross", "positions", "closes")
    fills = ("day", "symbol", "shares", "price", "commission")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
        and all(np.array_equal(getattr(one.fills, name), getattr(other.fills, name)) for name in fills)
        and (one.opinions, one.refusals, one.decisions) == (other.opinions, other.refusals, other.decisions)
    )


async def test_what_was_asked_once_is_never_asked_again_and_the_future_asks_nothing_new_of_the_past(
    tmp_path: Path,
) -> None:
    """Both vendors' protocols on loopback: twice the same, and a panel cut at a day asks what the whole one asked."""
    kept = [file_in(tmp_path)]
    with vendors() as there:
        async with seated(there) as who:
            first = await seal(PANEL, deciders(who, kept))
            asked = len(there.asked)
            assert asked > 20
            assert await seal(PANEL, deciders(who, kept)) == first
            cut = panels.until(PANEL, CUT)
            up_to = await seal(PANEL, deciders(who, kept), until=CUT)
            assert await seal(cut, deciders(who, kept), until=CUT) == up_to
            assert len(there.asked) == asked, "a question was asked twice, or a cut panel asks another"
            # The same on a market that tells tomorrow's close: the proof can fail.
            await seal(PANEL, deciders(who, kept), sees=foreseeing(PANEL))
            asked = len(there.asked)
            await seal(cut, deciders(who, kept), sees=foreseeing(cut), until=CUT)
            assert len(there.asked) > asked
    kept[0].close()


async def test_a_run_that_was_killed_goes_on_for_free_up_to_where_it_was(tmp_path: Path) -> None:
    whole = dear()
    expected = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(whole)))
    kept = [file_in(tmp_path)]
    before, after = dear(), dear()

    def die(progress: Progress) -> None:
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(before), kept), die)
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(after), kept))
    assert same(result, expected)
    assert 0 < len(before.asked) < len(whole.asked) == len(before.asked) + len(after.asked)
    kept[0].close()


async def test_an_answer_that_cannot_be_read_and_its_repair_are_both_kept(tmp_path: Path) -> None:
    kept = [file_in(tmp_path)]
    first, again = dear(Mumbling(RulesModel())), dear(Mumbling(RulesModel()))
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(first), kept))
    second = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(again), kept))
    assert result.decisions
    assert same(result, second)
    assert any(question.repair for question in first.asked)
    assert (again.asked, second.spent_usd) == ([], 0)
    kept[0].close()


async def test_the_cap_is_never_passed_and_what_there_is_is_what_the_whole_run_had_by_then() -> None:
    whole = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(dear())))
    busy = Busy(dear())
    # A call takes a cent, and ten at most: the cap is what is reserved for, not what is hoped for.
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(busy, "0.1"), most="0.29"))
    assert result.stopped is not None
    assert (result.stopped.cause, result.stopped.on) == (StopCause.BUDGET, result.days[-1].item())
    assert 0.18 < result.spent_usd <= 0.29
    assert busy.most_at_once == 2
    days = len(result.days)
    assert 1 < days < len(whole.days)
    assert np.array_equal(result.equity, whole.equity[:days])
    assert result.plan.to_on == result.stopped.on
    assert [one for one in result.opinions if one.decided_on == result.stopped.on] == []


async def test_nothing_is_asked_without_a_cent_and_a_cap_that_is_not_reached_changes_nothing() -> None:
    model = dear()
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(model), most="0"))
    assert (model.asked, result.spent_usd, len(result.days)) == ([], 0, 1)
    whole = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(dear())))
    assert same(await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(dear()), most="100")), whole)


async def test_the_first_day_without_any_model_is_the_last() -> None:
    away = Away(RulesModel(), after=7)
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(away)))
    assert result.stopped is not None
    assert result.stopped.cause is StopCause.NO_MODEL
    assert "nobody is there" in result.stopped.reason
    assert 2 <= len(result.days) < 5
    assert away.asked < 20


async def test_a_journal_that_cannot_be_written_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    kept = ReplyFile(tmp_path / "calls.sqlite")
    kept.close()
    model = dear()
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(model), [kept]))
    assert result.stopped is not None
    assert result.stopped.cause is StopCause.JOURNAL
    assert "calls.sqlite" in result.stopped.reason
    assert model.asked == []


async def test_an_estimate_asks_nobody_and_counts_what_a_run_then_asks(tmp_path: Path) -> None:
    file, model = file_in(tmp_path), dear()
    who = deciders(paid(model), [file])
    guess = await estimate(PANEL, plan(PANEL, AGENTS), who, [file])
    assert model.asked == []
    assert {one.agent for one in guess} == set(FOUR)
    assert (sum(one.cached for one in guess), sum(one.unpriced for one in guess)) == (0, 0)
    result = await run_cycles(PANEL, plan(PANEL, AGENTS), who)
    assert {one.agent: one.questions for one in guess} == {agent: model.of(agent) for agent in FOUR}
    assert float(sum(one.most_usd for one in guess)) > result.spent_usd > 0
    after = await estimate(PANEL, plan(PANEL, AGENTS), who, [file])
    assert [(one.cached, float(one.most_usd)) for one in after] == [(one.questions, 0.0) for one in guess]
    usual = file.usual(Agent.DATA, "dear-1")
    assert usual is not None
    assert (usual.calls, usual.tokens) == (model.of(Agent.DATA), 1000)
    assert file.usual(Agent.DATA, "other") is None
    file.close()


async def test_agents_that_say_nothing_are_told_with_how_often() -> None:
    wanted = plan(PANEL, AGENTS)
    mute = await run_cycles(PANEL, wanted, deciders(paid(Silent(dear()))))
    told = [one.reason for one in mute.cautions if one.code == "abstained"]
    assert (len(mute.fills), len(told)) == (0, 1)
    many = 3 * len(mute.days)
    words = f"DataAgent gave no usable answer to {many} of {many} questions: this is what silence would have brought"
    assert told[0].startswith(words)
    whole = await run_cycles(PANEL, wanted, deciders(paid(dear())))
    assert "abstained" not in {one.code for one in whole.cautions}
    assert whole.decisions
    one = await run_cycles(PANEL, wanted, deciders(paid(Silent(dear(), Agent.META))))
    reasons = [each.reason for each in one.cautions if each.code == "abstained"]
    assert [each.split(" gave")[0] for each in reasons] == ["MetaAgent"]
    silent = sum(each.agent == Agent.META and each.verdict is Verdict.ABSTAINED for each in one.opinions)
    assert silent, reasons
