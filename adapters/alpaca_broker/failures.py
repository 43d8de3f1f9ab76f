"""Our names for Alpaca's refusals and failures. `OrderRefused` only for its plain word; all doubt is `unknown`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import NamedTuple

import requests
from alpaca.common.exceptions import APIError

from adapters.alpaca_wire import retry_after
from trading.errors import BrokerRefused, BrokerUnavailable, DuplicateOrder, OrderRefused, TradingError

DUPLICATE = 40010001
"""Alpaca's code for an id that is taken, and for other ids that it does not take: the sentence tells which."""
_TAKEN = ("unique", "duplicate", "exist")
_REFUSALS = frozenset({400, 403, 404, 422})
_MOST_WORDS = 300


class Word(NamedTuple):
    """What Alpaca said with an error status; `code` None when it is no error of Alpaca's own form."""

    status: int
    code: int | None
    message: str
    headers: Mapping[str, str]

    @property
    def is_refusal(self) -> bool:
        """Whether Alpaca itself says no, and why."""
        return self.status in _REFUSALS and self.code is not None and bool(self.message)

    @property
    def is_absence(self) -> bool:
        """Whether Alpaca says that it has no such thing; a wrong address has no endpoint, which says nothing."""
        return self.is_refusal and self.status == 404 and "endpoint" not in self.message  # noqa: PLR2004  not found


def word(error: APIError) -> Word:
    """What an error says of itself. The SDK's own properties fail on any page that is no JSON."""
    status = int(error.status_code or 0)
    headers = error.response.headers if error.response is not None else {}
    try:
        told = json.loads(str(error))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        return Word(status, None, "", headers)
    code, message = told.get("code"), told.get("message")
    is_code = isinstance(code, int) and not isinstance(code, bool)
    return Word(status, code if is_code else None, _plain(message) if isinstance(message, str) else "", headers)


def named(said: Word, about: str) -> TradingError:
    """The error that an answer with an error status is, whatever was asked for."""
    if said.status == 401 or (said.status == 403 and said.code is None and said.message):  # noqa: PLR2004  no entry
        mend = "see ALPACA_API_KEY, ALPACA_API_SECRET and ALPACA_TRADING_BASE_URL"
        return BrokerRefused(f"alpaca refuses the key, for {about} ({said.status}): {mend}")
    if said.status == 429:  # noqa: PLR2004  too many requests
        seconds = retry_after(said.headers, time.time())
        return BrokerUnavailable(f"alpaca: too many requests, at {about}", retry_after_seconds=seconds)
    why = f": {said.message}" if said.message else ""
    return BrokerUnavailable(f"alpaca failed to answer about {about} ({said.status}){why}")


def named_order(said: Word, name: str) -> TradingError:
    """The error that the answer to an order is: Alpaca's no, or nothing that is known."""
    if not said.is_refusal:
        return named(said, name)
    sentence = f"{name}: alpaca: {said.message} ({said.code})"
    if said.status == 422 and said.code == DUPLICATE and _is_taken(said.message):  # noqa: PLR2004  unprocessable
        return DuplicateOrder(sentence)
    return OrderRefused(sentence)


def silence(error: requests.RequestException | OSError, about: str) -> BrokerUnavailable:
    """No answer, or half of one. The exception's own words may hold an address: only its kind is told."""
    return BrokerUnavailable(f"alpaca did not answer about {about}: {type(error).__name__}")


def garbage(error: Exception, about: str) -> BrokerUnavailable:
    """An answer that cannot be read as what was asked for."""
    return BrokerUnavailable(f"alpaca's answer about {about} cannot be read: {_plain(str(error))}")


def _is_taken(message: str) -> bool:
    said = message.lower()
    return "client_order_id" in said and any(each in said for each in _TAKEN)


def _plain(text: str) -> str:
    """Words for one line of a log."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MOST_WORDS]
