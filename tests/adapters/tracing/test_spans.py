"""Spans as they are exported: without secrets, and without what no vendor is told; said once when nobody takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import httpx2
import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from sqlalchemy import text
from structlog.testing import capture_logs

from adapters.market_chain import MarketChain
from adapters.postgres.engine import Database, application_engine
from adapters.tracing import ids, spans
from adapters.tracing.exporting import Sparing
from adapters.tracing.ports import TracedModel
from adapters.tracing.spans import Kind
from tests.otlp import Receiver, Seen, receiving
from tests.tracing import SECRET, flush, traced
from trading.agents.questions import Agent, Question, Reply, Stop, Usage
from trading.errors import MarketUnavailable, ModelUnavailable
from trading.traces import trace_hex


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with traced() as found:
        yield found


def only(receiver: Receiver, name: str) -> Seen:
    flush()
    (found,) = [one for one in receiver.spans if one.name == name]
    return found


def question(model: str = "claude-x") -> Question:
    return Question(
        agent=Agent.RISK,
        model=model,
        system="never told",
        user="never told",
        answer_schema={},
        facts={},
        prompt_version="risk-2",
    )


class Answering:
    """A model with one answer, or none."""

    def __init__(self, answer: Reply | Exception) -> None:
        self._answer = answer

    async def answer(self, question: Question) -> Reply:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer.model_copy(update={"model": f"{question.model}-1"})


class AnthropicModel(Answering):
    """One that is called as the vendor's is."""


async def test_a_call_says_model_tokens_cost_and_why_it_ended_and_no_word_of_it(receiver: Receiver) -> None:
    usage = Usage(input_tokens=900, output_tokens=70, cache_read_tokens=800, cache_write_tokens=5)
    reply = Reply(
        text="never told", model="", stop=Stop.TRUNCATED, usage=usage, cost_usd=Decimal("0.0125"), request_id="req_1"
    )
    await TracedModel(AnthropicModel(reply)).answer(question())
    found = only(receiver, "chat claude-x")
    assert (
        found.attributes.items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "claude-x",
            "gen_ai.response.model": "claude-x-1",
            "gen_ai.response.id": "req_1",
            "gen_ai.usage.input_tokens": 900,
            "gen_ai.usage.output_tokens": 70,
            "gen_ai.usage.cache_read.input_tokens": 800,
            "gen_ai.usage.cache_creation.input_tokens": 5,
            "gen_ai.agent.name": "RiskManager",
            "trading.model.cost_usd": 0.0125,
        }.items()
    )
    assert found.attributes["gen_ai.response.finish_reasons"] == ["length"]
    assert "never told" not in found.words
    assert not found.failed


async def test_a_call_without_an_answer_is_a_failed_span(receiver: Receiver) -> None:
    with pytest.raises(ModelUnavailable):
        await TracedModel(Answering(ModelUnavailable(f"no answer to {SECRET}"))).answer(question())
    found = only(receiver, "chat claude-x")
    assert found.failed
    assert found.attributes["error.type"] == "ModelUnavailable"
    assert SECRET not in found.words
    assert "Traceback" not in found.words


def test_secrets_are_masked_in_every_text(receiver: Receiver) -> None:
    told: spans.Attributes = {
        "said": f"a {SECRET} b",
        "http.url": "https://host/path?apikey=abc",
        "many": (SECRET, "b"),
        "n": 1,
    }
    with spans.span("a span", told):
        pass
    found = only(receiver, "a span")
    assert found.attributes == {
        "said": "a [redacted] b",
        "http.url": "https://host/path",
        "many": ["[redacted]", "b"],
        "n": 1,
    }


def test_what_is_asked_from_outside_begins_the_trace_of_its_name(receiver: Receiver) -> None:
    with spans.span("something else"), spans.asked("POST", "ann/1") as tell:
        tell({"name": "POST /cycles/run", "http.response.status_code": 503})
    found = only(receiver, "POST /cycles/run")
    assert (found.trace, found.parent, found.failed) == (trace_hex("ann/1"), "", True)
    assert found.attributes["trading.trace_id"] == "ann/1", "who has the name finds it by a search, too"
    assert only(receiver, "something else").trace != found.trace


