"""OpenAI's older chat API, as local servers speak it (Ollama, vLLM, llama.cpp): a model of one's own, without a vendor.

The words `max_tokens` and `response_format` are those that these servers know. What a call costs is nobody's to say.
"""

from __future__ import annotations

from typing import Any

import httpx2

from adapters.model_api import openai_wire, wire
from adapters.model_api.access import Access
from adapters.model_api.failures import asking, quoted
from adapters.model_api.turns import effort, turns
from trading.agents.envelope import plain
from trading.agents.questions import Question, Reply, Stop, Usage
from trading.errors import ModelRefused
from trading.events import printable

_STOPS = {"length": Stop.TRUNCATED, "content_filter": Stop.FILTERED}
_MISSING = 404
_MOST_LISTED = 10


class _Said(wire.Shape):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[Any] | None = None


class _Choice(wire.Shape):
    message: _Said
    finish_reason: str | None = None


class _Chat(wire.Shape):
    choices: list[_Choice]
    model: str = ""
    usage: Any = None


class _Listed(wire.Shape):
    data: list[wire.Known]


class OpenAIChatModel:
    """Every model of one server that speaks the chat API. Implements the port `LanguageModel`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = openai_wire.client(access)

    async def answer(self, question: Question) -> Reply:
        """Ask once. Raises ModelUnavailable or ModelRefused; a cut or refused answer is a Reply that says so."""
        async with asking(self._access, question.model, openai_wire.SDK):
            raw = await self._client.chat.completions.with_raw_response.create(**_request(question))
        chat = wire.read(raw.http_response, _Chat, self._access)
        if not chat.choices:
            raise ModelRefused(f"{self._access.base_url} answered without a choice")
        return self._reply(chat, question, raw.http_response)

    async def check(self, model: str) -> str:
        """What is known of a model, in a few words. Raises ModelRefused for a name that the server's list has not.

        A server may have no such list, and one with a single model answers under any name: neither is held against it.
        An empty name asks what the server has.
        """
        found = f"{model or 'a server'} at {self._access.base_url}"
        async with asking(self._access, model, openai_wire.SDK):
            if model and (response := await self._look(f"/models/{model}")).status_code != _MISSING:
                wire.read(response, wire.Known, self._access)
                return found
            response = await self._look("/models")
        if response.status_code == _MISSING:
            return f"{found}, which lists no models"
        names = [plain(each.id, 80) for each in wire.read(response, _Listed, self._access).data]
        listed = ", ".join(names[:_MOST_LISTED]) or "none"
        if model and model not in names and len(names) != 1:
            raise ModelRefused(f"no model {model} at {self._access.base_url}: it has {listed}")
        return f"{found}, which lists {listed}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _look(self, path: str) -> httpx2.Response:
        """One GET, where a 404 is an answer."""
        try:
            return await self._client.get(path, cast_to=httpx2.Response)
        except openai_wire.SDK.status as error:
            response: httpx2.Response = getattr(error, "response")  # noqa: B009  a status error has it
            if response.status_code == _MISSING:
                return response
            raise

    def _reply(self, chat: _Chat, question: Question, response: httpx2.Response) -> Reply:
        choice = chat.choices[0]
        said = choice.message
        # A call of a tool that nobody offered is no answer, whatever stands beside it.
        text = "" if said.tool_calls else said.content or ""
        stop = Stop.REFUSED if said.refusal else _STOPS.get(choice.finish_reason or "", Stop.END)
        detail = said.refusal or ("" if choice.finish_reason == "stop" else choice.finish_reason or "")
        return Reply(
            text=printable(text),
            stop=stop,
            detail=quoted(self._access, detail),
            usage=_usage(chat.usage),
            **openai_wire.envelope(question, chat.model, response),
        )


def _request(question: Question) -> dict[str, Any]:
    chosen = effort(question)
    return {
        "model": question.model,
        "messages": [
            {"role": "system", "content": question.system},
            *({"role": turn.role, "content": turn.content} for turn in turns(question)),
        ],
        "max_tokens": question.most_tokens,
        "response_format": {"type": "json_schema", "json_schema": openai_wire.answer_format(question)},
        **({"reasoning_effort": chosen["effort"]} if chosen else {}),
    }


def _usage(told: Any) -> Usage | None:
    """The chat API counts the same under other names."""
    if not isinstance(told, dict):
        return None
    names = {
        "prompt_tokens": "input_tokens",
        "completion_tokens": "output_tokens",
        "prompt_tokens_details": "input_tokens_details",
    }
    return openai_wire.usage_of({names[name]: value for name, value in told.items() if name in names})
