"""A real mail server on loopback, that may be told to refuse, to ask for a password, or to speak encrypted only."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What was handed in, and what the server answers to each step; an empty answer is a yes."""

    port: int = 0
    password: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    logins: list[tuple[str, bool]] = field(default_factory=list)
    """Who came with the right password, and whether the connection was encrypted."""
    silent: bool = False

    async def handle_RCPT(  # noqa: N802  aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.answers.get(address) or self.answers.get("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  see above
        if self.silent:
            await asyncio.sleep(60)
        if answer := self.answers.get("DATA"):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        mail = BytesParser(EmailMessage, policy=default).parsebytes(content)
        self.mails.append((envelope, mail))
        return "250 taken"

    def sees(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, said: Any) -> AuthResult:
        right = isinstance(said, LoginPassword) and said.password.decode() == self.password
        if right:
            encrypted = server.transport is not None and server.transport.get_extra_info("ssl_object") is not None
            self.logins.append((said.login.decode(), encrypted))
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mailbox(*, tls: ssl.SSLContext | None = None, encrypted: bool = False, **told: Any) -> AsyncIterator[Mailbox]:
    """A server that listens as long as the block: in the clear, by STARTTLS, or `encrypted` from the first byte."""
    box = Mailbox(**told)
    loop = asyncio.get_running_loop()

    def speaks() -> SMTP:
        return SMTP(
            box,
            hostname="mail.test",
            loop=loop,
            tls_context=None if encrypted else tls,
            authenticator=box.sees if box.password else None,
            auth_require_tls=False,
        )

    server = await loop.create_server(speaks, "127.0.0.1", 0, ssl=tls if encrypted else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


def own_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate of its own for 127.0.0.1, and the file of what to trust."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    named = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*asked, *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
