"""Ports that make a span of what passes through them: a call to a model, by OpenTelemetry's words for generative AI."""

from __future__ import annotations

from adapters.journal_around import JournalAround
from adapters.tracing import spans
from adapters.tracing.spans import Attributes, Kind
from trading.agents.questions import ModelCall, Question, Reply
from trading.ports import LanguageModel

_PROVIDERS = {"AnthropicModel": "anthropic", "OpenAIModel": "openai", "OpenAIChatModel": "openai-chat"}
_RULES = "rules"
_STOPS = {"end": "stop", "truncated": "length", "refused": "refusal", "filtered": "content_filter"}


class TracedModel:
    """A model each of whose calls is a span. What was asked and said is in the journal, and in no span."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._provider = _PROVIDERS.get(type(model).__name__, _RULES)

    async def answer(self, question: Question) -> Reply:
        """Answer as the model does."""
        with spans.span(f"chat {question.model}", _asked(question, self._provider), Kind.CLIENT) as tell:
            reply = await self._model.answer(question)
            tell(_answered(reply))
            return reply


class TracedJournal(JournalAround):
    """A journal; a reply that it knew already is a span, for it stands in a call's place."""

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        found = await super().find(call_id)
        if found is not None:
            asked = _asked(found.question, None)
            told: Attributes = {"gen_ai.response.model": found.reply.model, "trading.model.known": True}
            with spans.span(f"known {found.question.model}", {**asked, **told}):
                pass
        return found


def _asked(question: Question, provider: str | None) -> Attributes:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": question.model,
        "gen_ai.request.max_tokens": question.most_tokens,
        "gen_ai.agent.name": question.agent.value,
        "trading.prompt_version": question.prompt_version,
        "trading.model.call_id": question.call_id,
        "trading.model.repair": question.repair is not None,
    }


def _answered(reply: Reply) -> Attributes:
    usage = reply.usage
    return {
        "gen_ai.response.model": reply.model,
        "gen_ai.response.id": reply.request_id,
        "gen_ai.response.finish_reasons": (_STOPS[reply.stop.value],),
        "gen_ai.usage.input_tokens": usage.input_tokens if usage else None,
        "gen_ai.usage.output_tokens": usage.output_tokens if usage else None,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens if usage else None,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens if usage else None,
        "trading.model.cost_usd": None if reply.cost_usd is None else float(reply.cost_usd),
    }
