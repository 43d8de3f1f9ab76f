"""Metrics, from a Prometheus on the loopback that says what a test wants, and from a real one where there is one."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import JsonValue

from adapters.looking_up.prometheus import query_prometheus
from adapters.looking_up.reading import Whose
from adapters.looking_up.telling import Told, Untold
from tests.conftest import free_port
from tests.rig import until
from trading.inquiry import Lookup, Tool
from trading.inquiry_arguments import QueryPrometheus, arguments_of
from trading.inquiry_limits import MOST_POINTS, MOST_PROMETHEUS_BYTES

NOW = datetime(2024, 3, 1, 17, tzinfo=UTC)


async def ask(url: str | None, as_of: datetime = NOW, **arguments: JsonValue) -> Told:
    asked = arguments_of(Lookup(tool=Tool.QUERY_PROMETHEUS, arguments=arguments))
    assert isinstance(asked, QueryPrometheus), asked
    return await query_prometheus(url, Whose("main", as_of), asked)


@asynccontextmanager
async def saying(body: bytes | None, status: str = "200 OK", asked: list[str] | None = None) -> AsyncIterator[str]:
    """A server that answers every request so, or never."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if asked is not None:
            asked.append(head.splitlines()[0])
        if body is not None:
            length = f"content-length: {len(body)}\r\nlocation: http://127.0.0.1:1/"
            writer.write(f"HTTP/1.1 {status}\r\n{length}\r\n\r\n".encode() + body)
            await writer.drain()
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def result(kind: str, *series: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": series}}).encode()


def vector(value: str, **labels: str) -> dict[str, Any]:
    return {"metric": {"__name__": "up", **labels}, "value": [NOW.timestamp(), value]}


async def test_an_instant_query_is_asked_of_then_and_told_a_line_a_series() -> None:
    asked: list[str] = []
    async with saying(result("vector", vector("1", job="worker"), vector("NaN", job="x")), asked=asked) as url:
        told = await ask(url, query='up{job=~".+"}')
    assert told.lines == [
        "up{job=worker} | 2024-03-01T17:00:00Z 1",
        "up{job=x} | 2024-03-01T17:00:00Z NaN",
    ]
    assert asked[0].startswith("GET /api/v1/query?query=up%7Bjob")
    assert f"time={NOW.timestamp()}" in asked[0]


async def test_a_long_stretch_gets_a_longer_step_and_nothing_later_than_it_may_know() -> None:
    asked: list[str] = []
    points = [[NOW.timestamp() + number, str(number)] for number in range(100)]
    async with saying(result("matrix", {"metric": {}, "values": points}), asked=asked) as url:
        told = await ask(url, query="up", since="2024-02-01", until="2025-01-01", step_seconds=1)
    (line,) = told.lines
    assert "100 points, least 0, most 99" in line
    assert line.endswith(" 99"), "the newest is always among those shown"
    assert len(line.split("; ")) <= 13
    seconds = (NOW - datetime(2024, 2, 1, tzinfo=UTC)).total_seconds()
    assert f"end={NOW.timestamp()}" in asked[0]
    assert int(asked[0].partition("step=")[2].split()[0].split("&")[0]) >= seconds / MOST_POINTS


async def test_a_series_of_another_desk_is_not_told() -> None:
    async with saying(result("vector", vector("1", desk_id="other"), vector("2", desk_id="main"))) as url:
        assert [line.rpartition(" ")[2] for line in (await ask(url, query="up")).lines] == ["2"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b'{"status":"error","errorType":"bad_data","error":"parse error: unexpected }"}', "400 Bad Request", "parse"),
        (b"<html>", "200 OK", "is no Prometheus"),
        (b'["x"]', "200 OK", "is no Prometheus"),
        (b"", "302 Found", "is no Prometheus"),
        (result("vector", {"metric": 1}), "200 OK", "no result"),
        (result("vector", {"metric": {}, "value": [1]}), "200 OK", "no result"),
        (result("vector"), "200 OK", "no series"),
        (b"[" * 200_000, "200 OK", "is no Prometheus"),
        (b" " * (MOST_PROMETHEUS_BYTES + 1), "200 OK", "too long"),
    ],
)
async def test_an_answer_that_is_none_is_said_in_words(body: bytes, status: str, words: str) -> None:
    async with saying(body, status) as url:
        with pytest.raises(Untold, match=words):
            await ask(url, query="up")


async def test_nobody_at_the_address_is_said_in_words() -> None:
    with pytest.raises(Untold, match="is not there"):
        await ask(f"http://127.0.0.1:{free_port()}", query="up")
    with pytest.raises(Untold, match="ASK_PROMETHEUS_URL"):
        await ask(None, query="up")


@pytest.mark.faults
async def test_a_prometheus_that_is_silent_is_not_waited_for() -> None:
    async with saying(None) as url:
        with pytest.raises(Untold, match="did not answer in 5 seconds"):
            await ask(url, query="up")


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """A real one that looks at itself each second."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("no prometheus on the path: the Debian package `prometheus` has it")
    port = free_port()
    own = f"localhost:{port}"
    (tmp_path / "prometheus.yml").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s"},
                "scrape_configs": [{"job_name": "itself", "static_configs": [{"targets": [own]}]}],
            }
        )
    )
    options = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([binary, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        yield f"http://127.0.0.1:{port}"
        running.terminate()
        running.wait()


@pytest.mark.faults
async def test_a_real_prometheus_answers_instant_and_range_queries_and_refuses_nonsense(prometheus: str) -> None:
    async with asyncio.timeout(60):
        await until(lambda: scraped(prometheus))
    now = datetime.now(UTC)
    told = await ask(prometheus, now, query='up{job="itself"}')
    assert told.lines[0].startswith("up{")
    assert told.lines[0].endswith(" 1")
    since = (now - timedelta(minutes=10)).isoformat()
    stretch = await ask(prometheus, now, query="prometheus_build_info", since=since, step_seconds=1)
    assert "prometheus_build_info{" in stretch.lines[0]
    assert (await ask(prometheus, now, query="scalar(vector(7))")).lines[0].endswith(" 7")
    with pytest.raises(Untold, match="parse error"):
        await ask(prometheus, now, query="up{")
    with pytest.raises(Untold, match="no series"):
        await ask(prometheus, now, query="nonsense")


async def scraped(url: str) -> bool:
    try:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{url}/api/v1/query", params={"query": "up"})
    except httpx2.HTTPError:
        return False
    return bool(answer.status_code == httpx2.codes.OK and answer.json()["data"]["result"])
