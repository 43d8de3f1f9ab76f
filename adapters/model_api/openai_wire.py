"""What OpenAI's two APIs share: the client, the errors, the schema's strict form and the count of tokens."""

from __future__ import annotations

from typing import Annotated, Any

import httpx2
import openai
from pydantic import Field, ValidationError

from adapters.model_api import wire
from adapters.model_api.access import Access
from adapters.model_api.failures import Sdk
from adapters.model_api.schemas import shape_of
from trading.agents.envelope import plain
from trading.agents.questions import Question, Usage

SDK = Sdk(status=openai.APIStatusError, every=openai.OpenAIError)
_NO_KEY = "none"
Tokens = Annotated[int, Field(ge=0, le=10**9)]


class Cached(wire.Shape):
    """How many of the tokens that were read came from the cache or went there."""

    cached_tokens: Tokens | None = None
    cache_write_tokens: Tokens | None = None


class Counted(wire.Shape):
    """Tokens, as the API counts them: those read with the cached ones, those written with the thoughts."""

    input_tokens: Tokens
    output_tokens: Tokens
    input_tokens_details: Cached | None = None


def client(access: Access) -> openai.AsyncOpenAI:
    """The SDK's client, without retries. A local server that wants no key is sent a word in its place."""
    return openai.AsyncOpenAI(
        api_key=access.key.get_secret_value() or _NO_KEY,
        base_url=access.base_url,
        max_retries=0,
        timeout=wire.time_out(access),
        http_client=wire.bounded_client(access),
    )


def answer_format(question: Question) -> dict[str, Any]:
    """The schema by name; strict, so that it is held to."""
    return {"name": question.agent.value, "strict": True, "schema": shape_of(question.answer_schema)}


def usage_of(counted: Any) -> Usage | None:
    """The tokens of a call, None when they are not told in a form that makes sense."""
    try:
        told = Counted.model_validate(counted)
    except ValidationError:
        return None
    details = told.input_tokens_details or Cached()
    return Usage(
        input_tokens=told.input_tokens,
        output_tokens=told.output_tokens,
        cache_read_tokens=details.cached_tokens or 0,
        cache_write_tokens=details.cache_write_tokens or 0,
    )


def envelope(question: Question, model: str, response: httpx2.Response) -> dict[str, Any]:
    """What a Reply says of its sender: who answered, and the provider's id of the call."""
    request_id = plain(response.headers.get("x-request-id", ""), 200) or None
    return {"model": plain(model, 200) or question.model, "request_id": request_id}
