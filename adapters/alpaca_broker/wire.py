"""The way to Alpaca's trading API: each request in a thread, counted, ended in time, never sent again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from pydantic import SecretStr

from adapters.alpaca_broker import failures
from adapters.alpaca_broker.failures import Word
from adapters.alpaca_broker.values import Unreadable
from adapters.alpaca_wire import Clients, TooManyPages
from trading.errors import BrokerUnavailable, Retryable, TradingError
from trading.money import Record
from trading.ports import RequestRate

T = TypeVar("T")


class AlpacaAccess(Record):
    """The account's key, where its API and its stream answer, and how long an answer may take. Secrets never print."""

    api_key: SecretStr
    api_secret: SecretStr
    base_url: str
    stream_url: str
    timeout_seconds: float


class Refused(Exception):
    """An answer with an error status, for the caller to name."""

    def __init__(self, said: Word) -> None:
        super().__init__(said.message)
        self.said = said


class Wire:
    """One call, one request; `rate` is asked before each."""

    def __init__(self, access: AlpacaAccess, rate: RequestRate) -> None:
        self.access = access
        self._rate = rate
        self._clients = Clients(access)

    async def ask(self, call: Callable[[TradingClient], Any], about: str, read: Callable[[Any], T]) -> T:
        """Ask, and read the answer; `about` names what was asked for, for the error.

        Raises BrokerUnavailable for no answer and for one that cannot be read, BrokerRefused for a refused key.
        """
        try:
            return await self.try_to(call, about, read)
        except Refused as refused:
            raise failures.named(refused.said, about) from None

    async def try_to(self, call: Callable[[TradingClient], Any], about: str, read: Callable[[Any], T]) -> T:
        """As `ask`, but an answer with an error status is `Refused`: what it means is the caller's to say."""
        await self._turn()
        answer = await asyncio.to_thread(self._called, call, about)
        try:
            return read(answer)
        except Unreadable as wrong:
            raise failures.garbage(wrong, about) from None

    async def _turn(self) -> None:
        try:
            await self._rate.take()
        except Retryable as busy:
            # Nothing was sent; whoever asks a broker knows only the broker's errors.
            raise BrokerUnavailable(str(busy), retry_after_seconds=busy.retry_after_seconds) from None

    def _called(self, call: Callable[[TradingClient], Any], about: str) -> Any:
        try:
            return call(self._clients.of(TradingClient, self.access.base_url))
        except APIError as error:
            raise Refused(failures.word(error)) from None
        except (requests.RequestException, OSError) as error:
            raise failures.silence(error, about) from None
        except TradingError:
            raise
        except (TooManyPages, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
            raise failures.garbage(Unreadable(type(error).__name__), about) from None
