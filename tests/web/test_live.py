"""The log while it is written: told at once, resumed where somebody left off, and to no more than there is room for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from settings import WebSettings
from tests.web.api import Api, api, token


class Listener:
    """Somebody who listens."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def hear(self) -> dict[str, Any]:
        """The next event of the log, with its number as it was told."""
        said: dict[str, str] = {}
        async for line in self._lines:
            name, _, value = line.partition(": ")
            if line and name in {"id", "event", "data"}:
                said[name] = value
            elif "data" in said:
                document: dict[str, Any] = json.loads(said["data"])
                assert (int(said["id"]), said["event"]) == (document["sequence"], "log")
                return document
        raise AssertionError("the stream ended")

    async def end(self) -> list[str]:
        """Listen until nothing comes any more."""
        return [line async for line in self._lines]


@asynccontextmanager
async def listening(desk: Api, **headers: str) -> AsyncIterator[Listener]:
    client = httpx2.AsyncClient(base_url=desk.url, timeout=20, trust_env=False)
    async with client, client.stream("GET", "/api/live", headers={**desk.headers, **headers}) as answer:
        yield Listener(answer)


async def test_what_is_written_is_heard_in_order_and_nothing_twice(desk: Api) -> None:
    head = await desk.desk.books.reports.head()
    async with listening(desk) as listener:
        for text in ("one", "two"):
            await desk.post("/api/events", {"text": text})
        heard = [await listener.hear() for _ in range(2)]
    assert listener.answer.headers["content-type"].startswith("text/event-stream")
    assert [(line["sequence"], line["data"]["text"]) for line in heard] == [(head + 1, "one"), (head + 2, "two")]


async def test_whoever_was_away_hears_what_was_missed(desk: Api) -> None:
    async with listening(desk, **{"Last-Event-ID": "2"}) as listener:
        assert [(await listener.hear())["sequence"] for _ in range(3)] == [3, 4, 5]


async def test_there_is_room_for_so_many_and_a_place_is_given_back(desk: Api) -> None:
    at = desk.desk
    small = at.settings.model_copy(update={"web": WebSettings(listeners=1)})
    async with api(at.found.database, at.client, small) as few:
        async with listening(few, **{"Last-Event-ID": "0"}) as first:
            await first.hear()
            refused = await few.get("/api/live")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        while (await few.get("/metrics")).text.find("trading_http_listeners 0.0") < 0:
            await few.get("/health")
        async with listening(few, **{"Last-Event-ID": "0"}) as second:
            assert (await second.hear())["sequence"] == 1


async def test_a_server_that_ends_ends_its_streams(desk: Api) -> None:
    at = desk.desk
    async with httpx2.AsyncClient(timeout=20, trust_env=False) as client:
        async with api(at.found.database, at.client, at.settings) as ending:
            request = client.build_request("GET", f"{ending.url}/api/live?after=0", headers=ending.headers)
            listener = Listener(await client.send(request, stream=True))
            await listener.hear()
        assert "event: log" in await listener.end()


async def test_nobody_listens_with_a_token_that_does_not_count(desk: Api) -> None:
    held = await token(desk.desk.books.engine)
    try:
        assert (await desk.get("/api/live")).status_code == 401
        async with listening(desk.holding(held), **{"Last-Event-ID": "0"}) as listener:
            await listener.hear()
    finally:
        for one in await desk.desk.tokens.listed():
            await desk.desk.tokens.revoke(one.token_id, one.created_at)
