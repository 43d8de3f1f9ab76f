"""HEAD, as `curl -I` and monitors ask it: the head of what GET answers, and nothing after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.web.api import Api, token
from tests.web.routes import Described
from trading.access import Scope
from web.guard import LIVE
from web.pages import ADDRESSES


async def alike(desk: Api, path: str, **asked: Any) -> None:
    """See that both have one head, but for what differs from answer to answer, and that only one has more after it."""
    got, headed, again = [await desk.ask(method, path, **asked) for method in ("GET", "HEAD", "GET")]
    assert headed.status_code == got.status_code, path
    assert set(headed.headers) == set(got.headers), path
    steady = {name for name, value in got.headers.items() if again.headers.get(name) == value}
    assert {"content-type", "cache-control"} <= steady, path
    assert {name: headed.headers[name] for name in steady} == {name: got.headers[name] for name in steady}, path
    assert headed.content == b""


@pytest.mark.faults
async def test_whatever_can_be_read_has_a_head(desk: Api) -> None:
    described = Described((await desk.get("/api/openapi.json")).json())
    read = [one for one in described.operations if one.method == "GET" and one.path != LIVE]
    assert len(read) > 30
    for one in read:
        asked = one.asked()
        await alike(desk, asked["path"], params=asked["params"], headers=asked["headers"])
    assert not [path for path, methods in described.document["paths"].items() if "head" in methods]


async def test_so_have_pages_their_files_and_what_there_is_not(desk: Api) -> None:
    plain = [address for address in ADDRESSES if "{" not in address]
    for path in (*plain, "/page/main.js", "/page/desk.css", "/page/none.js", "/api/openapi.json", "/api/nothing", "/x"):
        await alike(desk, path)
    await alike(desk, "/x", headers={"Accept": "text/html"})


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/api/portfolio", "/api/openapi.json"])
async def test_a_tag_is_known_again(desk: Api, path: str) -> None:
    tag = (await desk.ask("HEAD", path)).headers["etag"]
    assert (await desk.ask("HEAD", path, headers={"If-None-Match": tag})).status_code == 304
    assert (await desk.get(path, headers={"If-None-Match": tag})).status_code == 304


async def test_the_live_log_tells_its_head_ends_and_keeps_no_place(desk: Api) -> None:
    for _ in range(desk.desk.settings.web.listeners + 2):
        answer = await desk.ask("HEAD", LIVE)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].startswith("text/event-stream")
    assert "trading_http_listeners 0.0" in (await desk.get("/metrics")).text


async def test_one_connection_takes_the_next_request_after_a_head(desk: Api) -> None:
    host, _, port = desk.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for path in ("/settings", LIVE, "/api/settings", "/page/desk.css"):
        writer.write(f"HEAD {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n"), path
    writer.write(f"GET /health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
    rest = await asyncio.wait_for(reader.read(), 30)
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n"), "something followed a head"
    writer.close()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/settings", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
        ("PUT", "/api/strategies", "GET, HEAD, POST"),
        ("PUT", "/api/strategies/agents", "DELETE, GET, HEAD, PATCH"),
        ("HEAD", "/api/breaker/halt", "POST"),
        ("GET", "/api/breaker/halt", "POST"),
        ("OPTIONS", "/api/portfolio", "GET, HEAD"),
    ],
)
async def test_what_an_address_takes_is_said_whole(desk: Api, method: str, path: str, allow: str) -> None:
    answer = await desk.ask(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)


async def test_nobody_gets_a_head_who_gets_no_answer(desk: Api) -> None:
    await token(desk.desk.books.engine, Scope.READ)
    try:
        for path in ("/api/portfolio", "/metrics", LIVE):
            assert (await desk.ask("HEAD", path)).status_code == 401
        assert (await desk.ask("HEAD", "/health")).status_code == 200
    finally:
        for each in await desk.desk.tokens.listed():
            await desk.desk.tokens.revoke(each.token_id, each.created_at)
