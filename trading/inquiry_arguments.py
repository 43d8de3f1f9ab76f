"""What each tool of an inquiry may be asked: one closed record a tool, whose descriptions a model is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from trading.agents.envelope import plain
from trading.events import EventType
from trading.inquiry import Lookup, Tool
from trading.inquiry_limits import MOST_ROWS, USUAL_ROWS
from trading.inquiry_views import SHAPES, Op, View, compared
from trading.instruments import Symbol
from trading.limits import Limit
from trading.money import Identifier, Record

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _midnight(value: object) -> object:
    return f"{value}T00:00:00Z" if isinstance(value, str) and _DAY.match(value) else value


Moment = Annotated[AwareDatetime, BeforeValidator(_midnight)]
"""A time with its zone; a day alone is its midnight by UTC."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
Rows = Annotated[int, Field(ge=1, le=MOST_ROWS)]
Column = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
_SINCE = "Nothing before: a time with its zone, as 2024-03-01T14:30:00Z; a day alone is its midnight by UTC."
_UNTIL = "Nothing after it; written as `since`."
_MOST = "Most rows; the newest are told."


class Spell(Record):
    """A stretch of time, open on either side where that is not said."""

    since: Moment | None = Field(None, description=_SINCE)
    until: Moment | None = Field(None, description=_UNTIL)

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.since is not None and self.until is not None and self.until < self.since:
            message = "until is before since"
            raise ValueError(message)
        return self


class QueryEvents(Spell):
    """Lines of the desk's audit log, newest first: what happened, to which symbol, in which cycle, and why."""

    types: Annotated[tuple[EventType, ...], Field(max_length=20)] = Field(
        (), description="Only events of these types; every type when empty."
    )
    symbol: Symbol | None = Field(None, description="Only events of this ticker.")
    cycle_id: Identifier | None = Field(None, description="Only events of this cycle.")
    strategy_id: Identifier | None = Field(None, description="Only events of this strategy.")
    contains: Words | None = Field(None, description="Only events that say these words, in any case.")
    most: Rows = Field(USUAL_ROWS, description=_MOST)


class QueryLogs(Spell):
    """Lines of the workers' log, newest first: what activities did, warnings, errors and how often they were tried."""

    cycle_id: Identifier | None = Field(None, description="Only lines of this cycle.")
    trace_id: Identifier | None = Field(None, description="Only lines of this trace.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is told.")
    contains: Words | None = Field(None, description="Only lines with these words, in any case.")
    most: Rows = Field(USUAL_ROWS, description=_MOST)


class QueryPrometheus(Spell):
    """A metric of the running system by a PromQL query: now, at one moment, or over a stretch of time."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(description="PromQL.")
    at: Moment | None = Field(None, description="The moment of an instant query; now when not said.")
    step_seconds: Annotated[int, Field(ge=1, le=86_400)] = Field(
        60, description="Between two points of a stretch, which is asked for by `since`; made longer for a long one."
    )

    @model_validator(mode="after")
    def _instant_or_range(self) -> Self:
        if self.at is not None and (self.since is not None or self.until is not None):
            message = "at is for one moment, since and until for a stretch: not both"
            raise ValueError(message)
        if self.until is not None and self.since is None:
            message = "a stretch needs since"
            raise ValueError(message)
        return self


class GetTrace(Record):
    """All of one cycle or trace: events in order, orders, fills, model calls and their cost, workflows and retries."""

    cycle_id: Identifier | None = Field(None, description="The cycle; this or `trace_id`.")
    trace_id: Identifier | None = Field(None, description="The trace; this or `cycle_id`.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.cycle_id is None) == (self.trace_id is None):
            message = "say cycle_id or trace_id, and not both"
            raise ValueError(message)
        return self


class SearchMemory(Record):
    """Decisions that the desk remembers, by what they mean: the setup, its outcome and the lesson."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(description="What to look for.")
    symbol: Symbol | None = Field(None, description="Only memories of this ticker.")
    most: Annotated[int, Field(ge=1, le=20)] = Field(10, description="Most memories; the nearest are told.")


class PortfolioAt(Record):
    """What the desk held at a moment: cash, positions with their cost, and equity by the last prices known then."""

    at: Moment | None = Field(None, description="The moment, as 2024-03-01T21:00:00Z; now when not said.")


