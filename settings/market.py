"""Where prices come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from settings.group import group

ProviderName = Literal["file", "simulated", "alpaca", "yfinance"]


class MarketSettings(BaseSettings):
    """Where prices come from."""

    model_config = group("MARKET_")

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
    seed: int = Field(1, ge=0, description="Seed of the simulated market.")
    max_data_age_seconds: int = Field(60, ge=1, description="How old the newest price of a live market may be.")

    @field_validator("providers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(word.strip().lower() for word in value.split(",") if word.strip()))
