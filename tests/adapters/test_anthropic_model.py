from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.adapters.wire.asked import QUESTION
from tests.adapters.wire.dialects import ANTHROPIC, KEY, message, written
from tests.adapters.wire.server import Wire, sends
from trading.agents.questions import Question, Repair, Reply, Stop, Usage
from trading.errors import ModelRefused, ModelUnavailable

ASKED = ANTHROPIC.put(QUESTION, max_tokens=4096, effort="low")


async def answer(wire: Wire, body: dict[str, Any], question: Question = ASKED, **headers: str) -> Reply:
    wire.script = sends(200, body, **headers)
    return await ANTHROPIC.at(wire.url).answer(question)


async def test_a_question_is_one_post_with_a_schema_and_a_cached_prompt(wire: Wire) -> None:
    await answer(wire, ANTHROPIC.says("{}"))
    [request] = wire.requests
    schema = request.said["output_config"].pop("format")
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert request.said | {"output_config": {"effort": "low"}} == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4096,
        "system": [
            {"type": "text", "text": QUESTION.system, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ],
        "messages": [{"role": "user", "content": QUESTION.user}],
        "output_config": {"effort": "low"},
    }
    assert schema["type"] == "json_schema"
    assert schema["schema"]["additionalProperties"] is False
    assert schema["schema"]["required"] == list(schema["schema"]["properties"])


async def test_the_key_goes_in_its_header_and_no_trace_goes_along(wire: Wire) -> None:
    await answer(wire, ANTHROPIC.says("{}"))
    headers = wire.requests[0].headers
    assert [name for name, value in headers.items() if KEY in value] in (["authorization"], ["x-api-key"])
    assert "traceparent" not in headers
    assert headers["x-stainless-retry-count"] == "0"


async def test_a_seat_that_names_nothing_leaves_effort_to_the_provider(wire: Wire) -> None:
    await answer(wire, ANTHROPIC.says("{}"), QUESTION.model_copy(update={"model": "claude-sonnet-5-5"}))
    said = wire.requests[0].said
    assert said["max_tokens"] == 8192
    assert set(said["output_config"]) == {"format"}


@pytest.mark.parametrize(("said", "repeated"), [('{"a": 1', '{"a": 1'), ("  \n", "(nothing)")])
async def test_a_repair_shows_the_model_its_own_words_and_what_was_wrong(wire: Wire, said: str, repeated: str) -> None:
    repair = Repair(said=said, wrong="a key is repeated")
    await answer(wire, ANTHROPIC.says("{}"), ASKED.model_copy(update={"repair": repair}))
    first, second, third = wire.requests[0].said["messages"]
    assert first == {"role": "user", "content": QUESTION.user}
    assert second == {"role": "assistant", "content": repeated}
    assert third["role"] == "user"
    assert "a key is repeated" in third["content"]
    assert "one JSON object that fits the schema" in third["content"]


async def test_an_answer_is_the_text_between_the_thoughts(wire: Wire) -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    reply = await answer(wire, message([thought, written('{"a":'), written(" 1}")], "end_turn"), request_id="req_7")
    assert reply == Reply(
        text='{"a": 1}',
        model="claude-sonnet-5-5",
        usage=Usage(input_tokens=100, output_tokens=50),
        cost_usd=Decimal("0.000700000"),
        request_id="req_7",
    )


@pytest.mark.parametrize(
    ("body", "stop", "detail"),
    [
        (message([written("{")], "max_tokens"), Stop.TRUNCATED, "max_tokens"),
        (message([], "max_tokens"), Stop.TRUNCATED, "max_tokens"),
        (
            message([written("{")], "model_context_window_exceeded"),
            Stop.TRUNCATED,
            "model_context_window_exceeded",
        ),
        (
            message([], "refusal", stop_details={"category": "cyber", "explanation": "I\nwon't."}),
            Stop.REFUSED,
            "refusal: cyber: I won't.",
        ),
        (message([written("Sorry.")], "refusal", stop_details=None), Stop.REFUSED, "refusal"),
        (message([written("{}")], "stop_sequence"), Stop.END, "stop_sequence"),
        (message([written("{}")], "something_new"), Stop.END, "something_new"),
        (message([written("{}")], "end_turn", stop_reason=None), Stop.END, ""),
    ],
)
async def test_why_it_stopped_is_told_and_what_it_said_and_cost_is_kept(
    wire: Wire, body: dict[str, Any], stop: Stop, detail: str
) -> None:
    reply = await answer(wire, body)
    assert (reply.stop, reply.detail) == (stop, detail)
    assert reply.text == "".join(block["text"] for block in body["content"])
    assert reply.cost_usd == Decimal("0.000700000")


