"""The channels of Apprise: a real service of it against loopback, its names, and addresses that it does not know."""

from __future__ import annotations

import logging

import pytest
from pydantic import SecretStr

from adapters.channels.anything import channels_by_address
from tests.adapters.channels import CANARY, notice, unavailable
from tests.adapters.wire.server import Script, closes_unasked, is_silent, sends, wire
from trading.alerts import Severity
from trading.errors import BadConfiguration


def secrets(*addresses: str) -> list[SecretStr]:
    return [SecretStr(address) for address in addresses]


async def test_a_notice_arrives_as_plain_text_that_calls_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="asyncio")
    async with wire() as made:
        made.script = sends(200, b"")
        (channel,) = channels_by_address(secrets(f"json://desk:{CANARY}@127.0.0.1:{made.port}/here"))
        await channel.send(notice(title="<!channel> @here", body="*bold* `x` [y](https://z)\n<b>é</b>"))
    said = made.requests[0].said
    assert said["title"] == "‹!channel› ＠here"  # noqa: RUF001  on purpose
    assert said["message"] == "∗bold∗ ˋxˋ ［y](https://z)\n‹b›é‹/b›"  # noqa: RUF001  on purpose
    assert said["type"] == "failure"
    assert CANARY not in caplog.text


@pytest.mark.parametrize("answer", [sends(500, b""), sends(404, b""), closes_unasked, is_silent])
async def test_it_is_tried_again(answer: Script, caplog: pytest.LogCaptureFixture) -> None:
    async with wire() as made:
        made.script = answer
        (channel,) = channels_by_address(secrets(f"json://127.0.0.1:{made.port}/{CANARY}?rto=0.3&cto=0.3"))
        await unavailable(channel, notice(severity=Severity.INFO))
    assert CANARY not in caplog.text


def test_each_address_is_a_channel_named_by_its_service() -> None:
    known = secrets(f"json://127.0.0.1/{CANARY}", f"json://127.0.0.2/{CANARY}", f"ntfy://{CANARY}")
    assert [channel.name for channel in channels_by_address(known)] == ["json", "json-2", "ntfy"]


@pytest.mark.parametrize("address", ["nonsense", f"nonsense://{CANARY}", "json://", f"discord://{CANARY}"])
def test_an_address_that_is_none_is_refused_by_its_place(address: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        channels_by_address(secrets("json://127.0.0.1", address))
    assert str(refused.value) == "ALERT_URLS: address 2 is none that Apprise knows"
