"""The HTTP API and its page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import Port, group

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]


class WebSettings(BaseSettings):
    """The HTTP API and its page."""

    model_config = group("WEB_")

    host: Host = Field(
        "127.0.0.1", description="Address that the HTTP API listens on; any but this machine's own needs a token."
    )
    port: Port | None = Field(None, description="Its port; `web` takes 8000 when unset, `up` a free one.")
    names: str = Field(
        "", description="Names by which it is reached besides `localhost`, separated by commas, as `desk.example.com`."
    )
    requests_per_second: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] = Field(
        20, description="Requests that one caller may make a second, on average."
    )
    burst: Annotated[int, Field(ge=1, le=100_000)] = Field(
        100, description="Requests that one caller may make at once after a rest."
    )
    listeners: Annotated[int, Field(ge=1, le=1000)] = Field(
        20, description="Listeners to live events at once, of all callers."
    )
