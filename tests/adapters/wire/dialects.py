"""The three APIs that models are asked by: how each says the same thing on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from adapters.anthropic_model import AnthropicModel
from adapters.model_api.access import Access
from adapters.openai_chat_model import OpenAIChatModel
from adapters.openai_model import OpenAIModel
from trading.agents.questions import Question
from wiring.models import Vendor

KEY = "sk-ant-very-secret-0123456789"
Body = dict[str, Any]
_BUILT: dict[tuple[str, str, float], Vendor] = {}


async def close_all() -> None:
    """Close everything that was built."""
    for vendor in _BUILT.values():
        await vendor.close()
    _BUILT.clear()


@dataclass(frozen=True)
class Dialect:
    """One API: where it listens, who asks it, and its words for an answer, a cut one, a refusal and a tool's call."""

    name: str
    model: str
    base: str
    path: str
    build: Callable[[Access], Vendor]
    says: Callable[[str], Body]
    cuts: Callable[[str], Body]
    refuses: Callable[[str], Body]
    calls: Body
    fails: Callable[[str, str], Body]

    def access(self, url: str, *, timeout_seconds: float = 20, key: str = KEY) -> Access:
        group = self.name.upper()
        return Access(
            vendor=self.name,
            base_url=url + self.base,
            key=SecretStr(key),
            key_variable=f"LLM_{group}_API_KEY",
            url_variable=f"LLM_{group}_BASE_URL",
            timeout_seconds=timeout_seconds,
        )

    def at(self, url: str, *, timeout_seconds: float = 20) -> Vendor:
        """What asks this API at an address, built once for it."""
        key = (self.name, url, timeout_seconds)
        if key not in _BUILT:
            _BUILT[key] = self.build(self.access(url, timeout_seconds=timeout_seconds))
        return _BUILT[key]

    def put(self, question: Question, **parameters: Any) -> Question:
        """The same question, to this API's model."""
        return question.model_copy(update={"model": self.model, "parameters": parameters or question.parameters})


def message(content: list[Body], stop: str, **more: object) -> Body:
    """An answer of Anthropic's."""
    usage = {"input_tokens": 100, "output_tokens": 50, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    kind = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5"}
    return {**kind, "content": content, "stop_reason": stop, "stop_sequence": None, "usage": usage, **more}


def written(text: str) -> Body:
    return {"type": "text", "text": text}


def response(parts: list[Body], status: str = "completed", **more: object) -> Body:
    """An answer of OpenAI's newer API, with a thought before it."""
    output = [
        {"id": "rs_1", "type": "reasoning", "summary": []},
        {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": parts},
    ]
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 150,
    }
    kind = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-6.1-terra", "status": status}
    return {**kind, "output": output, "usage": usage, "error": None, "incomplete_details": None, **more}


def put_out(text: str) -> Body:
    return {"type": "output_text", "text": text, "annotations": []}


def chat(said: Mapping[str, object], finish: str = "stop", **more: object) -> Body:
    """An answer of the chat API."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": None, **said}}
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
    kind = {"id": "chat_1", "object": "chat.completion", "created": 1, "model": "small"}
    return {**kind, "choices": [choice], "usage": usage, **more}


def _anthropic_error(kind: str, words: str) -> Body:
    return {"type": "error", "error": {"type": kind, "message": words, "details": {"error_code": kind}}}


def _openai_error(kind: str, words: str) -> Body:
    return {"error": {"type": kind, "code": kind, "message": words, "param": None}}


ANTHROPIC = Dialect(
    name="anthropic",
    model="claude-sonnet-5-5",
    base="",
    path="/v1/messages",
    build=AnthropicModel,
    says=lambda text: message([{"type": "thinking", "thinking": "Hm.", "signature": "s"}, written(text)], "end_turn"),
    cuts=lambda text: message([written(text)], "max_tokens"),
    refuses=lambda words: message(
        [], "refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": words}
    ),
    calls=message([written("{}"), {"type": "tool_use", "id": "t", "name": "buy", "input": {}}], "tool_use"),
    fails=_anthropic_error,
)
RESPONSES = Dialect(
    name="openai",
    model="gpt-6.1-terra",
    base="/v1",
    path="/v1/responses",
    build=OpenAIModel,
    says=lambda text: response([put_out(text)]),
    cuts=lambda text: response([put_out(text)], "incomplete", incomplete_details={"reason": "max_output_tokens"}),
    refuses=lambda words: response([{"type": "refusal", "refusal": words}]),
    calls=response([], output=[{"type": "function_call", "call_id": "c", "name": "buy", "arguments": "{}"}]),
    fails=_openai_error,
)
CHAT = Dialect(
    name="chat",
    model="small",
    base="/v1",
    path="/v1/chat/completions",
    build=OpenAIChatModel,
    says=lambda text: chat({"content": text}),
    cuts=lambda text: chat({"content": text}, "length"),
    refuses=lambda words: chat({"refusal": words}),
    calls=chat(
        {
            "content": "{}",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "b", "arguments": "{}"}}],
        },
        "tool_calls",
    ),
    fails=_openai_error,
)
DIALECTS = (ANTHROPIC, RESPONSES, CHAT)
