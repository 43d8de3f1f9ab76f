"""Where the replies of a backtest are kept: in a file of its own, and in the desk's database while that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database
from adapters.postgres.journal import PostgresJournal
from adapters.reply_file import ReplyFile
from adapters.rules_model import RulesModel
from backtest.cycles.run import run_cycles
from console.backtest_agents import panelists_of
from console.backtest_models import FILE
from settings import DatabaseSettings, DeskSettings, ModelSettings, Settings
from tests.backtest import panels
from tests.backtest.deciding import deciders, paid
from tests.backtest.replaying import WARM, plan
from tests.fakes.seats import Dear
from trading.errors import BadConfiguration
from trading.strategy import AGENTS

MODELS = ModelSettings(chat_base_url="http://127.0.0.1:9/v1")
TYPED = {"model": ["openai-chat:small"]}


async def test_a_reply_that_either_of_them_has_is_not_paid_again(
    tmp_path: Path, database: Database, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    named = DatabaseSettings(
        host=database.host, port=database.port, name=database.name, user=database.user, password=database.password
    )
    own = Settings(models=MODELS, desk=DeskSettings(home=tmp_path), database=named)
    panel, desk = panels.made_up(("ABC", "DEF"), WARM + 3), PostgresJournal(engine)
    first, second, third = (Dear(RulesModel(), "0.01") for _ in range(3))
    # As the desk itself would have asked.
    await run_cycles(panel, plan(panel, AGENTS), deciders(paid(first), [desk]))
    assert first.asked
    async with panelists_of(TYPED, AGENTS, own) as who:
        assert len(who.stores) == 2
        await run_cycles(panel, plan(panel, AGENTS), deciders(paid(second), who.stores))
        assert second.asked == []
        await run_cycles(panel, plan(panel, AGENTS, mask=True), deciders(paid(third), who.stores))
    asked = {question.call_id for question in third.asked}
    assert asked.isdisjoint({question.call_id for question in first.asked})
    file = ReplyFile(tmp_path / "backtests" / FILE)
    for call_id in asked:
        one, other = await file.find(call_id), await desk.find(call_id)
        assert one is not None
        assert other is not None
        assert (one.reply, one.question) == (other.reply, other.question)
        assert one.replied_at.year > 2025, "kept at the time of the bar"
    file.close()


async def test_a_database_that_is_named_and_away_is_told_and_the_file_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    named = DatabaseSettings(host="127.0.0.1", port=9, password=SecretStr("none"))
    own = Settings(models=MODELS, desk=DeskSettings(home=tmp_path), database=named)
    async with panelists_of(TYPED, AGENTS, own) as who:
        assert (len(who.stores), "\n" in who.no_database) == (1, False)
        assert who.no_database


async def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "backtests").mkdir()
    (tmp_path / "backtests" / FILE).write_bytes(b"no database at all, and long enough to be read as one" * 20)
    own = Settings(models=MODELS, desk=DeskSettings(home=tmp_path))
    with pytest.raises(BadConfiguration, match="replies of models cannot be kept there: file is not a database"):
        async with panelists_of(TYPED, AGENTS, own):
            pass