async def test_a_vendor_is_asked_within_the_trace_and_told_nothing_of_it(receiver: Receiver) -> None:
    with receiving() as vendor:
        async with httpx2.AsyncClient(trust_env=False) as client:
            await client.post(f"{vendor.url}/quotes?key=abc", content=b"")
            with spans.span("a step"):
                await client.post(f"{vendor.url}/quotes?key=abc", content=b"")
    assert len(vendor.headers) == 2
    assert not [headers for headers in vendor.headers if {"traceparent", "tracestate", "baggage"} & set(headers)]
    found = only(receiver, "POST")
    assert found.parent == only(receiver, "a step").span, "outside of a trace there was no span"
    assert "key=abc" not in found.words


async def test_a_statement_is_a_span_within_a_trace_and_says_no_value(receiver: Receiver, database: Database) -> None:
    engine = application_engine(database)
    statement = text("SELECT CAST(:word AS TEXT)")
    async with engine.begin() as connection:
        await connection.execute(statement, {"word": "outside"})
        with spans.span("a step"):
            await connection.execute(statement, {"word": "a value"})
    await engine.dispose()
    found = only(receiver, "SELECT")
    assert found.parent == only(receiver, "a step").span
    assert "$1" in found.attributes["db.statement"]
    assert "a value" not in found.words


async def test_each_provider_that_is_asked_is_a_span_and_one_that_fails_says_so(receiver: Receiver) -> None:
    with spans.span("market data"):
        chain = MarketChain([Deaf("first"), Deaf("second", answers=True)])  # type: ignore[list-item]
        await chain.quotes([], None)  # type: ignore[arg-type]
    flush()
    asked = [one for one in receiver.spans if one.name == "ask provider"]
    assert {one.attributes["trading.market.provider"]: one.failed for one in asked} == {"first": True, "second": False}


def test_a_trace_that_was_named_begins_once_and_is_stayed_in(receiver: Receiver) -> None:
    tracer = trace.get_tracer("test")
    with ids.within("ann"), tracer.start_as_current_span("first"), ids.within("ann"):
        with tracer.start_as_current_span("second"), ids.within("bob"), tracer.start_as_current_span("third"):
            assert ids.is_current("bob")
        assert ids.is_current("ann")
    assert context.get_current() == {}
    first, second, third = (only(receiver, name) for name in ("first", "second", "third"))
    assert (second.parent, second.trace, third.parent) == (first.span, first.trace, "")
    assert (first.trace, third.trace) == (trace_hex("ann"), trace_hex("bob"))


class Full(SpanExporter):
    """Takes nothing, until it does."""

    def __init__(self, results: Sequence[SpanExportResult | Exception]) -> None:
        self._results = list(results)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        assert len(spans) == 3
        result = self._results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def test_an_exporter_that_fails_is_one_line_and_so_is_its_return() -> None:
    failure, success = SpanExportResult.FAILURE, SpanExportResult.SUCCESS
    sparing = Sparing(Full([failure, OSError("away"), failure, success, success, failure]), str)
    some = [ReadableSpan("a span", context=trace.INVALID_SPAN_CONTEXT)] * 3
    with capture_logs() as lines:
        results = [sparing.export(some) for _ in range(6)]
    assert results == [failure, failure, failure, success, success, failure]
    assert [line["log_level"] for line in lines] == ["warning", "info", "warning"]
    assert lines[1]["lost"] == 9


def test_without_a_tracer_a_span_is_nothing() -> None:
    assert not spans.are_on()
    with spans.span("a span", kind=Kind.CLIENT) as tell, spans.asked("GET", "ann"):
        tell({"a": 1})
    spans.close()


class Deaf:
    """A market that does not answer, or has nothing."""

    adjustment, synthetic, historical = "split", True, True

    def __init__(self, name: str, *, answers: bool = False) -> None:
        self.name = name
        self._answers = answers

    async def quotes(self, *_: object) -> dict[str, object]:
        if not self._answers:
            raise MarketUnavailable("no answer")
        return {}
