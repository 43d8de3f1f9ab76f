"""A desk on language models: two vendors on loopback, their real SDKs, every call paid for and no key anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import asyncpg
import pytest

import embedded
from tests.adapters.wire.vendors import Vendors, vendors
from tests.console.conftest import serving
from tests.console.terminal import Terminal

CANARIES = {
    "LLM_ANTHROPIC_API_KEY": "sk-ant-canary-1b7e4d90a6",
    "LLM_OPENAI_API_KEY": "sk-canary-2c8f5ea1b7",
    "LLM_CHAT_API_KEY": "canary-3d906fb2c8",
    "ALPACA_API_KEY": "canary-4ea170c3d9",
    "ALPACA_API_SECRET": "canary-5fb281d4ea",
    "ALPACA_DATA_API_KEY": "canary-60c392e5fb",
    "ALPACA_DATA_API_SECRET": "canary-71d4a3f60c",
}
# As many of its first questions as a vendor answers with an error that repeats the key.
ILL = 2


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendors]:
    with vendors(ill=ILL) as there:
        yield there


@pytest.fixture(scope="module")
def seated(vendor: Vendors) -> Iterator[Terminal]:
    """A desk whose agents are both vendors' models."""
    at = {"LLM_ANTHROPIC_BASE_URL": vendor.url, "LLM_OPENAI_BASE_URL": f"{vendor.url}/v1"}
    with serving("KO", **CANARIES, **at, LLM_MAX_USD_PER_DAY="50", LLM_MAX_CALLS_PER_CYCLE="90") as desk:
        yield desk


def rows(desk: Terminal, statement: str) -> list[asyncpg.Record]:
    """What the books say, read as their owner."""
    own = embedded.running(desk.home)
    assert own is not None

    async def read() -> list[asyncpg.Record]:
        at, password = own.database, own.database.password.get_secret_value()
        there = await asyncpg.connect(host=at.host, port=at.port, user=at.user, password=password, database=at.name)
        try:
            return await there.fetch(statement)
        finally:
            await there.close()

    return asyncio.run(read())


def test_both_vendors_models_decide_a_cycle_and_each_call_is_kept_with_its_price(
    seated: Terminal, vendor: Vendors
) -> None:
    said = seated.type("run", "AAPL", "MSFT", "--json")
    assert (said.code, said.document["report"]["outcome"]) == (0, "traded")
    calls = rows(seated, "SELECT agent, reply_model, cost_usd, input_tokens, cache_read_tokens FROM model_calls")
    assert {(call["agent"], call["reply_model"]) for call in calls} == {
        ("DataAgent", "claude-sonnet-5-5"),
        ("RiskManager", "claude-sonnet-5-5"),
        ("Validator", "gpt-6.1-terra"),
        ("MetaAgent", "claude-opus-5-5"),
    }
    assert all(0 < call["cost_usd"] < Decimal("0.05") for call in calls)
    assert all(0 < call["cache_read_tokens"] < call["input_tokens"] for call in calls)
    assert len(vendor.asked) == len(calls) + ILL, "an answer was asked for twice"


@pytest.mark.faults
def test_no_key_is_in_the_books_the_histories_the_prompts_the_output_or_on_a_command_line(
    seated: Terminal, vendor: Vendors
) -> None:
    commands = ("doctor", "status", "config", "events", "orders")
    shown = [said.out + said.err for said in (seated.type(words, "--json") for words in commands)]
    tables = rows(seated, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    books = [str(rows(seated, f'SELECT t::text FROM "{table[0]}" t')) for table in tables]  # noqa: S608  our own names
    kept = [path.read_bytes() for path in seated.folder.rglob("*") if path.is_file()]
    assert any(b"broken for" in each for each in kept), "the history of the failed calls is not here"
    told = [*vendor.asked, *kept, *(text.encode() for text in (*shown, *books, *seated.processes()))]
    assert len(told) > 50
    assert [name for name, key in CANARIES.items() if any(key.encode() in each for each in told)] == []


def test_what_was_spent_is_summed_up_each_way_and_held_against_the_budgets(seated: Terminal) -> None:
    sums = set()
    for key in ("agent", "model", "strategy", "day"):
        said = seated.type("spend", "--by", key, "--json")
        assert said.code == 0
        lines, total = said.document["lines"], said.document["total"]
        assert sum(Decimal(line["usd"]) for line in lines) == Decimal(total["usd"]) > 0
        sums.add((total["calls"], total["usd"]))
    assert len(sums) == 1
    cycle, day = said.document["budgets"]
    assert (cycle["period"], cycle["unit"], cycle["used"], cycle["most"]) == ("cycle", "calls", None, "90")
    assert (day["period"], day["level"], Decimal(day["used"])) == ("day", "normal", Decimal(total["usd"]))
    # An answer with a 500 may have been charged.
    assert Decimal(total["lost_usd"]) > 0 == Decimal(total["reserved_usd"])
    shown = seated.type("spend", "--by", "model").out
    assert "claude-sonnet-5-5" in shown
    assert "50 dollars, 0%" in shown


def test_a_negative_budget_is_refused_in_one_line(terminal: Terminal) -> None:
    said = terminal.but(LLM_MAX_USD_PER_DAY="-1").type("spend")
    assert said.code != 0
    assert "LLM_MAX_USD_PER_DAY" in said.err
    assert len(said.err.strip().splitlines()) == 1
