"""What passes through is counted and comes out as it went in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.market_chain import MarketChain
from adapters.metrics.instruments import REGISTRY
from adapters.metrics.ports import MeteredChannel, MeteredModel
from tests.adapters.test_market_chain import SYMBOLS, THEN, Named
from tests.fakes.channel import Channel
from trading.agents.questions import Agent, Question, Reply, Stop, Usage
from trading.alerts import Severity
from trading.errors import ChannelUnavailable, MarketUnavailable, ModelRefused, ModelUnavailable, NoticeRefused
from trading.notices import Notice

NOTICE = Notice(
    desk_id="main", severity=Severity.INFO, title="t", body="b", raised_at=datetime(2026, 11, 20, tzinfo=UTC)
)


def question(model: str) -> Question:
    return Question(
        agent=Agent.DATA, model=model, system="s", user="u", answer_schema={}, facts={}, prompt_version="v1"
    )


class Said:
    """A model that says one thing, or fails, or never answers."""

    def __init__(self, said: Reply | Exception | None) -> None:
        self._said = said

    async def answer(self, _: Question) -> Reply:
        if self._said is None:
            await asyncio.Event().wait()
            raise AssertionError
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def calls(model: str, outcome: str) -> float:
    return value("trading_llm_call_duration_seconds_count", agent="DataAgent", model=model, outcome=outcome)


async def test_a_reply_s_tokens_and_dollars_are_counted_by_agent_and_model() -> None:
    usage = Usage(input_tokens=100, output_tokens=20, cache_read_tokens=60, cache_write_tokens=5)
    reply = Reply(text="{}", model="counted-9", stop=Stop.TRUNCATED, usage=usage, cost_usd=Decimal("0.25"))
    metered = MeteredModel(Said(reply))
    assert await metered.answer(question("counted")) is reply
    await metered.answer(question("counted"))
    assert calls("counted", "truncated") == 2
    kinds = {"input": 200, "output": 40, "cache_read": 120, "cache_write": 10}
    for kind, tokens in kinds.items():
        assert value("trading_llm_tokens_total", agent="DataAgent", model="counted", kind=kind) == tokens
    assert value("trading_llm_cost_usd_total", agent="DataAgent", model="counted") == 0.5


async def test_a_call_without_a_price_is_not_a_free_one() -> None:
    reply = Reply(text="{}", model="m", usage=Usage(input_tokens=1, output_tokens=1))
    await MeteredModel(Said(reply)).answer(question("unpriced"))
    assert value("trading_llm_unpriced_calls_total", agent="DataAgent", model="unpriced") == 1


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (ModelUnavailable("away"), "unavailable"),
        (ModelRefused("no"), "refused_by_provider"),
        (ValueError("bug"), "failed"),
    ],
)
async def test_a_failure_is_timed_and_passed_on(failure: Exception, outcome: str) -> None:
    with pytest.raises(type(failure)):
        await MeteredModel(Said(failure)).answer(question(outcome))
    assert calls(outcome, outcome) == 1


async def test_a_call_that_is_not_waited_for_is_cut_off() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await MeteredModel(Said(None)).answer(question("slow"))
    assert calls("slow", "cut_off") == 1


async def test_messages_are_counted_by_what_became_of_them() -> None:
    channel = MeteredChannel(Channel("bell", "unavailable", "refused"))
    for failure in (ChannelUnavailable, NoticeRefused):
        with pytest.raises(failure):
            await channel.send(NOTICE)
    await channel.send(NOTICE)
    told = {
        each: value("trading_alert_messages_total", channel="bell", outcome=each)
        for each in ("failed", "refused", "told")
    }
    assert told == {"failed": 1, "refused": 1, "told": 1}


@pytest.mark.parametrize("cross_check", [False, True])
async def test_a_provider_that_stands_in_for_another_is_counted(cross_check: bool) -> None:  # noqa: FBT001  a parameter
    first, second = Named(f"broken{cross_check}", failing=MarketUnavailable("away")), Named(f"sound{cross_check}")
    await MarketChain([first, second], cross_check=cross_check).look(SYMBOLS, THEN, 5)
    assert value("trading_market_data_fallbacks_total", provider=second.name, failed=first.name) == 1
    assert value("trading_market_data_failures_total", provider=first.name) == 1
    assert value("trading_market_data_fallbacks_total", provider=first.name, failed=second.name) == 0
