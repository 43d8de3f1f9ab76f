"""Every setting, read once from the environment and `.env`. Frozen; secrets are `SecretStr` and never print.

Each group has its own prefix; the configuration table in the README is made from these fields.
"""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.env_file import see
from settings.alerts import AlertSettings
from settings.asking import AskSettings
from settings.breaker import BreakerSettings
from settings.group import ENV_FILE
from settings.market import MarketSettings
from settings.memory import MemorySettings
from settings.metrics import MetricsSettings
from settings.models import ModelSettings
from settings.orders import AlpacaSettings, OrderSettings, PaperSettings, StyleSettings
from settings.routine import MonitorSettings, ScheduleSettings
from settings.servers import DatabaseSettings, DeskSettings, LogSettings
from settings.strategies import StrategySettings
from settings.traces import TraceSettings
from settings.trading import TradingSettings
from settings.web import WebSettings
from trading.errors import BadConfiguration

__all__ = [
    "ENV_FILE",
    "AlertSettings",
    "AlpacaSettings",
    "AskSettings",
    "BreakerSettings",
    "DatabaseSettings",
    "DeskSettings",
    "LogSettings",
    "MarketSettings",
    "MemorySettings",
    "MetricsSettings",
    "ModelSettings",
    "MonitorSettings",
    "OrderSettings",
    "PaperSettings",
    "ScheduleSettings",
    "Settings",
    "StrategySettings",
    "StyleSettings",
    "TraceSettings",
    "TradingSettings",
    "WebSettings",
    "groups",
    "load",
]


class Settings(BaseSettings):
    """All settings of a process."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    desk: DeskSettings = Field(default_factory=DeskSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    market: MarketSettings = Field(default_factory=MarketSettings)
    orders: OrderSettings = Field(default_factory=OrderSettings)
    style: StyleSettings = Field(default_factory=StyleSettings)
    alpaca: AlpacaSettings = Field(default_factory=AlpacaSettings)
    trading: TradingSettings = Field(default_factory=TradingSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    monitor: MonitorSettings = Field(default_factory=MonitorSettings)
    breaker: BreakerSettings = Field(default_factory=BreakerSettings)
    strategies: StrategySettings = Field(default_factory=StrategySettings)
    memory: MemorySettings = Field(default_factory=MemorySettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    asking: AskSettings = Field(default_factory=AskSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    traces: TraceSettings = Field(default_factory=TraceSettings)
    log: LogSettings = Field(default_factory=LogSettings)


def load(env_file: Path = ENV_FILE) -> Settings:
    """Read the settings. Raises BadConfiguration with one line that names each wrong variable."""
    see(env_file)
    _hand_on(env_file)
    read: dict[type[BaseSettings], BaseSettings] = {}
    wrong: dict[str, str] = {}
    for kind in groups().values():
        try:
            read[kind] = kind(_env_file=env_file)
        except ValidationError as error:
            for one in error.errors():
                # One mistake is enough for a variable: what is said next is often a consequence of it.
                wrong.setdefault(_variable(error, one["loc"]), one["msg"].removeprefix("Value error, "))
    if wrong:
        raise BadConfiguration("; ".join(f"{variable}: {said}" for variable, said in wrong.items()))
    return Settings.model_validate(
        {
            name: group
            for name, field in Settings.model_fields.items()
            for kind, group in read.items()
            if field.annotation is kind
        }
    )


def groups() -> dict[str, type[BaseSettings]]:
    """The groups of settings by prefix, in the order of the documentation."""
    kinds = (
        DeskSettings,
        DatabaseSettings,
        ModelSettings,
        MarketSettings,
        OrderSettings,
        StyleSettings,
        AlpacaSettings,
        TradingSettings,
        PaperSettings,
        ScheduleSettings,
        MonitorSettings,
        BreakerSettings,
        StrategySettings,
        MemorySettings,
        AlertSettings,
        AskSettings,
        WebSettings,
        MetricsSettings,
        TraceSettings,
        LogSettings,
    )
    return {str(kind.model_config["env_prefix"]): kind for kind in kinds}


def _hand_on(env_file: Path) -> None:
    """Temporal and OpenTelemetry read variables of their own from the environment only: those of `.env` go there."""
    for name, value in dotenv_values(env_file).items():
        if name.startswith(("TEMPORAL_", "OTEL_")) and value:
            os.environ.setdefault(name, value)


def _variable(error: ValidationError, loc: tuple[int | str, ...]) -> str:
    prefix = next((p for p, kind in groups().items() if kind.__name__ == error.title), "")
    return prefix + "_".join(part for part in loc if isinstance(part, str)).upper()
