"""What may be typed about the agents of a backtest, and what such a run leaves to be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import settings as configuration
from console.backtest_agents import panelists_of
from settings import DeskSettings, ModelSettings, Settings
from tests.adapters.wire.vendors import Vendors, vendors
from tests.console.terminal import ROOT, Said, Terminal
from trading.agents.questions import Agent
from trading.errors import BadConfiguration
from trading.strategy import AGENTS

DATA = str(ROOT / "data" / "sample_daily.parquet")
SEATED = set(Agent) - {Agent.INQUIRER}
RUN = ("backtest", "--strategy", "agents", "--symbols", "JPM,MSFT", "--from", "2017-10-26", "--data", DATA)


@pytest.mark.parametrize(
    ("typed", "strategy", "told"),
    [
        ({"max_cost": "-1"}, AGENTS, "--max-cost: -1 is less than nothing"),
        ({"max_cost": "much"}, AGENTS, "--max-cost: much is no number"),
        ({"max_cost": "nan"}, AGENTS, "--max-cost: nan is no number"),
        ({"model": ["boss=x"]}, AGENTS, "--model: boss is no agent"),
        ({"model": ["=x"]}, AGENTS, "--model: nobody is no agent"),
        ({"model": ["data="]}, AGENTS, "--model: data= names no model"),
        ({"model": [""]}, AGENTS, "--model: nothing names no model"),
        ({"model": ["rules-1", "rules-1"]}, AGENTS, "--model: that of all agents is named twice"),
        ({"model": ["data=rules-1", "data=rules-1"]}, AGENTS, "--model: that of data is named twice"),
        ({"model": ["opus"]}, AGENTS, "no such model: opus"),
        ({"model": ["gpt-4"]}, AGENTS, "gpt-4 is retired"),
        ({"model": ["claude-opus-5-5"]}, AGENTS, "Anthropic needs a key: set LLM_ANTHROPIC_API_KEY"),
        ({"mask": True, "estimate": True}, "sma_cross", "--estimate, --mask: of the agents, and sma_cross asks"),
    ],
)
async def test_what_nobody_serves_is_refused_in_one_line(typed: dict[str, Any], strategy: str, told: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        async with panelists_of(typed, strategy, configuration.load()):
            pass
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_one_model_for_all_and_another_for_one_and_nobody_in_anothers_place(tmp_path: Path) -> None:
    models = ModelSettings(
        anthropic_api_key=SecretStr("sk-ant-none"),
        data_agent_fallback_model="rules-1",
        chat_base_url="http://127.0.0.1:9/v1",
    )
    own = Settings(models=models, desk=DeskSettings(home=tmp_path))
    async with panelists_of({"model": ["openai-chat:small", "meta=claude-opus-5-5"]}, AGENTS, own) as who:
        assert who.models == {agent.value: "small" for agent in SEATED} | {"MetaAgent": "claude-opus-5-5"}
        assert who.paid == ("small", "claude-opus-5-5")
        assert all(seat.fallback is None for seat in who.seats.values())
        assert (tmp_path / "backtests" / "model_calls.sqlite").is_file()


async def test_without_a_key_rules_answer_and_the_card_says_so(tmp_path: Path) -> None:
    own = Settings(models=ModelSettings(), desk=DeskSettings(home=tmp_path))
    async with panelists_of({}, AGENTS, own) as who:
        assert (who.models, who.paid, who.file) == ({"all agents": "rules-1"}, (), None)
        assert [one.code for one in who.cautions()] == ["rules_model"]
    async with panelists_of({}, "sma_cross", own) as who:
        assert (who.models, who.prompts, who.cautions()) == ({}, {}, ())


@pytest.fixture(scope="module")
def there() -> Iterator[Vendors]:
    with vendors() as vendor:
        yield vendor


@pytest.mark.faults
def test_a_run_is_estimated_stopped_resumed_and_told_with_what_it_proves(terminal: Terminal, there: Vendors) -> None:
    keyed = terminal.but(LLM_ANTHROPIC_API_KEY="sk-ant-none", LLM_ANTHROPIC_BASE_URL=there.url)

    def type_in(*more: str) -> tuple[Said, int]:
        before = len(there.asked)
        return keyed.type(*RUN, *more, "--no-sheet", "--json"), len(there.asked) - before

    guess, sent = type_in("--estimate")
    assert (guess.code, sent, guess.document["total"]["cached"]) == (0, 0, 0)
    stopped, asked = type_in("--max-cost", "0.25")
    assert (stopped.code, stopped.document["stopped"]["cause"]) == (3, "budget")
    assert 0 < float(stopped.document["calls"]["spent_usd"]) <= 0.25
    assert stopped.document["card"]["banners"][0].startswith("Stopped before the budget on 2017-1")
    whole, more = type_in()
    assert (whole.code, whole.document["stopped"], whole.document["calls"]["cached"]) == (0, None, asked)
    assert asked + more == guess.document["total"]["questions"]
    again, none = type_in()
    files = ("equity_csv", "fills_csv")
    assert none == 0
    assert all(_read(whole, file) == _read(again, file) for file in files)
    assert "claude-sonnet-5-5 knows the world up to" in keyed.type(*RUN, "--no-sheet").out
    masked, other = type_in("--mask")
    assert (masked.code, masked.document["card"]["plan"]["mask"]) == (0, True)
    assert other > 0


def _read(said: Said, file: str) -> bytes:
    return Path(said.document["files"][file]).read_bytes()
