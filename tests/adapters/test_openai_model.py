from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.adapters.wire.asked import QUESTION
from tests.adapters.wire.dialects import KEY, RESPONSES, put_out, response
from tests.adapters.wire.server import Wire, sends
from trading.agents.questions import Question, Repair, Reply, Stop, Usage
from trading.errors import ModelRefused, ModelUnavailable

ASKED = RESPONSES.put(QUESTION, max_tokens=4096, effort="low")


async def answer(wire: Wire, body: dict[str, Any], question: Question = ASKED, **headers: str) -> Reply:
    wire.script = sends(200, body, **headers)
    return await RESPONSES.at(wire.url).answer(question)


async def test_a_question_is_one_post_with_a_strict_schema_and_nothing_stored(wire: Wire) -> None:
    await answer(wire, RESPONSES.says("{}"))
    [request] = wire.requests
    form = request.said["text"]["format"]
    assert (request.method, request.path) == ("POST", "/v1/responses")
    assert request.said | {"text": None} == {
        "model": "gpt-6.1-terra",
        "instructions": QUESTION.system,
        "input": [{"role": "user", "content": QUESTION.user}],
        "max_output_tokens": 4096,
        "store": False,
        "reasoning": {"effort": "low"},
        "prompt_cache_key": f"DataAgent-{QUESTION.prompt_version}",
        "text": None,
    }
    assert (form["type"], form["name"], form["strict"]) == ("json_schema", "DataAgent", True)
    assert form["schema"]["required"] == list(form["schema"]["properties"])


async def test_the_key_goes_in_its_header_only(wire: Wire) -> None:
    await answer(wire, RESPONSES.says("{}"))
    headers = wire.requests[0].headers
    assert [name for name, value in headers.items() if KEY in value] == ["authorization"]
    assert "traceparent" not in headers


async def test_a_seat_that_names_nothing_leaves_effort_to_the_provider(wire: Wire) -> None:
    await answer(wire, RESPONSES.says("{}"), QUESTION.model_copy(update={"model": "gpt-6.1-terra"}))
    said = wire.requests[0].said
    assert "reasoning" not in said
    assert said["max_output_tokens"] == 8192


async def test_a_repair_shows_the_model_its_own_words_and_what_was_wrong(wire: Wire) -> None:
    repair = Repair(said='{"a": 1', wrong="a key is repeated")
    await answer(wire, RESPONSES.says("{}"), ASKED.model_copy(update={"repair": repair}))
    first, second, third = wire.requests[0].said["input"]
    assert (first["role"], second["role"], third["role"]) == ("user", "assistant", "user")
    assert second["content"] == '{"a": 1'
    assert "a key is repeated" in third["content"]


async def test_an_answer_is_the_text_beside_the_thoughts(wire: Wire) -> None:
    reply = await answer(wire, response([put_out('{"a":'), put_out(" 1}")]), x_request_id="req_7")
    assert reply == Reply(
        text='{"a": 1}',
        model="gpt-6.1-terra",
        usage=Usage(input_tokens=100, output_tokens=50),
        cost_usd=Decimal("0.000350000"),
        request_id="req_7",
    )


@pytest.mark.parametrize(
    ("body", "stop", "detail"),
    [
        (
            response([put_out("{")], "incomplete", incomplete_details={"reason": "max_output_tokens"}),
            Stop.TRUNCATED,
            "max_output_tokens",
        ),
        (
            response([], "incomplete", incomplete_details={"reason": "content_filter"}),
            Stop.FILTERED,
            "content_filter",
        ),
        (response([put_out("{")], "incomplete"), Stop.TRUNCATED, ""),
        (response([{"type": "refusal", "refusal": "I\nwon't."}]), Stop.REFUSED, "I won't."),
        (
            response([{"type": "refusal", "refusal": "No."}], "incomplete", incomplete_details={"reason": "x"}),
            Stop.REFUSED,
            "No.",
        ),
    ],
)
async def test_why_it_stopped_is_told_and_what_it_cost_is_kept(
    wire: Wire, body: dict[str, Any], stop: Stop, detail: str
) -> None:
    reply = await answer(wire, body)
    assert (reply.stop, reply.detail) == (stop, detail)
    assert reply.cost_usd == Decimal("0.000350000")


