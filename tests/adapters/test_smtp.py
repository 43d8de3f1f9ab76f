"""The mail channel against a real mail server on loopback: in the clear, by STARTTLS, encrypted; and its refusals."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels.mail import Letters
from adapters.channels.smtp import MailServer, SmtpChannel
from adapters.channels.wire import LONG_REST
from tests.adapters.channels import CANARY, notice, refused, unavailable
from tests.fakes.mailbox import Mailbox, mailbox, own_certificate

SENDER, RECEIVERS = "desk@example.com", ("one@example.com", "two@example.com")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return own_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context whose certificate this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    return certificate[0]


def channel(box: Mailbox, **more: Any) -> SmtpChannel:
    usual = {"host": "127.0.0.1", "port": box.port, "is_encrypted": False, "timeout_seconds": 2.0}
    return SmtpChannel(MailServer(**{**usual, **more}), Letters(SENDER, RECEIVERS))


def known(password: str = CANARY) -> dict[str, Any]:
    return {"user": "desk", "password": SecretStr(password)}


async def test_one_mail_goes_to_all_receivers() -> None:
    async with mailbox() as box:
        await channel(box).send(notice(body="the stream is silent\n\nsince 16:00, é"))
    ((envelope, mail),) = box.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, list(RECEIVERS))
    assert mail["From"] == SENDER
    assert mail["To"] == ", ".join(RECEIVERS)
    assert mail["Subject"] == "[critical] paper: the stream is silent"
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail.get_content().splitlines() == ["the stream is silent", "", "since 16:00, é"]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_password_goes_over_an_encrypted_line(trusted: ssl.SSLContext, *, encrypted: bool) -> None:
    async with mailbox(tls=trusted, encrypted=encrypted, password=CANARY) as box:
        await channel(box, is_encrypted=encrypted, **known()).send(notice())
    assert box.logins == [("desk", True)]
    assert len(box.mails) == 1


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(
    certificate: tuple[ssl.SSLContext, Path], *, encrypted: bool
) -> None:
    async with mailbox(tls=certificate[0], encrypted=encrypted, password=CANARY) as box:
        await unavailable(channel(box, is_encrypted=encrypted, **known()))
    assert (box.logins, box.mails) == ([], [])


async def test_a_password_is_not_sent_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async with mailbox(password=CANARY) as box:
        await channel(box, **known()).send(notice())
        assert box.logins == [("desk", False)]
        # A name that is none of the loopback's, though it leads there.
        host = "ip6-localhost"
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", _leads_to_loopback)
        failed = await unavailable(channel(box, host=host, **known()))
    assert "no STARTTLS" in str(failed)
    assert failed.retry_after_seconds == LONG_REST
    assert (len(box.logins), len(box.mails)) == (1, 1)


async def _leads_to_loopback(host: str, port: int, **options: Any) -> list[Any]:
    import socket  # noqa: PLC0415  for this answer alone

    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.mark.parametrize(
    ("answers", "told", "seconds"),
    [
        ({"RCPT": "550 no such mailbox"}, "550", LONG_REST),
        ({"RCPT": "450 try later"}, "450", None),
        ({"DATA": "451 try later"}, "451", None),
    ],
)
async def test_it_is_tried_again(answers: dict[str, str], told: str, seconds: float | None) -> None:
    async with mailbox(answers=answers) as box:
        failed = await unavailable(channel(box))
    assert told in str(failed)
    assert failed.retry_after_seconds == seconds


async def test_a_wrong_password_waits_for_a_person() -> None:
    async with mailbox(password="another") as box:  # noqa: S106  nobody's
        failed = await unavailable(channel(box, **known()))
    assert "535" in str(failed)
    assert failed.retry_after_seconds == LONG_REST


async def test_a_mail_that_is_refused_is_not_sent_again() -> None:
    async with mailbox(answers={"DATA": "554 looks like spam"}) as box:
        assert "554" in str(await refused(channel(box)))


async def test_one_receiver_that_does_not_exist_costs_only_that_one() -> None:
    async with mailbox(answers={RECEIVERS[0]: "550 no such mailbox"}) as box:
        await channel(box).send(notice())
    assert [envelope.rcpt_tos for envelope, _ in box.mails] == [[RECEIVERS[1]]]


async def test_a_server_that_takes_the_mail_and_says_nothing_is_left() -> None:
    async with mailbox(silent=True) as box:
        assert "did not answer" in str(await unavailable(channel(box, timeout_seconds=0.3)))


@asynccontextmanager
async def stranger(words: bytes) -> AsyncIterator[int]:
    """Somebody who is no mail server."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff\xfe\x00",
        b"220 ready\r\nnonsense\r\n",
        b"x" * 100_000,
        b"421 busy\r\n",
    ],
)
async def test_whoever_is_no_mail_server_is_tried_again(words: bytes) -> None:
    async with stranger(words) as port:
        await unavailable(channel(Mailbox(port=port), timeout_seconds=0.3))
    await unavailable(channel(Mailbox(port=9), timeout_seconds=0.3))


@pytest.mark.parametrize("title", ["a\r\nBcc: evil@example.com", "a\n\nbody", "a\x00b", "\u2028Subject: b", "é" * 200])
async def test_a_title_is_one_line_of_the_subject(title: str) -> None:
    async with mailbox() as box:
        await channel(box).send(notice(title=title, body="x\r\n.\r\nQUIT\r\nMAIL FROM:<x>"))
    ((envelope, mail),) = box.mails
    assert envelope.rcpt_tos == list(RECEIVERS)
    assert mail["Bcc"] is None
    assert str(mail["Subject"]).isprintable()
    assert "MAIL FROM:<x>" in mail.get_content()
