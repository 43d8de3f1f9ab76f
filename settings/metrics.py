"""The numbers that a worker tells."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import Port, group


class MetricsSettings(BaseSettings):
    """Metrics of each worker, for Prometheus."""

    model_config = group("METRICS_")

    port: Port | None = Field(
        None, description="Port at which a worker tells its metrics; none when unset, but `up` takes a free one."
    )
    temporal_port: Port | None = Field(
        None, description="Port of the metrics of Temporal's library; the one after METRICS_PORT when unset."
    )
    host: Annotated[str, Field(min_length=1)] = Field(
        "127.0.0.1",
        description="Address at which they are told. Whoever reaches it reads equity and spend: there is no password.",
    )
