from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.wire.asked import QUESTION
from tests.adapters.wire.dialects import CHAT, chat
from tests.adapters.wire.server import Wire, sends
from trading.agents.questions import Question, Repair, Reply, Stop, Usage
from trading.errors import ModelRefused

ASKED = CHAT.put(QUESTION, max_tokens=512)
MODELS = "/v1/models"


async def answer(wire: Wire, body: dict[str, Any], question: Question = ASKED) -> Reply:
    wire.script = sends(200, body)
    return await CHAT.at(wire.url).answer(question)


async def test_a_question_is_one_post_in_words_that_local_servers_know(wire: Wire) -> None:
    await answer(wire, CHAT.says("{}"))
    [request] = wire.requests
    form = request.said["response_format"]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.said | {"response_format": None} == {
        "model": "small",
        "messages": [
            {"role": "system", "content": QUESTION.system},
            {"role": "user", "content": QUESTION.user},
        ],
        "max_tokens": 512,
        "response_format": None,
    }
    assert form["type"] == "json_schema"
    assert (form["json_schema"]["name"], form["json_schema"]["strict"]) == ("DataAgent", True)


async def test_effort_is_told_only_where_a_seat_names_it(wire: Wire) -> None:
    await answer(wire, CHAT.says("{}"), CHAT.put(QUESTION, effort="low"))
    assert wire.requests[0].said["reasoning_effort"] == "low"


async def test_a_repair_shows_the_model_its_own_words_and_what_was_wrong(wire: Wire) -> None:
    repair = Repair(said="", wrong="nothing was said")
    await answer(wire, CHAT.says("{}"), ASKED.model_copy(update={"repair": repair}))
    *_, second, third = wire.requests[0].said["messages"]
    assert second == {"role": "assistant", "content": "(nothing)"}
    assert "nothing was said" in third["content"]


async def test_an_answer_is_the_first_choice_and_its_price_is_unknown(wire: Wire) -> None:
    assert await answer(wire, CHAT.says('{"a": 1}')) == Reply(
        text='{"a": 1}', model="small", usage=Usage(input_tokens=100, output_tokens=50)
    )


@pytest.mark.parametrize(
    ("body", "stop", "detail"),
    [
        (chat({"content": "{"}, "length"), Stop.TRUNCATED, "length"),
        (chat({"content": None}, "content_filter"), Stop.FILTERED, "content_filter"),
        (chat({"refusal": "I\nwon't."}), Stop.REFUSED, "I won't."),
        (chat({"content": "{}"}, "something_new"), Stop.END, "something_new"),
    ],
)
async def test_why_it_stopped_is_told(wire: Wire, body: dict[str, Any], stop: Stop, detail: str) -> None:
    reply = await answer(wire, body)
    assert (reply.stop, reply.detail) == (stop, detail)


async def test_a_call_of_a_tool_is_no_answer(wire: Wire) -> None:
    assert (await answer(wire, CHAT.calls)).text == ""


@pytest.mark.parametrize("usage", [None, [], "many", {"prompt_tokens": "1"}, {"prompt_tokens": -1}])
async def test_tokens_that_make_no_sense_do_not_cost_the_answer(wire: Wire, usage: object) -> None:
    reply = await answer(wire, chat({"content": "{}"}, usage=usage))
    assert (reply.text, reply.usage) == ("{}", None)


async def test_no_choice_at_all_is_refused(wire: Wire) -> None:
    with pytest.raises(ModelRefused, match="without a choice"):
        await answer(wire, chat({}, choices=[]))


async def test_a_server_without_a_key_is_asked_all_the_same(wire: Wire) -> None:
    wire.script = sends(200, CHAT.says("{}"))
    model = CHAT.build(CHAT.access(wire.url, key=""))
    await model.answer(ASKED)
    await model.close()
    assert wire.requests[0].headers["authorization"] == "Bearer none"


def listing(*names: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


async def test_a_server_that_knows_its_models_one_by_one_is_asked_for_one(wire: Wire) -> None:
    wire.script = sends(200, {"id": "small", "object": "model"})
    assert await CHAT.at(wire.url).check("small") == f"small at {wire.url}/v1"
    assert [request.path for request in wire.requests] == [f"{MODELS}/small"]


async def test_a_server_that_only_lists_its_models_says_which(wire: Wire) -> None:
    wire.script, wire.scripts = sends(404, b""), {MODELS: sends(200, listing("large", "small"))}
    assert await CHAT.at(wire.url).check("small") == f"small at {wire.url}/v1, which lists large, small"
    with pytest.raises(ModelRefused, match=r"no model tiny at .*: it has large, small"):
        await CHAT.at(wire.url).check("tiny")


async def test_a_server_of_one_model_answers_under_any_name(wire: Wire) -> None:
    wire.script, wire.scripts = sends(404, b""), {MODELS: sends(200, listing("/weights/a.gguf"))}
    assert "which lists /weights/a.gguf" in await CHAT.at(wire.url).check("tiny")


async def test_a_server_of_no_model_has_none(wire: Wire) -> None:
    wire.script, wire.scripts = sends(404, b""), {MODELS: sends(200, listing())}
    with pytest.raises(ModelRefused, match="it has none"):
        await CHAT.at(wire.url).check("tiny")


async def test_a_server_without_a_list_is_taken_at_its_word(wire: Wire) -> None:
    wire.script = sends(404, b"")
    assert "which lists no models" in await CHAT.at(wire.url).check("tiny")


async def test_a_list_that_is_a_page_is_no_models_api(wire: Wire) -> None:
    wire.script, wire.scripts = sends(404, b""), {MODELS: sends(200, "<html>")}
    with pytest.raises(ModelRefused, match="not a model's API"):
        await CHAT.at(wire.url).check("tiny")


async def test_a_key_that_the_server_refuses_is_told(wire: Wire) -> None:
    wire.script = sends(401, b"{}")
    with pytest.raises(ModelRefused, match="LLM_CHAT_API_KEY"):
        await CHAT.at(wire.url).check("tiny")