class BreakerHistory(Spell):
    """When the desk or a strategy was halted, reduced or let go on: by whom or what, and why. And how it stands now."""

    strategy_id: Identifier | None = Field(None, description="Only this strategy; else the desk and all of them.")
    most: Rows = Field(USUAL_ROWS, description=_MOST)


class ExplainLimit(Record):
    """What a hard limit is, what it is set to for the desk and a strategy, where, and when it last bound."""

    limit: Limit = Field(description="Its name, as events say it.")
    strategy_id: Identifier | None = Field(None, description="The strategy whose own limit is told as well.")


class Condition(Record):
    """One column compared with one value."""

    column: Column = Field(description="A column of the view.")
    op: Op = Field(Op.IS, description="How it is compared; `contains` is for texts, `is empty` needs no value.")
    value: Annotated[str, StringConstraints(max_length=200)] | bool | int | Number | None = Field(
        None, description="With what: a text, a number, true or false, or a time with its zone."
    )


class QueryView(Record):
    """Rows of one view of the books, or their totals. There is no SQL: a question names views and columns only."""

    view: View = Field(description="Which view.")
    where: Annotated[tuple[Condition, ...], Field(max_length=8)] = Field((), description="All of these must hold.")
    order_by: Column | None = Field(None, description="The column to sort by; else by time.")
    descending: bool = Field(True, description="The greatest or newest first.")  # noqa: FBT003  a field's default
    most: Rows = Field(USUAL_ROWS, description="Most rows.")
    total_by: Column | None = Field(
        None,
        description="Instead of rows a line for each value of this column: how many rows have it, and the sum, mean "
        "and greatest of each column of numbers over all of them. For sums and means: rows are capped.",
    )

    @model_validator(mode="after")
    def _of_the_view(self) -> Self:
        columns = SHAPES[self.view].columns
        for name in (*(one.column for one in self.where), *filter(None, (self.order_by, self.total_by))):
            if name not in columns:
                message = f"{self.view} has no column {name}: it has {', '.join(columns)}"
                raise ValueError(message)
        for one in self.where:
            try:
                compared(columns[one.column], one.op, one.value)
            except ValueError as error:
                message = f"{one.column} {error}"
                raise ValueError(message) from None
        return self


Arguments = (
    QueryEvents
    | QueryLogs
    | QueryPrometheus
    | GetTrace
    | SearchMemory
    | PortfolioAt
    | BreakerHistory
    | ExplainLimit
    | QueryView
)
ARGUMENTS: Mapping[Tool, type[Arguments]] = {
    Tool.QUERY_EVENTS: QueryEvents,
    Tool.QUERY_LOGS: QueryLogs,
    Tool.QUERY_PROMETHEUS: QueryPrometheus,
    Tool.GET_TRACE: GetTrace,
    Tool.SEARCH_MEMORY: SearchMemory,
    Tool.PORTFOLIO_AT: PortfolioAt,
    Tool.BREAKER_HISTORY: BreakerHistory,
    Tool.EXPLAIN_LIMIT: ExplainLimit,
    Tool.QUERY_VIEW: QueryView,
}
_MOST_ERRORS = 3


def told_of(tool: Tool) -> str:
    """What a tool is for, in a sentence or two: the docstring of its arguments."""
    words = " ".join((ARGUMENTS[tool].__doc__ or "").split())
    if tool is not Tool.QUERY_VIEW:
        return words
    return words + " " + "; ".join(f"{view}: {', '.join(shape.columns)}" for view, shape in SHAPES.items())


def schema_of(tool: Tool) -> dict[str, JsonValue]:
    """The arguments of a tool as a JSON schema."""
    schema: dict[str, JsonValue] = ARGUMENTS[tool].model_json_schema()
    return schema


def arguments_of(lookup: Lookup) -> Arguments | str:
    """The arguments of one use of a tool, or in one line what is wrong with them. None is as good as absent."""
    said = {name: value for name, value in lookup.arguments.items() if value is not None}
    try:
        return ARGUMENTS[lookup.tool].model_validate(said)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        wrong = [_words(one["loc"], one["msg"]) for one in found[:_MOST_ERRORS]]
        return "; ".join(wrong)


def _words(loc: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in loc)
    said = message.removeprefix("Value error, ")
    return plain(f"{where}: {said}" if where else said, 600)
