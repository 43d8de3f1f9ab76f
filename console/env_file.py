"""`.env` as a person keeps it: comments and order stay, a value is set in its place, nobody else may read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from embedded.home import write_whole
from trading.errors import BadConfiguration

_BARE = re.compile(r"[\w./:@%+,=~-]*")
# Compose and our own settings read the file by different rules; of these letters they make different things.
_UNCLEAR = re.compile(r"['\\$`]|[^ -~]")


def values_of(text: str) -> dict[str, str]:
    """What the text of such a file sets, empty values left out."""
    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value}


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The text with these set: in place of the old line or of the commented one, else at the end."""
    for name, value in values.items():
        text = _with(text, name, f"{name}={_quoted(name, value)}")
    return text


def write(path: Path, text: str) -> None:
    """Write it whole or not at all, for its owner only. Raises BadConfiguration where it cannot be."""
    try:
        write_whole(path.resolve(), text)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise BadConfiguration(message) from error


def _with(text: str, name: str, line: str) -> str:
    # The line that is in force first: the last one of that name.
    for old in (rf"^(?:export\s+)?{name}\s*=.*$", rf"^# ?{name}=.*$"):
        found = list(re.finditer(old, text, flags=re.MULTILINE))
        if found:
            return text[: found[-1].start()] + line + text[found[-1].end() :]
    return f"{text.rstrip()}\n{line}\n".lstrip()


def _quoted(name: str, value: str) -> str:
    if _UNCLEAR.search(value):
        message = f"{name} holds a letter that a file cannot keep ($, a quote, a line's end): set it in the environment"
        raise BadConfiguration(message)
    return value if _BARE.fullmatch(value) else f"'{value}'"
