"""The Inquirer: one question a turn, read as tools to use or as a conclusion.

The answer's shape is flat: every argument of every tool beside the tool's name, null where it is not said. So one
closed schema serves all providers; what a tool does not know of it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, FailFast, Field, JsonValue, model_validator

from trading.agents.answers import Answer
from trading.agents.envelope import enclose, enclose_lines, plain
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Asking, Question
from trading.agents.reading import read_answer
from trading.events import EventType
from trading.inquiring import MOST_CITED, MOST_LOOKUPS, Conclusion, TurnAsked
from trading.inquiry import MOST_QUESTION, MOST_RESULT, Ending, Finding, Lookup, Tool
from trading.inquiry_arguments import ARGUMENTS, told_of
from trading.inquiry_views import Op, View
from trading.limits import Limit
from trading.money import MOST_TEXT, Record

_WORDS: Mapping[Tool, str] = {
    Tool.QUERY_EVENTS: "contains",
    Tool.QUERY_LOGS: "contains",
    Tool.SEARCH_MEMORY: "text",
    Tool.QUERY_PROMETHEUS: "query",
}
"""What a tool calls the words of a look-up, which the answer calls `text`."""
_NAMED = ("since", "until", "at", "symbol", "cycle_id", "trace_id", "strategy_id", "order_by", "total_by")

_Text = Annotated[str, Field(max_length=1000), AfterValidator(lambda text: plain(text, 1000))]
_Name = Annotated[str, Field(max_length=200), AfterValidator(lambda text: plain(text, 200))]
_Prose = Annotated[str, Field(min_length=1, max_length=MOST_TEXT), AfterValidator(lambda text: plain(text, MOST_TEXT))]


class ConditionAnswer(Answer):
    """One column of a view compared with a value; the value is empty where none is needed."""

    column: _Name
    op: Annotated[Op, Field(strict=False)]
    value: _Name


class LookupAnswer(Answer):
    """One use of a tool. `text` is what it looks for: words of events, logs and memories, or PromQL."""

    tool: Annotated[Tool, Field(strict=False)]
    since: _Name | None
    until: _Name | None
    at: _Name | None
    symbol: _Name | None
    cycle_id: _Name | None
    trace_id: _Name | None
    strategy_id: _Name | None
    text: _Text | None
    level: Annotated[Literal["debug", "info", "warning", "error"] | None, Field()]
    limit: Annotated[Limit | None, Field(strict=False)]
    view: Annotated[View | None, Field(strict=False)]
    order_by: _Name | None
    descending: bool
    total_by: _Name | None
    most: Annotated[int, Field(ge=1, le=200)] | None
    types: Annotated[list[_Name], Field(max_length=20), FailFast()]
    where: Annotated[list[ConditionAnswer], Field(max_length=8), FailFast()]


class ConclusionAnswer(Answer):
    """What is said in the end; `citations` are ids that findings list."""

    kind: Literal["answered", "unknown", "refused"]
    text: _Prose
    citations: Annotated[list[_Name], Field(max_length=MOST_CITED), FailFast()]


class InquirerAnswer(Answer):
    """The Inquirer's: either tools to use, and no answer yet, or the answer, and no tools."""

    lookups: Annotated[list[LookupAnswer], Field(max_length=MOST_LOOKUPS), FailFast()]
    answer: ConclusionAnswer | None

    @model_validator(mode="after")
    def _one_of_both(self) -> InquirerAnswer:
        if bool(self.lookups) == (self.answer is not None):
            message = "either lookups or an answer, and not both"
            raise ValueError(message)
        return self


class ToolTold(Record):
    """A tool as the Inquirer is told of it: what it is for, and what each of its arguments says."""

    tool: Tool
    what: str
    arguments: dict[str, str]


