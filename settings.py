"""Every setting, read once from the environment and `.env`. Frozen; secrets are `SecretStr` and never print.

Each group has its own prefix; the configuration table in the README is made from these fields.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.env_file import see
from trading.errors import BadConfiguration
from trading.instruments import Symbol
from trading.limits import Budget, Count, Days, Limits, Minutes, Turnover
from trading.money import DeskId, Dollars, Fraction
from trading.orders import OrderKind, Style

Cap = Annotated[int, Field(ge=0)] | None
UsdCap = Annotated[Decimal, Field(ge=0)] | None
ENV_FILE = Path(".env")
Port = Annotated[int, Field(ge=1, le=65535)]
ProviderName = Literal["file", "simulated", "alpaca", "yfinance"]


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
    """The language model of each agent, and how its provider is reached.

    A name says its provider (`claude-…`, `gpt-…`, `o3…`, `rules-…`), or it stands before it: `anthropic:NAME`,
    `openai:NAME`, `openai-chat:NAME` for a server of one's own.
    """

    model_config = _group("LLM_")

    anthropic_api_key: SecretStr | None = Field(None, description="Anthropic's key.")
    openai_api_key: SecretStr | None = Field(None, description="OpenAI's key.")
    chat_api_key: SecretStr | None = Field(None, description="Key of the `openai-chat:` server, if it wants one.")
    anthropic_base_url: str = Field("https://api.anthropic.com", description="Address of Anthropic's API, without /v1.")
    openai_base_url: str = Field("https://api.openai.com/v1", description="Address of OpenAI's API, with /v1.")
    chat_base_url: str = Field(
        "http://127.0.0.1:11434/v1",
        description="Address of a server of one's own (Ollama, vLLM, llama.cpp) for models named `openai-chat:NAME`.",
    )
    data_agent_model: str = Field(
        "",
        description="Model of the DataAgent; unset, by the keys: `claude-sonnet-5-5`, `gpt-6.1-terra` or `rules-1`.",
    )
    risk_agent_model: str = Field("", description="Model of the RiskManager; unset, as the DataAgent's.")
    validator_model: str = Field(
        "", description="Model of the Validator; unset, as the DataAgent's, and with both keys the other vendor's."
    )
    meta_agent_model: str = Field(
        "", description="Model of the MetaAgent; unset, by the keys: `claude-opus-5-5`, `gpt-6.1-sol` or `rules-1`."
    )
    data_agent_fallback_model: str = Field("", description="Who is asked when the DataAgent's model is unavailable.")
    risk_agent_fallback_model: str = Field("", description="Who is asked when the RiskManager's model is unavailable.")
    validator_fallback_model: str = Field("", description="Who is asked when the Validator's model is unavailable.")
    meta_agent_fallback_model: str = Field("", description="Who is asked when the MetaAgent's model is unavailable.")
    effort: Literal["default", "low", "medium", "high", "xhigh"] = Field(
        "medium", description="How hard a vendor's model thinks; `default` leaves it to the vendor."
    )
    max_tokens: int = Field(8192, ge=256, le=65536, description="Longest answer in tokens, thoughts included.")
    timeout_seconds: float = Field(
        80, gt=0, le=85, description="How long one answer may take; the step that asks ends after 120."
    )
    max_calls_per_second: float = Field(
        20, gt=0, description="Model calls a second, kept by the server over all workers of the `agents` queue."
    )
    prompts_dir: Path | None = Field(
        None, description="Folder of your own prompts, one file an agent; those that come along when unset."
    )
    max_calls_per_cycle: Cap = Field(None, description="Most model calls in one cycle; no cap when unset.")
    max_tokens_per_cycle: Cap = Field(None, description="Most tokens in one cycle, in and out; no cap when unset.")
    max_usd_per_cycle: UsdCap = Field(None, description="Most dollars for models in one cycle; no cap when unset.")
    max_calls_per_day: Cap = Field(None, description="Most model calls of the desk in one day, by UTC.")
    max_tokens_per_day: Cap = Field(None, description="Most tokens of the desk in one day, by UTC.")
    max_usd_per_day: UsdCap = Field(None, description="Most dollars for models in one day, by UTC.")


class MarketSettings(BaseSettings):
    """Where prices come from."""

    model_config = _group("MARKET_")

    providers: Annotated[tuple[ProviderName, ...], NoDecode, Field(min_length=1)] = Field(
        ("file",),
        description="`file` (daily bars in a folder), `simulated`, `alpaca`, `yfinance`; of several, separated by "
        "commas, the next is asked when the one before it fails.",
    )
    cross_check: bool = Field(
        False,  # noqa: FBT003  the default of a field is its first argument
        description="Ask the first two providers and drop the symbols whose prices differ by over 2 %.",
    )
    timeout_seconds: float = Field(15, gt=0, le=50, description="How long a live provider may take for one answer.")
    requests_per_minute: int = Field(
        180, ge=20, description="Requests a minute to each live provider, over all workers together."
    )
    data_dir: Path = Field(Path("data"), description="Folder of Parquet or CSV files with daily bars.")
    data_adjustment: Literal["raw", "split", "all"] = Field("all", description="How the files' prices were adjusted.")
    calendar: str = Field("XNYS", description="The exchange calendar, by its ISO 10383 code.")
    seed: int = Field(1, ge=0, description="Seed of the simulated market.")
    max_data_age_seconds: int = Field(60, ge=1, description="How old the newest price of a live market may be.")

    @field_validator("providers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(word.strip().lower() for word in value.split(",") if word.strip()))


class OrderSettings(BaseSettings):
    """Where orders go."""

    model_config = _group("")

    broker: Literal["paper", "alpaca"] = Field(
        "paper",
        description="Who takes the orders: `paper` (fills are computed here) or `alpaca` (its paper account, or a live "
        "one: see TRADING_MODE).",
    )


class StyleSettings(BaseSettings):
    """How entries go to the market."""

    model_config = _group("ORDER_")

    kind: Literal["market", "limit"] = Field("market", description="How an entry goes out: `market` or `limit`.")
    limit_offset: Fraction = Field(
        Decimal("0.001"), description="How much worse than the mark a limit entry may fill, as a fraction."
    )
    reprice_seconds: int = Field(
        30,
        ge=0,
        le=3600,
        description="Seconds without a fill after which a limit entry goes on at the new price, three times at most; "
        "0 leaves it where it is.",
    )

    @property
    def style(self) -> Style:
        """The style in force."""
        return Style(kind=OrderKind(self.kind), offset=self.limit_offset, reprice_seconds=self.reprice_seconds)


class AlpacaSettings(BaseSettings):
    """The account at Alpaca."""

    model_config = _group("ALPACA_")

    api_key: SecretStr | None = Field(None, description="Key of the account at Alpaca.")
    api_secret: SecretStr | None = Field(None, description="The key's secret.")
    data_api_key: SecretStr | None = Field(
        None, description="Key for prices alone, of a paper account say; the account's own when unset."
    )
    data_api_secret: SecretStr | None = Field(None, description="That key's secret.")
    data_base_url: str = Field("https://data.alpaca.markets", description="Where its market data API answers.")
    trading_base_url: str = Field(
        "https://paper-api.alpaca.markets", description="Where its trading API answers; this one is on paper."
    )
    stream_url: str = Field(
        "", description="Where it streams what happens to orders; unset, at the trading API's address."
    )
    feed: Literal["iex", "sip"] = Field("iex", description="`iex` (one exchange, free) or `sip` (all, paid).")
    timeout_seconds: float = Field(10, gt=0, le=20, description="How long its trading API may take for one answer.")
    requests_per_minute: int = Field(
        180, ge=20, description="Requests a minute to its trading API, over all workers together."
    )


class TradingSettings(BaseSettings):
    """Money and the hard limits."""

    model_config = _group("TRADING_")

    mode: Literal["paper", "live"] = Field(
        "paper",
        description="`live` spends real money: it needs a live key, the live address, and TRADING_LIVE_CONFIRM.",
    )
    live_confirm: str = Field("", description="The number of the live account, as its owner knows it.")

    opening_cash: Annotated[Dollars, Field(gt=0)] = Field(
        Decimal("100000.00"), description="Dollars that a new desk starts with."
    )
    max_position: Fraction = Field(Decimal("0.20"), description="Most of equity in one position.")
    max_sector: Fraction = Field(Decimal("0.30"), description="Most of equity in one sector.")
    max_positions: int = Field(10, ge=0, le=1000, description="Most positions at once.")
    collar: Fraction = Field(
        Decimal("0.05"),
        description="How far from the mark a limit, a stop and the newest price may be; cash is kept for as far above.",
    )
    sizing_margin: Fraction = Field(
        Decimal("0.005"), description="How far inside a limit orders are sized, so that slippage breaks none."
    )

    max_order_usd: Budget = Field(Decimal("50000.00"), description="Most dollars in one order that opens or adds.")
    max_orders_per_minute: Count = Field(40, description="Most orders in a minute, stops and targets aside.")
    max_orders_per_day: Count = Field(500, description="Most orders in a day, by UTC, stops and targets aside.")
    max_daily_usd: Budget = Field(
        Decimal("1000000.00"), description="Most dollars of all orders in a day, by UTC; beyond it nothing is opened."
    )
    max_daily_turnover: Turnover = Field(Decimal(4), description="The same as a multiple of equity.")
    min_price: Budget = Field(Decimal("1.00"), description="Least price of a share that is opened, in dollars.")
    max_volume_share: Fraction = Field(
        Decimal("0.01"), description="Most of a symbol's average daily volume (20 sessions) that is opened at once."
    )
    restricted_symbols: Annotated[tuple[Symbol, ...], NoDecode] = Field(
        (), description="Symbols that are never opened, separated by commas."
    )
    duplicate_minutes: Minutes = Field(
        1, description="An order of the same symbol, side and quantity within so many minutes is refused; 0 is off."
    )
    blackout_open_minutes: Minutes = Field(0, description="Minutes after the open in which nothing is opened.")
    blackout_close_minutes: Minutes = Field(0, description="Minutes before the close in which nothing is opened.")
    blackout_earnings_days: Days = Field(
        0, description="Days around a company's report in which it is not opened; 0 is off."
    )
    earnings_calendar: Path | None = Field(
        None,
        validate_default=True,
        description="CSV file of the days of reports, with the columns symbol and reports_on.",
    )
    allow_short: bool = Field(False, description="Whether shares may be sold short.")  # noqa: FBT003  a field's default
    fractional: bool = Field(False, description="Whether parts of a share are bought.")  # noqa: FBT003  a field's default

    @field_validator("restricted_symbols", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(word.strip().upper() for word in value.split(",") if word.strip()))

    @field_validator("earnings_calendar")
    @classmethod
    def _there_for_a_black_out(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("blackout_earnings_days"):
            message = "a black-out around earnings needs a calendar of them"
            raise ValueError(message)
        return value

    @property
    def limits(self) -> Limits:
        """The hard limits in force."""
        return Limits.model_validate(self.model_dump(include=set(Limits.model_fields)))


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
    orders: OrderSettings = Field(default_factory=OrderSettings)
    style: StyleSettings = Field(default_factory=StyleSettings)
    alpaca: AlpacaSettings = Field(default_factory=AlpacaSettings)
    trading: TradingSettings = Field(default_factory=TradingSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    log: LogSettings = Field(default_factory=LogSettings)


def load(env_file: Path = ENV_FILE) -> Settings:
    """Read the settings. Raises BadConfiguration with one line that names each wrong variable."""
    see(env_file)
    _hand_on_temporal(env_file)
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
    return prefix + "_".join(part for part in loc if isinstance(part, str)).upper()