@pytest.mark.parametrize("kind", ["tool_use", "server_tool_use"])
async def test_a_call_of_a_tool_is_no_answer(wire: Wire, kind: str) -> None:
    reply = await answer(wire, message([written('{"a": 1}'), {"type": kind, "input": {}}], "tool_use"))
    assert reply.text == ""


async def test_cached_tokens_are_counted_in_and_priced_by_how_long_they_are_kept(wire: Wire) -> None:
    costs = []
    for an_hour in (0, 1000):
        usage = {
            "input_tokens": 100,
            "output_tokens": 10,
            "cache_read_input_tokens": 2000,
            "cache_creation_input_tokens": 1000,
            "cache_creation": {"ephemeral_1h_input_tokens": an_hour, "ephemeral_5m_input_tokens": 1000 - an_hour},
        }
        reply = await answer(wire, message([written("{}")], "end_turn", usage=usage, model="claude-opus-5-5"))
        told = Usage(input_tokens=3100, output_tokens=10, cache_read_tokens=2000, cache_write_tokens=1000)
        assert reply.usage == told
        assert reply.cost_usd is not None
        costs.append(reply.cost_usd)
    # To write a million tokens costs 5 dollars for five minutes and 8 for an hour.
    assert costs[1] - costs[0] == Decimal("0.003")


async def test_a_model_that_is_not_in_the_price_list_is_priced_as_the_one_that_was_asked(wire: Wire) -> None:
    reply = await answer(wire, message([written("{}")], "end_turn", model="claude-sonnet-5-5-of-tomorrow-x"))
    assert reply.model == "claude-sonnet-5-5-of-tomorrow-x"
    assert reply.cost_usd == Decimal("0.000700000")


async def test_a_cost_that_nobody_knows_is_not_nothing(wire: Wire) -> None:
    unknown = ASKED.model_copy(update={"model": "tomorrows-9"})
    reply = await answer(wire, message([written("{}")], "end_turn", model="tomorrows-9"), unknown)
    assert reply.usage is not None
    assert reply.cost_usd is None


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "many",
        {"input_tokens": -1, "output_tokens": 1},
        {"input_tokens": 10**30, "output_tokens": 1},
        {"input_tokens": 1.5, "output_tokens": 1},
        {"input_tokens": 1},
    ],
)
async def test_tokens_that_make_no_sense_do_not_cost_the_answer(wire: Wire, usage: object) -> None:
    reply = await answer(wire, message([written("{}")], "end_turn", usage=usage))
    assert reply.text == "{}"
    assert (reply.usage, reply.cost_usd) == (None, None)


async def test_a_model_is_looked_up_by_its_name(wire: Wire) -> None:
    wire.script = sends(200, {"id": "claude-sonnet-5-5", "type": "model"})
    assert await ANTHROPIC.at(wire.url).check("claude-sonnet-5-5") == f"claude-sonnet-5-5 at {wire.url}"
    assert (wire.requests[0].method, wire.requests[0].path) == ("GET", "/v1/models/claude-sonnet-5-5")


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (404, ModelRefused, "no model claude-9 at"),
        (401, ModelRefused, "set LLM_ANTHROPIC_API_KEY"),
        (529, ModelUnavailable, "529"),
    ],
)
async def test_a_model_or_a_key_that_is_unknown_is_told_in_one_line(
    wire: Wire, status: int, error: type[Exception], words: str
) -> None:
    wire.script = sends(status, ANTHROPIC.fails("not_found_error", "model: claude-9"))
    with pytest.raises(error, match=words):
        await ANTHROPIC.at(wire.url).check("claude-9")
