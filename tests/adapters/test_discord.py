"""The Discord channel against a webhook on loopback that answers as Discord does, and worse."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from adapters.channels.discord import DiscordChannel, payload
from adapters.channels.wire import LONG_REST
from tests.adapters.channels import CANARY, notice, refused, unavailable
from tests.adapters.wire.server import (
    Script,
    Wire,
    closes_mid_body,
    closes_unasked,
    is_silent,
    pours,
    resets_mid_body,
    sends,
    trickles,
    wire,
)

PATH = f"/api/webhooks/1234/{CANARY}"


@pytest.fixture
async def hook() -> AsyncIterator[Wire]:
    async with wire() as made:
        yield made


def channel(hook: Wire, query: str = "", seconds: float = 10) -> DiscordChannel:
    return DiscordChannel(SecretStr(f"{hook.url}{PATH}{query}"), timeout_seconds=seconds)


@pytest.mark.parametrize("answer", [sends(204, b""), sends(200, {"id": "1"}), pours])
async def test_a_notice_is_one_embed_that_calls_nobody(hook: Wire, answer: Script) -> None:
    hook.script = answer
    await channel(hook).send(notice())
    (asked,) = hook.requests
    assert (asked.method, asked.path) == ("POST", f"{PATH}?wait=true")
    assert asked.headers["content-type"] == "application/json"
    (embed,) = asked.said["embeds"]
    assert asked.said == {"embeds": [embed], "allowed_mentions": {"parse": []}}
    assert embed["title"] == r"\[critical\] paper\: the stream is silent"
    assert embed["description"].startswith("```\nthe stream is silent\n")
    assert embed["timestamp"] == "2026-11-20T16:00:00+00:00"


async def test_the_address_keeps_its_thread_and_its_own_wish(hook: Wire) -> None:
    hook.script = sends(204, b"")
    for query in ("?thread_id=9", "?wait=false"):
        await channel(hook, query).send(notice())
    assert [asked.path for asked in hook.requests] == [f"{PATH}?thread_id=9&wait=true", f"{PATH}?wait=false"]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (sends(429, {"message": "You are being rate limited.", "retry_after": 1.337, "global": False}), 1.337),
        (sends(429, {"retry_after": "soon"}, Retry_After="7"), 7.0),
        (sends(429, "<html>cloudflare</html>", Retry_After="1e999"), None),
        (sends(429, {"retry_after": -3}), None),
        (sends(429, {"retry_after": 10**9}), LONG_REST),
        (sends(429, b"[" * 10_000), None),
        (sends(500, "<html>"), None),
        (sends(503, {"retry_after": True}), None),
        (sends(401, {"message": "Invalid Webhook Token", "code": 50027}), LONG_REST),
        (sends(404, {"message": "Unknown Webhook", "code": 10015}), LONG_REST),
        (sends(301, b"", Location="http://127.0.0.1:9/elsewhere"), LONG_REST),
        (closes_unasked, None),
        (is_silent, None),
        (trickles, None),
        (resets_mid_body, None),
        (closes_mid_body, None),
    ],
)
async def test_it_is_tried_again_when_it_may_be_taken_later(hook: Wire, answer: Script, seconds: float | None) -> None:
    hook.script = answer
    patience = 1.0 if answer in {is_silent, trickles} else 10.0
    assert (await unavailable(channel(hook, seconds=patience))).retry_after_seconds == seconds
    assert len(hook.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_notice_that_is_refused_is_not_sent_again(hook: Wire, status: int) -> None:
    hook.script = sends(status, {"embeds": ["0"], "message": CANARY})
    assert str(status) in str(await refused(channel(hook)))


async def test_nobody_listens() -> None:
    nobody = DiscordChannel(SecretStr(f"http://127.0.0.1:9{PATH}"), timeout_seconds=0.5)
    assert "cannot be reached" in str(await unavailable(nobody))
    assert "cannot be reached" in str(await unavailable(DiscordChannel(SecretStr(f"http://[{CANARY}"))))


@pytest.mark.parametrize(
    "words",
    [
        "@everyone",
        "<@1234>",
        "<#1>",
        "**bold**",
        "[click](https://evil.test)",
        "```\nout",
        "`x`",
        "> quote",
        "||hidden||",
    ],
)
def test_marks_and_calls_are_text(words: str) -> None:
    (embed,) = payload(notice(title=words, body=words))["embeds"]
    assert embed["description"].count("```") == 2
    assert embed["description"].endswith("\n```")
    assert "`" not in embed["description"][4:-4]
    title = embed["title"]
    assert all(title[i - 1] == "\\" for i, letter in enumerate(title) if letter in "`*_~|>#[]()<@" and i)
    assert title[0] == "\\"
    assert "://" not in title


def test_no_part_is_longer_than_discord_takes() -> None:
    (embed,) = payload(notice(title="@" * 220, body="`" * 4000))["embeds"]
    assert len(embed["title"]) <= 256
    assert len(embed["description"]) <= 4096
    assert not embed["title"].rstrip("…").endswith("\\")
