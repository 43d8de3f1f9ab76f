"""Whatever a provider does, the desk hears one of three things: a Reply, later, or never; and no key in any of them."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.model_api.failures import retry_after_seconds
from tests.adapters.wire import server
from tests.adapters.wire.asked import QUESTION
from tests.adapters.wire.dialects import ANTHROPIC, KEY, RESPONSES, Dialect
from tests.adapters.wire.server import Script, Wire, sends
from trading.agents.questions import Reply
from trading.errors import ModelRefused, ModelUnavailable, TradingError

LATER = [408, 409, 429, 500, 502, 503, 504, 529]
NEVER = {
    400: "refuses the question",
    401: "_API_KEY",
    402: "billing",
    403: "may not use",
    404: "no model",
    413: "too long",
    418: "refuses the question",
    422: "refuses the question",
}


async def ask(dialect: Dialect, wire: Wire, script: Script, *, timeout_seconds: float = 20) -> Reply:
    wire.script = script
    return await dialect.at(wire.url, timeout_seconds=timeout_seconds).answer(dialect.put(QUESTION))


async def error_of(dialect: Dialect, wire: Wire, script: Script, *, timeout_seconds: float = 20) -> TradingError:
    with pytest.raises(TradingError) as raised:
        await ask(dialect, wire, script, timeout_seconds=timeout_seconds)
    assert KEY not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert len(str(raised.value)) < 600
    assert "\n" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("status", LATER)
async def test_a_provider_in_trouble_is_asked_later_and_never_at_once(
    dialect: Dialect, wire: Wire, status: int
) -> None:
    error = await error_of(dialect, wire, sends(status, dialect.fails("some_error", "Later."), retry_after="7"))
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after_seconds == 7
    assert str(status) in str(error)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", NEVER)
async def test_a_question_that_is_refused_says_what_to_do(dialect: Dialect, wire: Wire, status: int) -> None:
    error = await error_of(dialect, wire, sends(status, dialect.fails("some_error", "No."), retry_after="7"))
    assert isinstance(error, ModelRefused)
    assert NEVER[status] in str(error)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("insufficient_quota", 429),
        ("billing_hard_limit_reached", 429),
        ("enforced_spend_limit_reached", 429),
        ("contract_spend_limit_reached", 429),
        ("linked_organization_spend_limit_reached", 402),
    ],
)
async def test_money_that_has_run_out_is_not_waited_for(dialect: Dialect, wire: Wire, code: str, status: int) -> None:
    error = await error_of(dialect, wire, sends(status, dialect.fails(code, "Paid out."), retry_after="1"))
    assert isinstance(error, ModelRefused)
    assert "spending limit" in str(error)


async def test_a_limit_on_how_fast_use_may_grow_is_waited_for(wire: Wire) -> None:
    error = await error_of(
        ANTHROPIC, wire, sends(429, ANTHROPIC.fails("ramp_limit_exceeded", "Slow."), retry_after="9")
    )
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after_seconds == 9


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"null", b'"broken"', b'{"error": 3}', b'{"error": {"type": [1]}}', "<html>"]
)
@pytest.mark.parametrize("status", [400, 503])
async def test_an_error_without_words_is_told_by_its_status(
    dialect: Dialect, wire: Wire, status: int, body: bytes | str
) -> None:
    error = await error_of(dialect, wire, sends(status, body))
    assert isinstance(error, ModelRefused if status == 400 else ModelUnavailable)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_a_key_that_the_provider_repeats_is_not_repeated_by_us(dialect: Dialect, wire: Wire, status: int) -> None:
    said = f"Your key {KEY}, \u200b{KEY[:9]}\u200b{KEY[9:]}, sk-proj-another: no."
    error = await error_of(dialect, wire, sends(status, dialect.fails("some_error", said)))
    leaked = [part for part in (KEY[7:18], KEY[-10:], "sk-") if part in str(error)]
    assert leaked == []


async def test_an_error_as_long_as_a_book_is_quoted_in_a_line(dialect: Dialect, wire: Wire) -> None:
    error = await error_of(dialect, wire, sends(503, b"x" * 30_000_000))
    assert isinstance(error, ModelUnavailable)


@pytest.mark.parametrize(
    "script",
    [server.resets_mid_body, server.closes_mid_body, server.closes_unasked],
    ids=["reset mid-body", "cut mid-body", "closed"],
)
async def test_a_broken_connection_is_tried_later(dialect: Dialect, wire: Wire, script: Script) -> None:
    error = await error_of(dialect, wire, script)
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after_seconds is None
    assert wire.url in str(error)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("script", [server.is_silent, server.trickles], ids=["silence", "a trickle without end"])
async def test_an_answer_that_does_not_come_in_time_is_tried_later(
    dialect: Dialect, wire: Wire, script: Script
) -> None:
    error = await error_of(dialect, wire, script, timeout_seconds=0.3)
    assert isinstance(error, ModelUnavailable)
    assert "did not answer within 0.3 s" in str(error)


async def test_nobody_at_the_address_is_tried_later(dialect: Dialect, wire: Wire) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        model = dialect.at(f"http://127.0.0.1:{unheard.getsockname()[1]}")
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await model.answer(dialect.put(QUESTION))


async def test_a_connection_that_is_never_taken_is_tried_later(dialect: Dialect) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)  # noqa: FBT003  the standard library names it so
            one.connect_ex(full.getsockname())
        model = dialect.at(f"http://127.0.0.1:{full.getsockname()[1]}", timeout_seconds=0.3)
        with pytest.raises(ModelUnavailable):
            await model.answer(dialect.put(QUESTION))
        for one in waiting:
            one.close()


@pytest.mark.parametrize(
    "body",
    [
        "<!doctype html><title>Welcome</title>",
        b"",
        b"null",
        b"[]",
        b'{"hello": "world"}',
        b'{"content": 1, "output": 1, "status": 1, "choices": 1}',
        b'{"id": ',
        b"[" * 90_000,
        b"[]," * 200_000,
    ],
)
async def test_success_that_is_no_answer_names_the_address(dialect: Dialect, wire: Wire, body: bytes | str) -> None:
    error = await error_of(dialect, wire, sends(200, body))
    assert isinstance(error, ModelRefused)


async def test_a_page_says_that_this_is_no_model(dialect: Dialect, wire: Wire) -> None:
    error = await error_of(dialect, wire, sends(200, "<html>"))
    assert f"not a model's API at {wire.url}" in str(error)
    assert "_BASE_URL" in str(error)


@pytest.mark.parametrize("body", ["<html>", b"", b"{}", b"[]"])
async def test_a_page_is_no_list_of_models_either(dialect: Dialect, wire: Wire, body: bytes | str) -> None:
    wire.script = sends(200, body)
    with pytest.raises(ModelRefused, match="not a model's API"):
        await dialect.at(wire.url).check(dialect.model)


async def test_a_redirect_is_not_followed_with_the_key(dialect: Dialect, wire: Wire) -> None:
    error = await error_of(dialect, wire, sends(307, b"", location=f"{wire.url}/elsewhere"))
    assert isinstance(error, ModelRefused)
    assert "sends elsewhere" in str(error)
    assert len(wire.requests) == 1


async def test_an_answer_without_end_is_refused_and_not_kept(dialect: Dialect, wire: Wire) -> None:
    tracemalloc.start()
    error = await error_of(dialect, wire, server.pours)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, ModelRefused)
    assert "longer than 20 MB" in str(error)
    assert most < 100_000_000


async def test_a_packed_answer_is_measured_unpacked(wire: Wire) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    error = await error_of(RESPONSES, wire, sends(200, packed, content_encoding="gzip"))
    assert "longer than 20 MB" in str(error)
    assert wire.requests[0].headers["accept-encoding"] == "identity"


async def test_an_answer_that_is_packed_all_the_same_is_read(wire: Wire) -> None:
    packed = gzip.compress(b'{"status": "completed", "output": []}')
    assert (await ask(RESPONSES, wire, sends(200, packed, content_encoding="gzip"))).text == ""


async def test_a_long_answer_arrives_whole(dialect: Dialect, wire: Wire) -> None:
    reply = await ask(dialect, wire, sends(200, dialect.says("[" * 50_000 + "x" * 10_000_000)))
    assert len(reply.text) == 10_050_000


async def test_half_a_surrogate_pair_does_not_spoil_an_answer(dialect: Dialect, wire: Wire) -> None:
    reply = await ask(dialect, wire, sends(200, dialect.says("a\ud800b\0c")))
    assert reply.text == "a\ufffdb\ufffdc"


async def test_a_call_that_is_cancelled_ends(dialect: Dialect, wire: Wire) -> None:
    wire.script = server.is_silent
    model = dialect.at(wire.url)
    asking = asyncio.create_task(model.answer(dialect.put(QUESTION)))
    await wire.asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": "-3"}, None),
        ({"retry-after-ms": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "86400"}, 600),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2999 07:28:00 GMT"}, 600),
        ({"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}, None),
    ],
)
def test_a_wait_is_read_with_care(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_date_to_come_back_at_is_a_wait() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    seconds = retry_after_seconds({"retry-after": at})
    assert seconds is not None
    assert 200 < seconds <= 300
