"""`starter.py memory …` over what a desk remembers, good and bad, with words that a terminal must not obey."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.embedding.small import SmallEmbedder
from adapters.postgres.engine import Database
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.memory import PostgresMemory
from tests.adapters.postgres.desk import opening
from tests.console.terminal import Terminal
from tests.making import DESK
from tests.memories import features, outcome, pointing, remembered

SAID = {
    "AAPL": "The price broke out above its 200-day average on heavy volume.",
    "KO": "The dividend was cut in half.\x1b[2J\x1b]0;owned\x07",
    "XOM": "Oil prices fell and dragged the whole energy sector down.",
}
ENDS = {"AAPL": outcome("50"), "KO": outcome("-20"), "XOM": None}


@pytest.fixture
async def told(terminal: Terminal, database: Database, engine: AsyncEngine) -> Terminal:
    """A terminal beside a database, without Temporal: these commands need none."""
    opened, cash = opening(DESK)
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    memory = PostgresMemory(engine)
    kept = [remembered(symbol, 1, features(0.5), ENDS[symbol], reasoning=said) for symbol, said in SAID.items()]
    await memory.remember(kept, await SmallEmbedder().embed(list(SAID.values())), SmallEmbedder.name)
    await memory.remember([remembered("IBM", 1)], [pointing(1)], "openai:text-embedding-3-small")
    await memory.learn(kept[0].setup.memory_id, "breakouts \x1b[31mhold")
    return terminal.but(
        DESK_ID=DESK,
        DB_HOST=database.host,
        DB_PORT=str(database.port),
        DB_NAME=database.name,
        DB_USER=database.user,
        DB_PASSWORD=database.password.get_secret_value(),
        TEMPORAL_ADDRESS="127.0.0.1:1",
        COLUMNS="140",
    )


def document(terminal: Terminal, *words: str) -> Any:
    said = terminal.type("memory", *words, "--json")
    assert (said.code, said.err) == (0, "")
    return said.document


def test_a_search_finds_what_means_the_same(told: Terminal) -> None:
    found = document(told, "search", "a breakout over the 200-day moving average")
    assert (found["desk"], found["embedder"]) == (DESK, "wordllama")
    assert found["found"][0]["memory"]["setup"]["symbol"] == "AAPL"
    assert [one["distance"] for one in found["found"]] == sorted(one["distance"] for one in found["found"])
    only = document(told, "search", "a breakout", "--symbol", "ko", "--limit", "1")
    assert [one["memory"]["setup"]["symbol"] for one in only["found"]] == ["KO"]
    shown = told.type("memory", "search", "halved its dividend").out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "The dividend was cut in half. [2J ]0;owned" in shown
    assert "breakouts  [31mhold" in shown
    assert "-2.00%" in shown
    assert "1 more were embedded by openai:text-embedding-3-small" in shown


def test_setups_like_a_symbol_are_those_that_have_ended(told: Terminal) -> None:
    found = document(told, "similar", "aapl")
    assert [one["symbol"] for one in found["won"]] == ["AAPL"]
    assert [one["symbol"] for one in found["lost"]] == ["KO"]
    past = document(told, "similar", "AAPL", "--as-of", "2017-11-10")
    assert (past["won"], past["lost"]) == ([], [])
    shown = told.type("memory", "similar", "AAPL").out
    assert "\x1b" not in shown
    assert "the nearest that won" in shown
    assert "none has resolved yet" in told.type("memory", "similar", "AAPL", "--side", "sell").out


def test_stats_count_by_strategy_and_course(told: Terminal) -> None:
    counted = document(told, "stats")
    [tally] = counted["tallies"]
    assert (tally["strategy_id"], tally["course"]) == ("agents", "traded")
    assert [tally[name] for name in ("pending", "resolved", "wins", "losses", "lessons")] == [2, 2, 1, 1, 1]
    assert tally["mean_return"] == pytest.approx(0.015)
    assert counted["embedders"] == {"openai:text-embedding-3-small": 1, "wordllama": 3}
    assert counted["index_bytes"]["ix_memories_features_won"] > 0
    assert "+1.50%" in told.type("memory", "stats").out


REFUSED = (
    (("search", " "), "say what to search for"),
    (("search", "x" * 4001), "say what to search for"),
    (("search", "x", "--symbol", "A\x1bB"), "not a ticker"),
    (("search", "x", "--symbol", ""), "name a symbol"),
    (("search", "x", "--desk", "nobody"), "desk nobody has no books yet"),
    (("search", "x", "--desk", "A desk\x1b[2J"), "has no books yet"),
    (("similar", "no ticker"), "not a ticker"),
    (("similar", "ZZZZ"), "ZZZZ"),
    (("similar", "AAPL", "--as-of", "yesterday"), "not a date"),
    (("similar", "AAPL", "--as-of", "1990-01-03"), "AAPL cannot be looked at"),
    (("similar", "AAPL", "--desk", "nobody"), "desk nobody has no books yet"),
    (("stats", "--desk", "nobody"), "desk nobody has no books yet"),
)


def test_bad_input_is_one_line(told: Terminal) -> None:
    for words, why in REFUSED:
        said = told.type("memory", *words)
        assert (said.code, said.out, said.err.count("\n")) == (1, "", 1), words
        assert why in said.err
        assert said.err[:-1].isprintable()


def test_without_a_desk_that_is_said(terminal: Terminal) -> None:
    for words in (("search", "x"), ("stats",), ("similar", "AAPL")):
        said = terminal.type("memory", *words)
        assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
        assert "no desk is running" in said.err


def test_an_embedder_without_its_key_says_which(told: Terminal) -> None:
    said = told.but(MEMORY_EMBEDDER="openai:text-embedding-3-small").type("memory", "search", "x")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "set LLM_OPENAI_API_KEY" in said.err
