"""OpenAI's Responses API, through its official SDK.

A call is one POST without tools or temperature, and nothing of it is stored there. The agent's standing text comes
first, under a cache key of its own; then the case. Why the model stopped is read before its text is.
"""

from __future__ import annotations

from typing import Any

import httpx2

from adapters.model_api import openai_wire, wire
from adapters.model_api.access import Access
from adapters.model_api.failures import SPENT, asking, quoted, spent
from adapters.model_api.prices import cost_usd
from adapters.model_api.turns import effort, turns
from trading.agents.questions import Question, Reply, Stop
from trading.errors import ModelRefused, ModelUnavailable
from trading.events import printable

PROVIDER = "openai"
# Codes of a failure that came with HTTP 200; any other is about the question.
_LATER = frozenset({"server_error", "rate_limit_exceeded"})
_ENDED = frozenset({"completed", "incomplete"})


class _Part(wire.Shape):
    type: str
    text: str = ""
    refusal: str = ""


class _Item(wire.Shape):
    type: str
    content: list[_Part] | None = None


class _Why(wire.Shape):
    reason: str = ""


class _Error(wire.Shape):
    code: str = ""
    message: str = ""


class _Response(wire.Shape):
    status: str
    output: list[_Item]
    model: str = ""
    incomplete_details: _Why | None = None
    error: _Error | None = None
    usage: Any = None

    @property
    def parts(self) -> list[_Part]:
        """What the model said; thoughts are items of another type."""
        return [part for item in self.output if item.type == "message" for part in item.content or ()]


class OpenAIModel:
    """Every model of OpenAI, over one client. Implements the port `LanguageModel`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = openai_wire.client(access)

    async def answer(self, question: Question) -> Reply:
        """Ask once. Raises ModelUnavailable or ModelRefused; a cut or refused answer is a Reply that says so."""
        async with asking(self._access, question.model, openai_wire.SDK):
            raw = await self._client.responses.with_raw_response.create(**_request(question))
        said = wire.read(raw.http_response, _Response, self._access)
        if said.status not in _ENDED:
            raise self._failed(said)
        return self._reply(said, question, raw.http_response)

    async def check(self, model: str) -> str:
        """What is known of a model, in a few words. Raises ModelRefused for an unknown model or key."""
        async with asking(self._access, model, openai_wire.SDK):
            raw = await self._client.models.with_raw_response.retrieve(model)
        # A page that answers everything with success, as a proxy's, knows no model.
        wire.read(raw.http_response, wire.Known, self._access)
        return f"{model} at {self._access.base_url}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _failed(self, said: _Response) -> ModelUnavailable | ModelRefused:
        error = said.error or _Error()
        if error.code in SPENT:
            return spent(self._access)
        words = quoted(self._access, f"{said.status}: {error.code} {error.message}")
        # Without an error it is still at work, or was stopped: nothing is wrong with the question.
        if error.code in _LATER or said.error is None:
            return ModelUnavailable(f"{self._access.vendor} answered {words}")
        return ModelRefused(f"{self._access.vendor} answered {words}")

    def _reply(self, said: _Response, question: Question, response: httpx2.Response) -> Reply:
        stop, detail = _stop(said)
        # A call of a tool that nobody offered is no answer, whatever stands beside it.
        called = any("_call" in item.type for item in said.output)
        text = "" if called else "".join(part.text for part in said.parts if part.type == "output_text")
        usage = openai_wire.usage_of(said.usage)
        tokens = {} if usage is None else usage.model_dump()
        return Reply(
            text=printable(text),
            stop=stop,
            detail=quoted(self._access, detail),
            usage=usage,
            cost_usd=cost_usd(PROVIDER, (said.model, question.model), **tokens) if tokens else None,
            **openai_wire.envelope(question, said.model, response),
        )


def _request(question: Question) -> dict[str, Any]:
    chosen = effort(question)
    return {
        "model": question.model,
        "instructions": question.system,
        "input": [{"role": turn.role, "content": turn.content} for turn in turns(question)],
        "max_output_tokens": question.most_tokens,
        "store": False,
        "prompt_cache_key": f"{question.agent}-{question.prompt_version}",
        "text": {"format": {"type": "json_schema", **openai_wire.answer_format(question)}},
        **({"reasoning": chosen} if chosen else {}),
    }


def _stop(said: _Response) -> tuple[Stop, str]:
    refusals = [part.refusal for part in said.parts if part.type == "refusal"]
    if refusals:
        return Stop.REFUSED, " ".join(refusals)
    if said.status == "completed":
        return Stop.END, ""
    reason = said.incomplete_details.reason if said.incomplete_details else ""
    return (Stop.FILTERED if reason == "content_filter" else Stop.TRUNCATED), reason
