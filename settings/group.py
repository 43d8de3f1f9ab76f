"""What every group of settings has in common: its prefix, and that it is frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

ENV_FILE = Path(".env")
Port = Annotated[int, Field(ge=1, le=65535)]


def group(prefix: str) -> SettingsConfigDict:
    """The settings whose variables begin with this prefix."""
    return SettingsConfigDict(
        env_prefix=prefix,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )
