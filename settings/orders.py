"""Where orders go, how they go there, and how paper fills them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from settings.group import group
from trading.money import Dollars, Fraction
from trading.orders import OrderKind, Style


class OrderSettings(BaseSettings):
    """Where orders go."""

    model_config = group("")

    broker: Literal["paper", "alpaca"] = Field(
        "paper",
        description="Who takes the orders: `paper` (fills are computed here) or `alpaca` (its paper account, or a live "
        "one: see TRADING_MODE).",
    )


class StyleSettings(BaseSettings):
    """How entries go to the market."""

    model_config = group("ORDER_")

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

    model_config = group("ALPACA_")

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
    data_stream_url: str = Field("", description="Where it streams prices; unset, Alpaca's own address of the feed.")
    feed: Literal["iex", "sip"] = Field("iex", description="`iex` (one exchange, free) or `sip` (all, paid).")
    timeout_seconds: float = Field(10, gt=0, le=20, description="How long its trading API may take for one answer.")
    requests_per_minute: int = Field(
        180, ge=20, description="Requests a minute to its trading API, over all workers together."
    )


class PaperSettings(BaseSettings):
    """How the paper broker fills."""

    model_config = group("PAPER_")

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