class FindingTold(Record):
    """What a tool told, in an envelope; `ids` may be cited."""

    tool: Tool
    arguments: dict[str, JsonValue]
    told: str
    ids: tuple[str, ...]
    rows: int
    truncated: bool
    error: str

    @classmethod
    def of(cls, finding: Finding) -> FindingTold:
        """A finding as it is told."""
        return cls(
            tool=finding.lookup.tool,
            arguments=finding.lookup.arguments,
            told=enclose_lines(finding.text, MOST_RESULT),
            ids=finding.ids,
            rows=finding.rows,
            truncated=finding.truncated,
            error=enclose(finding.error, MOST_TEXT) if finding.error else "",
        )


class InquirerFacts(Record):
    """What the Inquirer is told: the question, the clock, the tools, and what they told so far."""

    question: str
    desk: str
    now: str
    today: str
    timezone: str
    newest_prices_at: str
    steps_left: int
    objection: str
    looked_up_before: tuple[Lookup, ...]
    findings: tuple[FindingTold, ...]
    sources: tuple[ToolTold, ...]


def facts_of(asked: TurnAsked) -> InquirerFacts:
    """What is told in this turn. Equal inquiries tell the same."""
    here = asked.request.asked_at.astimezone(ZoneInfo(asked.opened.timezone))
    newest = asked.opened.newest_prices_at
    return InquirerFacts(
        question=enclose(asked.request.question, MOST_QUESTION),
        desk=asked.request.desk_id,
        now=here.isoformat(timespec="seconds"),
        today=f"{here:%A} {here:%Y-%m-%d}",
        timezone=asked.opened.timezone,
        newest_prices_at="" if newest is None else newest.isoformat(timespec="seconds"),
        steps_left=asked.steps_left,
        objection=enclose(asked.objection, MOST_TEXT) if asked.objection else "",
        looked_up_before=asked.before,
        findings=tuple(FindingTold.of(finding) for finding in asked.findings),
        sources=TOOLS,
    )


def question(prompt: Prompt, asked: TurnAsked, ask: Asking) -> Question:
    """Ask what to look up next, or for the answer."""
    return pose(prompt, facts_of(asked), InquirerAnswer, ask)


def read(text: str) -> tuple[Lookup, ...] | Conclusion:
    """Read the tools to use, or the conclusion. Raises UnreadableAnswer."""
    said = read_answer(text, InquirerAnswer)
    if said.answer is None:
        return tuple(lookup_of(one) for one in said.lookups)
    answer = said.answer
    return Conclusion(ending=Ending(answer.kind), text=answer.text, citations=tuple(answer.citations))


def lookup_of(said: LookupAnswer) -> Lookup:
    """One use of a tool, by the names that the tool has for its arguments."""
    told: dict[str, JsonValue] = {name: getattr(said, name) for name in _NAMED}
    told |= {"level": said.level, "limit": said.limit, "view": said.view, "most": said.most}
    told |= {_WORDS.get(said.tool, "text"): said.text, "types": [*said.types] or None}
    if said.tool is Tool.QUERY_VIEW:
        told |= {"where": [_condition(one) for one in said.where] or None, "descending": said.descending}
    known = ARGUMENTS[said.tool].model_fields
    return Lookup(tool=said.tool, arguments={k: v for k, v in told.items() if k in known and v is not None})


def _condition(said: ConditionAnswer) -> JsonValue:
    flags: dict[str, JsonValue] = {"true": True, "false": False, "": None}
    return {"column": said.column, "op": said.op.value, "value": flags.get(said.value, said.value)}


def _told(tool: Tool) -> ToolTold:
    words = {words: "text" for one, words in _WORDS.items() if one is tool}
    said = {"types": f" There are: {', '.join(EventType)}."}
    fields = {
        words.get(name, name): f"{field.description or name}{said.get(name, '')}"
        for name, field in ARGUMENTS[tool].model_fields.items()
        if words.get(name, name) in LookupAnswer.model_fields
    }
    return ToolTold(tool=tool, what=told_of(tool), arguments=fields)


TOOLS = tuple(_told(tool) for tool in Tool)
