"""OpenAI's embeddings on the wire: one POST, bounded, each vector in its place; all else is later or never."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from adapters.embedding.openai import OpenAIEmbedder
from tests.adapters.wire import server
from tests.adapters.wire.dialects import KEY, RESPONSES
from tests.adapters.wire.server import Script, Wire, sends
from trading.errors import ModelRefused, ModelUnavailable, TradingError
from trading.memory_ports import EMBEDDING_SIZE, Vector

MODEL = "text-embedding-3-small"


def vector(place: int, length: float = 1.0) -> list[float]:
    return [length if each == place else 0.0 for each in range(EMBEDDING_SIZE)]


def says(*vectors: tuple[int, list[Any]]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": numbers} for index, numbers in vectors]
    return {"object": "list", "data": data, "model": MODEL, "usage": {"prompt_tokens": 3, "total_tokens": 3}}


async def embedded(
    wire: Wire, script: Script, texts: Sequence[str] = ("one", "two"), within: float = 20
) -> list[Vector]:
    wire.script = script
    embedder = OpenAIEmbedder(RESPONSES.access(wire.url, timeout_seconds=within), MODEL)
    try:
        return await embedder.embed(texts)
    finally:
        await embedder.close()


async def error_of(wire: Wire, script: Script, within: float = 20) -> TradingError:
    with pytest.raises(TradingError) as raised:
        await embedded(wire, script, within=within)
    assert KEY not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600
    assert len(wire.requests) <= 1
    return raised.value


async def test_all_texts_are_one_post_and_come_back_in_their_places(wire: Wire) -> None:
    found = await embedded(wire, sends(200, says((1, vector(7, 0.5)), (0, vector(3)))), ["one", " \n"])
    assert found == [tuple(vector(3)), tuple(vector(7))]
    [request] = wire.requests
    assert (request.method, request.path) == ("POST", "/v1/embeddings")
    assert request.said == {"model": MODEL, "input": ["one", "no words"], "dimensions": 256, "encoding_format": "float"}
    assert [name for name, value in request.headers.items() if KEY in value] == ["authorization"]


async def test_nothing_to_embed_asks_nobody(wire: Wire) -> None:
    assert await embedded(wire, sends(500, {}), []) == []
    assert wire.requests == []


def test_it_is_named_by_its_model() -> None:
    assert OpenAIEmbedder(RESPONSES.access("http://127.0.0.1:9"), MODEL).name == f"openai:{MODEL}"


@pytest.mark.parametrize(
    "body",
    [
        says((0, vector(1))),
        says((0, vector(1)), (0, vector(1))),
        says((0, vector(1)), (2, vector(1))),
        says((0, vector(1)), (1, vector(1)), (1, vector(2))),
        says((0, vector(1)), (1, [1.0] * 255)),
        says((0, vector(1)), (1, [0.0] * EMBEDDING_SIZE)),
        says((0, vector(1)), (1, ["much"] * EMBEDDING_SIZE)),
        b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1e999]}]}',
        {"data": "none"},
        {},
        "<html>",
        b"",
        b"[" * 90_000,
    ],
)
async def test_what_is_no_vector_for_each_text_is_refused(wire: Wire, body: object) -> None:
    assert isinstance(await error_of(wire, sends(200, body)), ModelRefused)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_a_provider_in_trouble_is_asked_later_and_never_at_once(wire: Wire, status: int) -> None:
    error = await error_of(wire, sends(status, RESPONSES.fails("some_error", "Later."), retry_after="7"))
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after_seconds == 7


@pytest.mark.parametrize(("status", "words"), [(400, "refuses"), (401, "_API_KEY"), (403, "may not use"), (404, MODEL)])
async def test_a_refusal_says_what_to_do(wire: Wire, status: int, words: str) -> None:
    error = await error_of(wire, sends(status, RESPONSES.fails("some_error", f"No, {KEY}.")))
    assert isinstance(error, ModelRefused)
    assert words in str(error)


@pytest.mark.parametrize("script", [server.resets_mid_body, server.closes_unasked, server.pours, server.is_silent])
async def test_an_answer_that_breaks_off_never_ends_or_never_comes(wire: Wire, script: Script) -> None:
    error = await error_of(wire, script, within=0.5 if script is server.is_silent else 20)
    assert isinstance(error, ModelRefused if script is server.pours else ModelUnavailable)
