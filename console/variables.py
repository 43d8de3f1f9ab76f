"""Every variable that the settings are read from, with its default, its meaning and who may have it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import get_args

from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

import settings
from trading.money import Record


class Variable(Record):
    """One variable of the environment; a secret's default is never told."""

    name: str
    prefix: str
    default: str
    description: str
    is_secret: bool


def variables(groups: Mapping[str, type[BaseSettings]] | None = None) -> list[Variable]:
    """All of them, group after group."""
    return [
        Variable(
            name=f"{prefix}{name.upper()}",
            prefix=prefix,
            default="" if is_secret(field.annotation) or field.default in _UNSET else written(field.default),
            description=field.description or "",
            is_secret=is_secret(field.annotation),
        )
        for prefix, group in (groups or settings.groups()).items()
        for name, field in group.model_fields.items()
    ]


def written(default: object) -> str:
    """A default as one writes it in `.env`."""
    if isinstance(default, tuple):
        return ",".join(map(written, default))
    return f"{default:%H:%M}" if isinstance(default, time) else str(default)


def is_secret(annotation: object) -> bool:
    """Whether a field of this type holds a secret, alone or among others (`SecretStr | None`)."""
    return annotation is SecretStr or any(is_secret(part) for part in get_args(annotation))


_UNSET = (None, PydanticUndefined, "")
