"""What models cost, as the operator sees it: a desk on two loopback vendors, summed up each way."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.adapters.wire.vendors import vendors
from tests.console.conftest import serving
from tests.console.terminal import Terminal


@pytest.fixture(scope="module")
def paying() -> Iterator[Terminal]:
    with vendors() as vendor:
        at = {"LLM_ANTHROPIC_BASE_URL": vendor.url, "LLM_OPENAI_BASE_URL": f"{vendor.url}/v1"}
        keys = {"LLM_ANTHROPIC_API_KEY": "sk-ant-canary", "LLM_OPENAI_API_KEY": "sk-canary"}
        with serving("KO", LLM_MAX_USD_PER_DAY="50", LLM_MAX_CALLS_PER_CYCLE="90", **keys, **at) as desk:
            yield desk


def test_what_was_spent_is_summed_up_each_way_and_held_against_the_budgets(paying: Terminal) -> None:
    sums = set()
    for key in ("agent", "model", "strategy", "day"):
        said = paying.type("spend", "--by", key, "--json")
        assert said.code == 0
        lines, total = said.document["lines"], said.document["total"]
        assert sum(Decimal(line["usd"]) for line in lines) == Decimal(total["usd"]) > 0
        sums.add((total["calls"], total["usd"]))
    assert len(sums) == 1
    cycle, day = said.document["budgets"]
    assert (cycle["period"], cycle["unit"], cycle["used"], cycle["most"]) == ("cycle", "calls", None, "90")
    assert (day["period"], day["level"], Decimal(day["used"])) == ("day", "normal", Decimal(total["usd"]))
    shown = paying.type("spend", "--by", "model").out
    assert "claude-sonnet-5-5" in shown
    assert "50 dollars, 0%" in shown


def test_a_negative_budget_is_refused_in_one_line(terminal: Terminal) -> None:
    said = terminal.but(LLM_MAX_USD_PER_DAY="-1").type("spend")
    assert said.code != 0
    assert "LLM_MAX_USD_PER_DAY" in said.err
    assert len(said.err.strip().splitlines()) == 1
