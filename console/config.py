"""`config`: the settings in force, by the names of their variables; a secret is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from adapters.temporal import connection
from console.output import STYLES, Output, grid, plain
from console.variables import written
from settings import Settings, groups
from trading.money import Record

MASK = "********"
# A name and password within an address: no setting of ours asks for them there, but a proxy's may be written so.
_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


class Setting(Record):
    """One variable: its value as text, None when unset, and whether that is the default."""

    variable: str
    value: str | None
    is_default: bool
    description: str


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
    values = {type(group): group for group in vars(settings).values()}
    for prefix, kind in groups().items():
        for name, field in kind.model_fields.items():
            value = getattr(values[kind], name)
            yield Setting(
                variable=f"{prefix}{name}".upper(),
                value=_shown(value),
                is_default=value == field.default,
                description=field.description or "",
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
        yield Setting(variable=variable, value=shown, is_default=value is None, description=description)


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    return _IN_ADDRESS.sub(MASK, written(value))
