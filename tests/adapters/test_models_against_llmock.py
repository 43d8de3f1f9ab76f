"""The real SDKs against a stand-in that nobody here wrote, and its own verdict on how politely it was asked."""

from __future__ import annotations

import asyncio

import pytest
from llmock.pytest_plugin import LLMock

from tests.adapters.wire.asked import ASKED
from tests.adapters.wire.dialects import ANTHROPIC, CHAT, RESPONSES, Dialect
from tests.adapters.wire.kinds import text_of
from trading.agents.questions import Agent, Question, Reply
from trading.errors import ModelRefused, ModelUnavailable
from wiring.models import Vendor

TRIES = 5
QUESTION = ASKED[Agent.DATA]
ROUTES = {"anthropic": "/anthropic", "openai": "", "chat": ""}


def at(dialect: Dialect, llmock: LLMock) -> Vendor:
    return dialect.at(llmock.url + ROUTES[dialect.name])


async def ask(vendor: Vendor, question: Question) -> Reply:
    """Ask as the desk does: again after what the provider asks for, never after a refusal, five times at most."""
    for _ in range(TRIES):
        try:
            return await vendor.answer(question)
        except ModelUnavailable as error:
            await asyncio.sleep(0.1 if error.retry_after_seconds is None else error.retry_after_seconds)
    raise ModelUnavailable("five times")


async def test_an_answer_is_read(dialect: Dialect, llmock: LLMock) -> None:
    llmock.reply(text_of(QUESTION))
    reply = await ask(at(dialect, llmock), dialect.put(QUESTION.question))
    QUESTION.read(reply.text)
    assert reply.usage is not None
    assert reply.usage.output_tokens > 0
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("dialect", [RESPONSES, CHAT], ids=lambda dialect: dialect.name)
async def test_our_schema_is_one_that_answers_can_be_made_from(dialect: Dialect, llmock: LLMock) -> None:
    reply = await ask(at(dialect, llmock), dialect.put(QUESTION.question))
    assert reply.text.startswith("{")
    assert '"horizon_days"' in reply.text


async def test_a_limited_provider_is_asked_again_when_it_says(dialect: Dialect, llmock: LLMock) -> None:
    llmock.rate_limit(times=2, retry_after=0.2)
    llmock.reply(text_of(QUESTION))
    await ask(at(dialect, llmock), dialect.put(QUESTION.question))
    assert len(llmock.requests) == 3
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_provider_in_trouble_is_asked_again(dialect: Dialect, llmock: LLMock, status: int) -> None:
    llmock.fail(status, times=1)
    llmock.reply(text_of(QUESTION))
    await ask(at(dialect, llmock), dialect.put(QUESTION.question))
    assert len(llmock.requests) == 2
    llmock.assert_resilient()


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_not_argued_with(dialect: Dialect, llmock: LLMock, status: int) -> None:
    llmock.fail(status, times=None)
    with pytest.raises(ModelRefused):
        await ask(at(dialect, llmock), dialect.put(QUESTION.question))
    assert len(llmock.requests) == 1
    llmock.assert_resilient(strict=True)


async def test_a_question_that_is_too_long_is_refused(llmock: LLMock) -> None:
    llmock.context_overflow(times=None)
    with pytest.raises(ModelRefused):
        await ask(at(ANTHROPIC, llmock), ANTHROPIC.put(QUESTION.question))
    llmock.assert_resilient(strict=True)


async def test_a_client_that_does_not_wait_is_found_out(llmock: LLMock) -> None:
    llmock.rate_limit(times=3, retry_after=5)
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            await at(RESPONSES, llmock).answer(RESPONSES.put(QUESTION.question))
    with pytest.raises(AssertionError):
        llmock.assert_resilient(strict=True)
