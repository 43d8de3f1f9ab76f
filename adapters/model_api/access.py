"""The way to a provider of models: where, with which key, and how long an answer may take."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from trading.money import Record


def _bare(url: str) -> str:
    """An address that may be printed: one with a user, a password or a query in it may hold a secret."""
    if not url.startswith(("http://", "https://")) or not url.isascii() or any(mark in url for mark in "@?# \n\t"):
        message = "must be http(s)://host[:port][/path] and nothing else; keys have variables of their own"
        raise ValueError(message)
    return url.rstrip("/")


def _sendable(key: SecretStr) -> SecretStr:
    words = key.get_secret_value()
    if not (words.isascii() and words.isprintable()) or " " in words:
        message = "holds a space or a character that no key has"
        raise ValueError(message)
    return key


BaseUrl = Annotated[str, AfterValidator(_bare)]
"""The address of an API, without anything secret in it."""
Key = Annotated[SecretStr, AfterValidator(_sendable)]
"""A key as it can stand in a header."""


class Access(Record):
    """How a provider is reached. `variables` names what its user sets: the key's variable and the address's.

    `timeout_seconds` covers a whole call, from the connection to the last byte of the answer.
    """

    vendor: str
    base_url: BaseUrl
    key: Key
    key_variable: str
    url_variable: str
    timeout_seconds: Annotated[float, Field(gt=0)]