@pytest.mark.parametrize("kind", ["function_call", "web_search_call", "custom_tool_call"])
async def test_a_call_of_a_tool_is_no_answer(wire: Wire, kind: str) -> None:
    said = response([put_out('{"a": 1}')])
    said["output"].append({"type": kind, "name": "buy", "arguments": "{}"})
    assert (await answer(wire, said)).text == ""


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        ("failed", {"code": "server_error", "message": "Oh."}, ModelUnavailable),
        ("failed", {"code": "rate_limit_exceeded", "message": "Slow."}, ModelUnavailable),
        ("failed", {"code": "insufficient_quota", "message": "Pay."}, ModelRefused),
        ("failed", {"code": "invalid_prompt", "message": "No."}, ModelRefused),
        ("failed", {"code": "something_new", "message": f"Not with {KEY}."}, ModelRefused),
        ("failed", None, ModelUnavailable),
        ("cancelled", None, ModelUnavailable),
        ("queued", None, ModelUnavailable),
        ("in_progress", None, ModelUnavailable),
    ],
)
async def test_a_failure_that_came_as_a_success_goes_by_its_code(
    wire: Wire, status: str, error: object, raised: type[Exception]
) -> None:
    with pytest.raises(raised) as told:
        await answer(wire, response([], status, error=error))
    assert KEY not in str(told.value)


async def test_cached_tokens_are_told_apart_and_are_cheaper(wire: Wire) -> None:
    usage = {
        "input_tokens": 1100,
        "input_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 5},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 1110,
    }
    reply = await answer(wire, response([put_out("{}")], usage=usage))
    assert reply.usage == Usage(input_tokens=1100, output_tokens=10, cache_read_tokens=1000, cache_write_tokens=5)
    assert reply.cost_usd is not None
    assert reply.cost_usd < Decimal("0.0011")


async def test_a_cost_that_nobody_knows_is_not_nothing(wire: Wire) -> None:
    unknown = ASKED.model_copy(update={"model": "gpt-99"})
    reply = await answer(wire, response([put_out("{}")], model="gpt-99"), unknown)
    assert reply.usage is not None
    assert reply.cost_usd is None


@pytest.mark.parametrize(
    "usage", [None, [], {"input_tokens": -1, "output_tokens": 1}, {"input_tokens": 1, "output_tokens": 10**30}]
)
async def test_tokens_that_make_no_sense_do_not_cost_the_answer(wire: Wire, usage: object) -> None:
    reply = await answer(wire, response([put_out("{}")], usage=usage))
    assert (reply.text, reply.usage, reply.cost_usd) == ("{}", None, None)


async def test_more_cached_tokens_than_there_were_have_no_price(wire: Wire) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 50}}
    reply = await answer(wire, response([put_out("{}")], usage=usage))
    assert reply.usage is not None
    assert reply.cost_usd is None


async def test_a_model_is_looked_up_by_its_name(wire: Wire) -> None:
    wire.script = sends(200, {"id": "gpt-6.1-terra", "object": "model"})
    assert await RESPONSES.at(wire.url).check("gpt-6.1-terra") == f"gpt-6.1-terra at {wire.url}/v1"
    assert (wire.requests[0].method, wire.requests[0].path) == ("GET", "/v1/models/gpt-6.1-terra")


@pytest.mark.parametrize(("status", "words"), [(404, "no model gpt-99 at"), (401, "set LLM_OPENAI_API_KEY")])
async def test_a_model_or_a_key_that_is_unknown_is_told_in_one_line(wire: Wire, status: int, words: str) -> None:
    wire.script = sends(status, RESPONSES.fails("model_not_found", "no gpt-99"))
    with pytest.raises(ModelRefused, match=words):
        await RESPONSES.at(wire.url).check("gpt-99")
