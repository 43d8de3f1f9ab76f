"""Mail by Amazon SES: one signed POST to its API, version 2.

| what came | is |
|---|---|
| 200 with a message's id | told |
| 429, 408, 5xx, no answer, 200 without an id | later |
| 400 `BadRequestException`, 413 | this notice never |
| every other 4xx (key, address not verified, account paused) | tried again every ten minutes, until a person mends it |
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from adapters.channels.mail import Letters
from adapters.channels.signing import Signer, stamp
from adapters.channels.wire import LONG_REST, TIMEOUT_SECONDS, Answer, post
from trading.errors import ChannelUnavailable, NoticeRefused
from trading.notices import Notice

PATH = "/v2/email/outbound-emails"
_OK, _TOO_LONG = 200, 413
_NEVER = "BadRequestException"
_NAME = re.compile(r"[A-Za-z]{1,60}")


@dataclass(frozen=True, slots=True)
class SesAccess:
    """The account's key and the address of its region."""

    region: str
    key_id: SecretStr
    secret: SecretStr
    session_token: SecretStr | None = None
    configuration_set: str = ""
    endpoint_url: str = ""
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def url(self) -> str:
        """Where mails are handed in."""
        return (self.endpoint_url.rstrip("/") or f"https://email.{self.region}.amazonaws.com") + PATH


class SesChannel:
    """The port `Notifier` over SES."""

    name = "ses"

    def __init__(self, access: SesAccess, letters: Letters) -> None:
        self._access = access
        self._letters = letters
        self._signer = Signer(access.key_id, access.secret, access.region, "ses")

    async def send(self, notice: Notice) -> None:
        """Hand in one mail for all receivers."""
        body = json.dumps(self._mail(notice)).encode()
        headers = self._signed(body, datetime.now(UTC))
        answer = await post("Amazon SES", self._access.url, body, headers, self._access.timeout_seconds)
        if answer.status == _OK and answer.body.get("MessageId"):
            return
        error = _error(answer)
        if answer.status == _TOO_LONG or error == _NEVER:
            raise NoticeRefused(f"Amazon SES refuses the mail with {answer.status} {error}")
        rest = answer.retry_after if answer.is_later or answer.status == _OK else LONG_REST
        raise ChannelUnavailable(f"Amazon SES answered {answer.status} {error}".rstrip(), retry_after_seconds=rest)

    def _mail(self, notice: Notice) -> dict[str, Any]:
        text = {"Charset": "UTF-8"}
        mail = {
            "FromEmailAddress": self._letters.sender,
            "Destination": {"ToAddresses": list(self._letters.receivers)},
            "Content": {
                "Simple": {
                    "Subject": {**text, "Data": self._letters.subject(notice)},
                    "Body": {"Text": {**text, "Data": notice.body}},
                }
            },
        }
        named = self._access.configuration_set
        return {**mail, **({"ConfigurationSetName": named} if named else {})}

    def _signed(self, body: bytes, at: datetime) -> dict[str, str]:
        url, token = urlsplit(self._access.url), self._access.session_token
        headers = {
            "content-type": "application/json",
            "host": url.netloc,
            "x-amz-date": stamp(at),
            **({"x-amz-security-token": token.get_secret_value()} if token else {}),
        }
        return {**headers, "authorization": self._signer.authorization("POST", url.path, headers, body, at)}


def _error(answer: Answer) -> str:
    """The name of the error, as a header or the body has it; nothing else of it is repeated."""
    said = str(answer.headers.get("x-amzn-errortype") or answer.body.get("__type") or "")
    found = _NAME.match(said.rpartition("#")[2])
    return found.group() if found else ""
