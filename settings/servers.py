"""The desk, what it runs on, and its log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from settings.group import Port, group
from trading.money import DeskId


class DeskSettings(BaseSettings):
    """The desk and what it runs on."""

    model_config = group("DESK_")

    id: DeskId = Field("main", description="The desk's short name; its books, workflow and orders carry it.")
    home: Path = Field(Path(".desk"), description="Where the embedded servers keep their state.")
    symbols: str = Field("", description="The watchlist, separated by commas; empty means all that the market has.")
    benchmark: Annotated[str, Field(pattern=r"^(none|[A-Z][A-Z0-9]{0,5}([.-][A-Z]{1,2})?)$")] = Field(
        "SPY", description="What the desk's return is held against, by its ticker; `none` for nothing."
    )
    temporal_port: Port | None = Field(None, description="Port of the embedded Temporal server; a free one when unset.")
    ui_port: Port | None = Field(None, description="Port of Temporal's Web UI; a free one when unset.")
    db_port: Port | None = Field(None, description="Port of the embedded Postgres; a free one when unset.")


class DatabaseSettings(BaseSettings):
    """Postgres; the embedded one when no host is set."""

    model_config = group("DB_")

    host: str | None = Field(None, description="Host of Postgres; the embedded server when unset.")
    port: Port = Field(5432, description="Port of Postgres.")
    name: str = Field("trading", description="Name of the database.")
    user: str = Field(
        "postgres", description="Owner of the tables; the application itself works as role `trading_app`."
    )
    password: SecretStr = Field(SecretStr(""), description="The owner's password.")


class LogSettings(BaseSettings):
    """The log."""

    model_config = group("LOG_")

    format: Literal["console", "json"] = Field("console", description="`console` for people, `json` for machines.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is written.")
    file: Path | None = Field(
        None,
        description="A file of JSON lines that is written besides, each process its own; `up` has one in its home.",
    )
