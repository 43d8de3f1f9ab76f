"""Every setting, read once from the environment and `.env`. Frozen; secrets are `SecretStr` and never print.

Each group has its own prefix; the configuration table in the README is made from these fields.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from trading.errors import BadConfiguration
from trading.limits import Limits
from trading.money import DeskId, Dollars, Fraction

ENV_FILE = Path(".env")
Port = Annotated[int, Field(ge=1, le=65535)]


def _group(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(
        env_prefix=prefix,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )


class DeskSettings(BaseSettings):
    """The desk and what it runs on."""

    model_config = _group("DESK_")

    id: DeskId = Field("main", description="The desk's short name; its books, workflow and orders carry it.")
    home: Path = Field(Path(".desk"), description="Where the embedded servers keep their state.")
    symbols: str = Field("", description="The watchlist, separated by commas; empty means all that the market has.")
    temporal_port: Port | None = Field(None, description="Port of the embedded Temporal server; a free one when unset.")
    ui_port: Port | None = Field(None, description="Port of Temporal's Web UI; a free one when unset.")
    db_port: Port | None = Field(None, description="Port of the embedded Postgres; a free one when unset.")


class DatabaseSettings(BaseSettings):
    """Postgres; the embedded one when no host is set."""

    model_config = _group("DB_")

    host: str | None = Field(None, description="Host of Postgres; the embedded server when unset.")
    port: Port = Field(5432, description="Port of Postgres.")
    name: str = Field("trading", description="Name of the database.")
    user: str = Field(
        "postgres", description="Owner of the tables; the application itself works as role `trading_app`."
    )
    password: SecretStr = Field(SecretStr(""), description="The owner's password.")


class ModelSettings(BaseSettings):
    """The language model of each agent."""

    model_config = _group("LLM_")

    data_agent_model: str = Field("rules-1", description="Model of the DataAgent.")
    risk_agent_model: str = Field("rules-1", description="Model of the RiskManager.")
    validator_model: str = Field("rules-1", description="Model of the Validator.")
    meta_agent_model: str = Field("rules-1", description="Model of the MetaAgent.")
    max_calls_per_second: float = Field(
        20, gt=0, description="Model calls a second, kept by the server over all workers of the `agents` queue."
    )


class MarketSettings(BaseSettings):
    """Where prices come from."""

    model_config = _group("MARKET_")

    provider: Literal["file", "simulated"] = Field(
        "file", description="`file` (daily bars in a folder) or `simulated`."
    )
    data_dir: Path = Field(Path("data"), description="Folder of Parquet or CSV files with daily bars.")
    data_adjustment: Literal["raw", "split", "all"] = Field("all", description="How the files' prices were adjusted.")
    calendar: str = Field("XNYS", description="The exchange calendar, by its ISO 10383 code.")
    seed: int = Field(1, ge=0, description="Seed of the simulated market.")
    max_data_age_seconds: int = Field(60, ge=1, description="How old the newest price of a live market may be.")


class TradingSettings(BaseSettings):
    """Money and the hard limits."""

    model_config = _group("TRADING_")

    opening_cash: Annotated[Dollars, Field(gt=0)] = Field(
        Decimal("100000.00"), description="Dollars that a new desk starts with."
    )
    max_position: Fraction = Field(Decimal("0.20"), description="Most of equity in one position.")
    max_sector: Fraction = Field(Decimal("0.30"), description="Most of equity in one sector.")
    max_positions: int = Field(10, ge=0, le=1000, description="Most positions at once.")
    collar: Fraction = Field(Decimal("0.05"), description="How far above the mark cash is kept for a market order.")
    sizing_margin: Fraction = Field(
        Decimal("0.005"), description="How far inside a limit orders are sized, so that slippage breaks none."
    )

    @property
    def limits(self) -> Limits:
        """The hard limits in force."""
        return Limits(
            max_position=self.max_position,
            max_sector=self.max_sector,
            max_positions=self.max_positions,
            collar=self.collar,
            sizing_margin=self.sizing_margin,
        )


class PaperSettings(BaseSettings):
    """How the paper broker fills."""

    model_config = _group("PAPER_")

    slippage_bps: Annotated[Decimal, Field(ge=0, le=1000)] = Field(
        Decimal(5), description="Slippage of a market order, in hundredths of a percent of the quote."
    )
    commission_bps: Annotated[Decimal, Field(ge=0, le=1000)] = Field(
        Decimal(0), description="Commission in hundredths of a percent of the notional."
    )
    commission_per_share: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        Decimal(0), description="Commission in dollars a share."
    )
    commission_per_order: Annotated[Dollars, Field(ge=0)] = Field(
        Decimal(0), description="Commission in dollars an order, charged with its first fill."
    )
    volume_share: Fraction = Field(Decimal("0.10"), description="Most of a day's average volume that one fill takes.")


class LogSettings(BaseSettings):
    """The log."""

    model_config = _group("LOG_")

    format: Literal["console", "json"] = Field("console", description="`console` for people, `json` for machines.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is written.")


class Settings(BaseSettings):
    """All settings of a process."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    desk: DeskSettings = Field(default_factory=DeskSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    market: MarketSettings = Field(default_factory=MarketSettings)
    trading: TradingSettings = Field(default_factory=TradingSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    log: LogSettings = Field(default_factory=LogSettings)


def load(env_file: Path = ENV_FILE) -> Settings:
    """Read the settings. Raises BadConfiguration with one line that names each wrong variable."""
    _hand_on_temporal(env_file)
    try:
        read = {kind: kind(_env_file=env_file) for kind in groups().values()}
        return Settings.model_validate(
            {
                name: group
                for name, field in Settings.model_fields.items()
                for kind, group in read.items()
                if field.annotation is kind
            }
        )
    except ValidationError as error:
        wrong = [f"{_variable(error, e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise BadConfiguration("; ".join(wrong)) from None


def groups() -> dict[str, type[BaseSettings]]:
    """The groups of settings by prefix, in the order of the documentation."""
    kinds = (
        DeskSettings,
        DatabaseSettings,
        ModelSettings,
        MarketSettings,
        TradingSettings,
        PaperSettings,
        LogSettings,
    )
    return {str(kind.model_config["env_prefix"]): kind for kind in kinds}


def _hand_on_temporal(env_file: Path) -> None:
    """Temporal's client reads its own variables (TEMPORAL_…) from the environment only: those of `.env` go there."""
    for name, value in dotenv_values(env_file).items():
        if name.startswith("TEMPORAL_") and value:
            os.environ.setdefault(name, value)


def _variable(error: ValidationError, loc: tuple[int | str, ...]) -> str:
    prefix = next((p for p, kind in groups().items() if kind.__name__ == error.title), "")
    return prefix + "_".join(str(part) for part in loc).upper()
