"""What every way to Alpaca shares: clients that end, a client a thread, and how its headers and times are read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar, cast

import requests
from alpaca.common.rest import RESTClient
from pydantic import SecretStr

from trading.errors import BadConfiguration

CONNECT_SECONDS = 5
MOST_PAGES = 20
"""Requests of one call: our batches fit in one page; a server that never stops turning pages is not followed."""
MOST_RETRY_AFTER = 120.0
"""Seconds: what a header asks for beyond this is not believed."""

C = TypeVar("C", bound=RESTClient)


class TooManyPages(Exception):
    """One answer had more than `MOST_PAGES` pages."""

    def __init__(self) -> None:
        super().__init__(f"alpaca's answer has more than {MOST_PAGES} pages")


class Access(Protocol):
    """Who asks, and how long an answer may take."""

    @property
    def api_key(self) -> SecretStr:
        """The key."""
        ...

    @property
    def api_secret(self) -> SecretStr:
        """Its secret."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """How long one answer may take."""
        ...


class Clients:
    """The SDK's clients: one of each kind a thread, because a session must not be shared by threads."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._threads = threading.local()

    def of(self, kind: Callable[..., C], base_url: str) -> C:
        """This thread's client of one API, ready for one more call."""
        held: dict[object, RESTClient] = self._threads.__dict__.setdefault("clients", {})
        client = held.get(kind) or held.setdefault(kind, self._built(kind, base_url))
        cast("_Session", client._session).pages = 0  # noqa: SLF001  the SDK has no other way in
        return cast("C", client)

    def _built(self, kind: Callable[..., C], base_url: str) -> C:
        client = kind(
            api_key=self._access.api_key.get_secret_value(),
            secret_key=self._access.api_secret.get_secret_value(),
            raw_data=True,  # its models refuse a whole answer for one bad number; ours say which
            url_override=base_url,
        )
        # The SDK has no time-out, and sends a request again by itself after 429 and 504; neither is a setting of it.
        client._session = _Session(self._access.timeout_seconds)  # noqa: SLF001  see above
        client._retry = 0  # noqa: SLF001  see above
        return client


class _Session(requests.Session):
    """A session whose requests end."""

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self.pages = 0
        self._timeout = (min(CONNECT_SECONDS, timeout_seconds), timeout_seconds)

    def request(self, *arguments: Any, **named: Any) -> requests.Response:
        """Send one request, unless the answer has too many pages already."""
        self.pages += 1
        if self.pages > MOST_PAGES:
            raise TooManyPages
        return super().request(*arguments, **{**named, "timeout": self._timeout})


def credentials(whose: str, key: SecretStr | None, secret: SecretStr | None) -> tuple[SecretStr, SecretStr]:
    """Both, or BadConfiguration with the name of the variable that is missing; `whose` says who needs it."""
    for name, value in (("ALPACA_API_KEY", key), ("ALPACA_API_SECRET", secret)):
        if value is None or not value.get_secret_value():
            raise BadConfiguration(f"the {whose} alpaca needs {name}")
    return key or SecretStr(""), secret or SecretStr("")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait: Retry-After in seconds or as a date, else X-RateLimit-Reset in Unix seconds, else None."""
    seconds = _number(headers.get("Retry-After"))
    if seconds is None and headers.get("Retry-After"):
        try:
            seconds = parsedate_to_datetime(headers["Retry-After"]).timestamp() - now
        except ValueError:
            seconds = None
    reset = _number(headers.get("X-RateLimit-Reset"))
    if seconds is None and reset is not None:
        seconds = reset - now
    return None if seconds is None else min(max(seconds, 0.0), MOST_RETRY_AFTER)


def moment(text: str) -> datetime:
    """A time as the API writes it, to the nanosecond, cut to the microsecond. Raises ValueError without a zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is None or (number == number and abs(number) != float("inf")) else None  # noqa: PLR0124  NaN
