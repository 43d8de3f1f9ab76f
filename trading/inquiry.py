"""Questions to the desk in plain language: what may be looked up for them, and what an answer must cite.

An inquiry only reads. No tool trades, changes a setting or writes; a request to do so is refused and logged.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, JsonValue

from trading.agents import budget
from trading.money import DeskId, Identifier, Record, Text
from trading.spending import Payer

PAYS_AS = "inquiry-"
"""How the name begins under which an inquiry pays, where a cycle's id stands else."""
INQUIRIES = "desk/inquiries"
"""What stands in the place of a strategy where an inquiry pays; no strategy can be named so."""

MOST_RESULT = 12_000
"""Characters of what one tool tells."""
MOST_QUESTION = 2_000
"""Characters of a question."""
MOST_TYPED = 100_000
"""Characters of what may be typed in the place of one; what is longer than a question is answered with that."""


class Tool(StrEnum):
    """What can be looked up."""

    QUERY_EVENTS = "query_events"
    QUERY_LOGS = "query_logs"
    QUERY_PROMETHEUS = "query_prometheus"
    GET_TRACE = "get_trace"
    SEARCH_MEMORY = "search_memory"
    PORTFOLIO_AT = "portfolio_at"
    BREAKER_HISTORY = "breaker_history"
    EXPLAIN_LIMIT = "explain_limit"
    QUERY_VIEW = "query_view"


class Lookup(Record):
    """One use of a tool: only those of its arguments that the tool knows, each None or absent when not said."""

    tool: Tool
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class LookupAsked(Record):
    """A tool to be used for an inquiry of one desk, as the desk was at `as_of`; `trace_id` joins the log lines."""

    desk_id: DeskId
    inquiry_id: Identifier
    trace_id: Identifier
    lookup: Lookup
    as_of: AwareDatetime


class Finding(Record):
    """What a tool told: a text of bounded length, and the ids of events, cycles, orders and memories that it names.

    `error` says why it told nothing: a bad argument, a server that is not there, nothing found.
    """

    lookup: Lookup
    text: Annotated[str, Field(max_length=MOST_RESULT)] = ""
    ids: tuple[str, ...] = ()
    rows: Annotated[int, Field(ge=0)] = 0
    truncated: bool = False
    error: Text = ""


class Caps(Record):
    """The most that one inquiry may take: turns of the model, tokens, dollars."""

    steps: Annotated[int, Field(ge=1, le=50)] = 8
    tokens: Annotated[int, Field(ge=1)] = 200_000
    usd: Annotated[Decimal, Field(ge=0)] = Decimal("0.50")


class InquiryWish(Record):
    """What a person asks of a desk, in words of any kind: the input of the workflow `Inquiry`.

    In Temporal's Web UI: `{"desk_id": "main", "question": "what halted us?"}`.
    """

    desk_id: DeskId
    question: Annotated[str, Field(max_length=MOST_TYPED)]
    asked_by: Annotated[str, Field(min_length=1, max_length=80)] = "somebody"
    trace_id: Identifier | None = None
    caps: Caps = Caps()


class InquiryRequest(Record):
    """A person's question about one desk."""

    desk_id: DeskId
    inquiry_id: Identifier
    trace_id: Identifier
    question: Annotated[str, Field(min_length=1, max_length=MOST_QUESTION)]
    asked_by: Annotated[str, Field(min_length=1, max_length=80)]
    asked_at: AwareDatetime
    caps: Caps = Caps()

    @property
    def workflow_id(self) -> str:
        """The name of its workflow."""
        return f"inquiry/{self.inquiry_id}"

    @property
    def payer(self) -> Payer:
        """In whose name its calls to models are paid for."""
        return Payer(
            desk_id=self.desk_id,
            name=f"{PAYS_AS}{self.inquiry_id}",
            strategy_id=INQUIRIES,
            trace_id=self.trace_id,
            caps=budget.Caps(tokens=self.caps.tokens, usd=self.caps.usd),
        )


class Ending(StrEnum):
    """How an inquiry ended."""

    ANSWERED = "answered"
    UNKNOWN = "unknown"
    """Nothing that can be looked up answers it."""
    REFUSED = "refused"
    """It asked for something to be done, or for another desk."""
    CAPPED = "capped"
    FAILED = "failed"


class InquiryReport(Record):
    """The answer, or why there is none. Every id in `citations` was looked up and exists.

    `uncited` are numbers of the answer that nothing found bears out. Tokens and dollars are the ledger's of spend.
    """

    inquiry_id: Identifier
    ending: Ending
    text: Text
    citations: tuple[str, ...] = ()
    uncited: tuple[str, ...] = ()
    findings: tuple[Lookup, ...] = ()
    model: Text = ""
    steps: Annotated[int, Field(ge=0)] = 0
    tokens: Annotated[int, Field(ge=0)] = 0
    cost_usd: Annotated[Decimal, Field(ge=0)] = Decimal(0)


class InquiryLine(Record):
    """A question as it is listed, with its answer once there is one."""

    request: InquiryRequest
    ended_at: AwareDatetime | None = None
    report: InquiryReport | None = None
