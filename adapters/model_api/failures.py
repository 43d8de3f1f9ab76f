"""What a provider's failure means, one table for all vendors: later (`ModelUnavailable`) or never (`ModelRefused`).

| what came | is |
|---|---|
| 408, 409, 429, 5xx (529: overloaded) | later, not before what `retry-after-ms` or `retry-after` says |
| a limit on spending, with whatever status | never: a person must raise it |
| 400, 401, 402, 403, 404, 413, 422 and every other 4xx | never, with what to do about it |
| 3xx | never: a model's API sends nobody elsewhere |
| no answer in time, no connection, a connection that broke | later |

Nobody is charged for a refusal, for a provider that says it is overloaded, and for a connection that never was.
Whatever else goes wrong may have been charged, and counts so.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from adapters.model_api.access import Access
from trading.agents.envelope import plain
from trading.errors import ModelRefused, ModelUnavailable, TradingError

MOST_WAIT_SECONDS = 600.0
"""The longest wait that a provider may ask for."""
# Codes of both vendors for money that has run out; waiting does not bring it back.
SPENT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
_REFUSED = "{vendor} refuses the question for {model} with {status}{words}"
_REFUSALS = {
    # The vendor's own words may repeat the key, so they are left out.
    401: "{vendor} refuses the key: set {key} to one that is valid",
    402: "{vendor} wants to be paid: see the account's billing{words}",
    403: "the key may not use {model} at {vendor}: allow it there, or name another model{words}",
    404: "no model {model} at {base_url}: name another model, or mend {url}{words}",
    413: "the question is too long for {vendor}: ask about fewer symbols at once{words}",
}
_LATER = frozenset({408, 409, 429})
_BAD, _BROKEN = 400, 500
_OVERLOADED = frozenset({503, 529})
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_MOST_WORDS = 300
_KEYLIKE = re.compile(r"\bsk-[\w*.-]+")


@dataclass(frozen=True, slots=True)
class Sdk:
    """The exceptions of a vendor's SDK: an answer with an error status (it has a `response`), and all of them."""

    status: type[Exception]
    every: type[Exception]


@asynccontextmanager
async def asking(access: Access, model: str, sdk: Sdk) -> AsyncIterator[None]:
    """Hold a call to its time, and turn whatever goes wrong in it into ModelUnavailable or ModelRefused.

    The vendor's exception is left behind: it holds the request, and with it the key.
    """
    try:
        async with asyncio.timeout(access.timeout_seconds):
            yield
    except sdk.status as error:
        raise failure(access, model, getattr(error, "response")) from None  # noqa: B009  both SDKs' status errors have it
    except (sdk.every, httpx2.HTTPError, TimeoutError) as error:
        raise _unanswered(access, error) from None


def failure(access: Access, model: str, response: httpx2.Response) -> TradingError:
    """What an answer with an error status means."""
    status = response.status_code
    said = _said(response)
    if {said.code, said.type} & SPENT:
        return spent(access)
    if status in _LATER or status >= _BROKEN:
        words = _quoted(access, f"{said.type or said.code} {said.message}".strip())
        message = f"{access.vendor} answered {status}{words}"
        wait, free = retry_after_seconds(response.headers), status < _BROKEN or status in _OVERLOADED
        return ModelUnavailable(message, retry_after_seconds=wait, uncharged=free)
    return ModelRefused(_refusal(access, model, status, _quoted(access, said.message)), uncharged=True)


def spent(access: Access) -> ModelRefused:
    """A limit on spending was reached."""
    return ModelRefused(
        f"the spending limit at {access.vendor} is reached: raise it there, or name other models", uncharged=True
    )


def quoted(access: Access, words: str, limit: int = _MOST_WORDS) -> str:
    """A provider's words as one short line, without the key and without anything that looks like one.

    The key is looked for before the words are cut, and again when nothing hidden can stand inside it any more.
    """
    seen = plain(_without_key(access, words), 16 * limit)
    return _KEYLIKE.sub("***", _without_key(access, seen))[:limit].rstrip()


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What `retry-after-ms`, else `retry-after` asks for (seconds or an HTTP date), at most ten minutes.

    None when nothing was asked for, or nothing that makes sense.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    asked = headers.get("retry-after", "")
    seconds = milliseconds / 1000 if milliseconds is not None else _number(asked)
    if seconds is None:
        seconds = _until(asked)
    return None if seconds is None or seconds < 0 else min(seconds, MOST_WAIT_SECONDS)


def _number(words: str) -> float | None:
    try:
        number = float(words)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(date: str) -> float | None:
    try:
        at = parsedate_to_datetime(date)
    except (ValueError, IndexError, OverflowError):
        return None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()


@dataclass(frozen=True, slots=True)
class _Said:
    type: str = ""
    code: str = ""
    message: str = ""


def _said(response: httpx2.Response) -> _Said:
    """What an error's body says, in either vendor's form; a body of another form is quoted as it is."""
    try:
        body: Any = response.json()
    except (ValueError, RecursionError):
        return _Said(message=f"not JSON, {len(response.content)} bytes" if response.content else "")
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return _Said(message=str(error or ""))
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else error.get("code")
    return _Said(type=str(error.get("type") or ""), code=str(code or ""), message=str(error.get("message") or ""))


def _quoted(access: Access, words: str) -> str:
    clean = quoted(access, words)
    return f" ({clean})" if clean else ""


def _refusal(access: Access, model: str, status: int, words: str) -> str:
    if status < _BAD:
        return f"{access.base_url} sends elsewhere ({status}): set {access.url_variable} to the address itself"
    told = {"vendor": access.vendor, "base_url": access.base_url, "key": access.key_variable}
    return _REFUSALS.get(status, _REFUSED).format(
        **told, url=access.url_variable, model=model, status=status, words=words
    )


def _unanswered(access: Access, error: Exception) -> TradingError:
    """A call without an answer. The SDKs wrap what happened below them, and one wraps our own refusal of a body."""
    for each in (error, error.__cause__):
        if isinstance(each, TradingError):
            return each
    both = (error, error.__cause__)
    free = any(isinstance(each, _NEVER_SENT) for each in both)
    if any(isinstance(each, (TimeoutError, httpx2.TimeoutException)) for each in both):
        return ModelUnavailable(f"{access.vendor} did not answer within {access.timeout_seconds:g} s", uncharged=free)
    cause = type(error.__cause__ or error).__name__
    return ModelUnavailable(f"{access.vendor} cannot be reached at {access.base_url} ({cause})", uncharged=free)


def _without_key(access: Access, words: str) -> str:
    key = access.key.get_secret_value()
    return words.replace(key, "***") if key else words
