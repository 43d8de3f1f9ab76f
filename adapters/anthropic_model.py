"""Anthropic's Messages API, through its official SDK.

A call is one POST without tools, temperature or prefill: the agent's standing text, marked to be cached for an hour,
then the case. The schema holds the answer's shape. Why the model stopped is read before its text is.
"""

from __future__ import annotations

from typing import Annotated, Any

import anthropic
import httpx2
from pydantic import Field, ValidationError

from adapters.model_api import wire
from adapters.model_api.access import Access
from adapters.model_api.failures import Sdk, asking, quoted
from adapters.model_api.prices import cost_usd
from adapters.model_api.schemas import shape_of
from adapters.model_api.turns import effort, turns
from trading.agents.envelope import plain
from trading.agents.questions import Question, Reply, Stop, Usage
from trading.events import printable

PROVIDER = "anthropic"
_SDK = Sdk(status=anthropic.APIStatusError, every=anthropic.AnthropicError)
_STOPS = {
    "end_turn": Stop.END,
    "max_tokens": Stop.TRUNCATED,
    "model_context_window_exceeded": Stop.TRUNCATED,
    "refusal": Stop.REFUSED,
}
_Tokens = Annotated[int, Field(ge=0, le=10**9)]


class _Written(wire.Shape):
    ephemeral_1h_input_tokens: _Tokens = 0


class _Usage(wire.Shape):
    """Tokens, as the API counts them: `input_tokens` without the cached ones."""

    input_tokens: _Tokens
    output_tokens: _Tokens
    cache_read_input_tokens: _Tokens | None = None
    cache_creation_input_tokens: _Tokens | None = None
    cache_creation: _Written | None = None


class _Block(wire.Shape):
    type: str
    text: str = ""


class _Why(wire.Shape):
    category: str | None = None
    explanation: str | None = None


class _Message(wire.Shape):
    content: list[_Block]
    model: str = ""
    stop_reason: str | None = None
    stop_details: _Why | None = None
    usage: Any = None


class AnthropicModel:
    """Every model of Anthropic, over one client. Implements the port `LanguageModel`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = anthropic.AsyncAnthropic(
            api_key=access.key.get_secret_value(),
            base_url=access.base_url,
            max_retries=0,
            timeout=wire.time_out(access),
            http_client=wire.bounded_client(access),
            # The spans of its calls are ours (`adapters/tracing`), and no vendor is told of our traces.
            open_telemetry={"traces": False, "propagation": False},
        )

    async def answer(self, question: Question) -> Reply:
        """Ask once. Raises ModelUnavailable or ModelRefused; a cut or refused answer is a Reply that says so."""
        async with asking(self._access, question.model, _SDK):
            raw = await self._client.messages.with_raw_response.create(**_request(question))
        response = raw.http_response
        message = wire.read(response, _Message, self._access)
        return _reply(message, question, response, quoted(self._access, _detail(message)))

    async def check(self, model: str) -> str:
        """What is known of a model, in a few words. Raises ModelRefused for an unknown model or key."""
        async with asking(self._access, model, _SDK):
            raw = await self._client.models.with_raw_response.retrieve(model)
        # A page that answers everything with success, as a proxy's, knows no model.
        wire.read(raw.http_response, wire.Known, self._access)
        return f"{model} at {self._access.base_url}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _request(question: Question) -> dict[str, Any]:
    cached = {"type": "ephemeral", "ttl": "1h"}
    schema = {"type": "json_schema", "schema": shape_of(question.answer_schema)}
    return {
        "model": question.model,
        "max_tokens": question.most_tokens,
        "system": [{"type": "text", "text": question.system, "cache_control": cached}],
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns(question)],
        "output_config": {**effort(question), "format": schema},
    }


def _reply(message: _Message, question: Question, response: httpx2.Response, detail: str) -> Reply:
    usage, cost = _usage(message, question)
    return Reply(
        text=_text(message),
        model=plain(message.model, 200) or question.model,
        stop=_STOPS.get(message.stop_reason or "", Stop.END),
        detail=detail,
        usage=usage,
        cost_usd=cost,
        request_id=plain(response.headers.get("request-id", ""), 200) or None,
    )


def _text(message: _Message) -> str:
    """The answer's text. A call of a tool that nobody offered is no answer, whatever stands beside it."""
    if any("tool_use" in block.type for block in message.content):
        return ""
    return printable("".join(block.text for block in message.content if block.type == "text"))


def _detail(message: _Message) -> str:
    """What is said about any stop but the usual one."""
    if message.stop_reason in {None, "end_turn"}:
        return ""
    why = message.stop_details or _Why()
    return ": ".join(word for word in (message.stop_reason, why.category, why.explanation) if word)


def _usage(message: _Message, question: Question) -> tuple[Usage | None, Any]:
    try:
        told = _Usage.model_validate(message.usage)
    except ValidationError:
        return None, None
    read, written = told.cache_read_input_tokens or 0, told.cache_creation_input_tokens or 0
    usage = Usage(
        input_tokens=told.input_tokens + read + written,
        output_tokens=told.output_tokens,
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
    # Kept for an hour costs more than kept for five minutes.
    for_an_hour = told.cache_creation.ephemeral_1h_input_tokens if told.cache_creation else 0
    tokens = {**usage.model_dump(), "cache_write_1h_tokens": min(for_an_hour, written)}
    return usage, cost_usd(PROVIDER, (message.model, question.model), **tokens)
