"""`config`: the settings in force, by the names of their variables; a secret is never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from adapters.temporal import connection
from console.env_file import values_of
from console.output import STYLES, Output, grid, plain
from console.variables import written
from settings import ENV_FILE, Settings, groups
from trading.money import Record

MASK = "********"
# A name and password within an address: no setting of ours asks for them there, but a proxy's may be written so.
_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


class Source(StrEnum):
    """Where a setting's value is from; `given` by whoever started the process, or by Temporal's own profile."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = ".env"
    GIVEN = "given"


class Setting(Record):
    """One variable: its value as text, None when unset, whether that is the default, and where it is from.

    `group` says what it belongs to. `.env` is read as it is now: what was changed since the start is not in force yet.
    """

    variable: str
    value: str | None
    is_default: bool
    description: str
    group: str = ""
    source: Source = Source.DEFAULT


async def config(settings: Settings, output: Output) -> int:
    """Every setting."""
    found = settings_in_force(settings)
    table = grid("variable", "value", *(("~what it is",) if output.is_wide else ()))
    for setting in found:
        described = (setting.description,) if output.is_wide else ()
        style = STYLES["faint"] if setting.is_default else ""
        table.add_row(setting.variable, plain(setting.value or "—"), *described, style=style)
    output.show(found, table, "  Dim is the default. Set others in the environment or in `.env`.")
    return 0


def settings_in_force(settings: Settings) -> list[Setting]:
    """Every setting, and what Temporal's own variables amount to; secrets masked."""
    return [*_settings(settings), *_temporal()]


def _settings(settings: Settings) -> Iterator[Setting]:
    written_down = _written_down()
    values = {type(group): group for group in vars(settings).values()}
    for prefix, kind in groups().items():
        for name, field in kind.model_fields.items():
            value, variable = getattr(values[kind], name), f"{prefix}{name}".upper()
            yield Setting(
                variable=variable,
                value=_shown(value),
                is_default=value == field.default,
                description=field.description or "",
                group=(kind.__doc__ or "").partition("\n")[0].rstrip("."),
                source=_source(variable, written_down, is_default=value == field.default),
            )


def _temporal() -> Iterator[Setting]:
    """What Temporal's own variables and profile amount to."""
    named = connection.named()
    about = {
        "target_host": ("TEMPORAL_ADDRESS", "Temporal's address; the embedded server when unset."),
        "namespace": ("TEMPORAL_NAMESPACE", "Temporal's namespace."),
        "api_key": ("TEMPORAL_API_KEY", "Temporal's API key."),
    }
    for key, (variable, description) in about.items():
        value: Any = named.get(key)
        shown = MASK if value and key == "api_key" else value
        is_default = value is None
        yield Setting(
            variable=variable,
            value=shown,
            is_default=is_default,
            description=description,
            group="Temporal",
            source=_source(variable, frozenset(), is_default=is_default),
        )


def _written_down() -> frozenset[str]:
    """The names that `.env` sets; none of one that cannot be read."""
    try:
        return frozenset(name.upper() for name in values_of(ENV_FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return frozenset()


def _source(variable: str, written_down: frozenset[str], *, is_default: bool) -> Source:
    if any(value for name, value in os.environ.items() if name.upper() == variable):
        return Source.ENVIRONMENT
    if variable in written_down:
        return Source.FILE
    return Source.DEFAULT if is_default else Source.GIVEN


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    return _IN_ADDRESS.sub(MASK, written(value))
