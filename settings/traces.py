"""Where traces are looked at. Where they go to is OpenTelemetry's own: `OTEL_EXPORTER_OTLP_ENDPOINT` and others."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import group


class TraceSettings(BaseSettings):
    """Links to traces."""

    model_config = group("TRACES_")

    url: Annotated[str, Field(pattern=r"^(https?://[^\s{}]*\{trace\}[^\s{}]*)?$", max_length=500)] = Field(
        "",
        description="Page of a trace in the trace store, `{trace}` in the place of its 32 hex digits, as "
        "`http://127.0.0.1:16686/trace/{trace}`; no links when unset.",
    )
