"""A file of settings, looked at before anything is read from it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from trading.errors import BadConfiguration


def see(env_file: Path) -> None:
    """Raises BadConfiguration, in one line that repeats nothing of it, for a file that cannot be read as settings.

    Left to the library, a line that it does not understand is passed over, and the desk would run on defaults.
    """
    if not env_file.exists():
        return
    try:
        text = env_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadConfiguration(f"{env_file} cannot be read ({reason}): correct or remove it") from error
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            said = binding.original.string
            line = binding.original.line + said[: len(said) - len(said.lstrip())].count("\n")
            raise BadConfiguration(f"{env_file}: line {line} is not NAME=VALUE: correct or remove it")
