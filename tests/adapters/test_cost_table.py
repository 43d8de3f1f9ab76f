"""The README's table of what a cycle costs, by the price list that calls are priced with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.model_api.prices import cost_usd
from settings import ModelSettings
from trading.agents.questions import Agent
from wiring.model_names import Named
from wiring.models import sittings_of

README = Path(__file__).parents[2] / "README.md"
THOUGHT = 1000
# By agent: calls, tokens in, those of the standing text among them, and out; as `tests.adapters.wire.vendors` counted
# them for `up AAPL MSFT` and for the README's seven symbols.
TWO = {
    Agent.DATA: (2, 3494, 2864, 220),
    Agent.RISK: (1, 1769, 1307, 53),
    Agent.VALIDATOR: (1, 1765, 1285, 71),
    Agent.META: (1, 1809, 1172, 64),
}
SEVEN = {
    Agent.DATA: (7, 12222, 10024, 747),
    Agent.RISK: (1, 3333, 1307, 232),
    Agent.VALIDATOR: (5, 8804, 6425, 335),
    Agent.META: (1, 4024, 1172, 302),
}
CLAUDE, GPT = {"anthropic_api_key": "a"}, {"openai_api_key": "b"}
SETS = {
    "`rules-1`, no key": {},
    "Claude: Sonnet 5.5, Opus 5.5 as MetaAgent": CLAUDE,
    "GPT: 6.1 Terra, Sol as MetaAgent": GPT,
    "both keys: Claude, Terra as Validator": CLAUDE | GPT,
}


def _dollars(who: Named, tokens: tuple[int, int, int, int], *, cold: bool) -> Decimal:
    calls, read, standing, out = tokens
    if who.provider == "rules":
        return Decimal(0)
    cached = {"cache_read_tokens": standing}
    if cold:
        kept_an_hour = {"cache_write_1h_tokens": standing} if who.provider == "anthropic" else {}
        cached = {"cache_write_tokens": standing, **kept_an_hour}
    thought = calls * THOUGHT if cold else 0
    cost = cost_usd(who.provider, (who.name,), input_tokens=read, output_tokens=out + thought, **cached)
    assert cost is not None
    return cost


def _range(keys: dict[str, str], cycle: dict[Agent, tuple[int, int, int, int]]) -> str:
    sitting = sittings_of(ModelSettings.model_validate(keys))
    least, most = (
        sum((_dollars(sitting[agent].model, tokens, cold=cold) for agent, tokens in cycle.items()), Decimal(0))
        for cold in (False, True)
    )
    return f"{least:.3f} to {most:.3f}" if most else "0"


@pytest.mark.parametrize(("name", "keys"), SETS.items())
def test_the_readme_tells_what_a_cycle_costs(name: str, keys: dict[str, str]) -> None:
    assert f"| {name} | {_range(keys, TWO)} | {_range(keys, SEVEN)} |" in README.read_text().splitlines()
