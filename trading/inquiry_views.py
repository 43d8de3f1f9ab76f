"""The views that a question may look into: which there are, their columns, and by what each is ordered and cited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError


class View(StrEnum):
    """What can be asked for row by row."""

    EVENTS = "events"
    ORDERS = "orders"
    FILLS = "fills"
    TRADES = "trades"
    POSITIONS = "positions"
    DAILY_CLOSES = "daily_closes"
    EQUITY_MARKS = "equity_marks"
    MODEL_SPEND = "model_spend"
    MODEL_CALLS = "model_calls"
    DECISIONS = "decisions"
    BREAKER_CHANGES = "breaker_changes"
    ALERTS = "alerts"
    STRATEGIES = "strategies"
    MEMORIES = "memories"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    DAY = "day"
    FLAG = "flag"


class Shape(NamedTuple):
    """A view's columns with their kinds in the order they are told; `at` is the one that says when, `named` cites."""

    columns: Mapping[str, Kind]
    at: str | None
    named: tuple[str, ...] = ()


def _shape(at: str | None, named: str = "", **columns: str) -> Shape:
    kinds = {name: kind for kind, names in columns.items() for name in names.split()}
    return Shape({name: Kind(kind) for name, kind in kinds.items()}, at, tuple(named.split()))


SHAPES: Mapping[View, Shape] = {
    View.EVENTS: _shape(
        "occurred_at",
        "event_id",
        time="occurred_at",
        text="event_id type aggregate_id trace_id symbol strategy_id",
        number="sequence position",
    ),
    View.ORDERS: _shape(
        "recorded_at",
        "client_order_id cycle_id",
        time="recorded_at",
        text="client_order_id strategy_id cycle_id symbol side leg kind state reason parent_id broker_order_id",
        number="quantity filled_quantity",
    ),
    View.FILLS: _shape(
        "filled_at",
        "client_order_id",
        time="filled_at recorded_at",
        text="fill_id client_order_id symbol side reverses",
        number="quantity price commission cash_change",
    ),
    View.TRADES: _shape(
        "opened_at",
        "entry_order_id exit_order_id",
        time="opened_at closed_at",
        text="trade_id strategy_id symbol side outcome exit_reason entry_order_id exit_order_id",
        number="quantity closed_quantity entry_price exit_price realised_pnl",
    ),
    View.POSITIONS: _shape(
        None, text="symbol sector", number="quantity cost_basis realised_pnl mark value", time="marked_at"
    ),
    View.DAILY_CLOSES: _shape(
        "closes_at",
        day="session_on",
        time="closes_at",
        number="equity cash paid_in day_return pnl_day pnl_week pnl_month pnl_opening benchmark_return",
    ),
    View.EQUITY_MARKS: _shape("marked_at", time="marked_at", number="equity cash flow_count"),
    View.MODEL_SPEND: _shape(
        "at",
        "cycle_id",
        time="at",
        text="cycle_id strategy_id agent model state",
        number="attempt reserved_usd settled_usd counted_usd settled_tokens counted_tokens",
        flag="is_priced",
    ),
    View.MODEL_CALLS: _shape(
        "replied_at",
        "cycle_id",
        time="replied_at",
        text="cycle_id call_id agent model prompt_version stop detail",
        number="latency_seconds input_tokens output_tokens cost_usd",
    ),
    View.DECISIONS: _shape(
        "decided_at",
        "event_id cycle_id order_id",
        time="decided_at",
        text="symbol cycle_id strategy_id signal constrained risk validator meta rule operator abstained dropped "
        "became order_id event_id",
    ),
    View.BREAKER_CHANGES: _shape(
        "occurred_at",
        "event_id",
        time="occurred_at",
        text="event_id type strategy_id state changed_by reason",
        number="sequence",
    ),
    View.ALERTS: _shape(
        "occurred_at",
        "event_id",
        time="occurred_at",
        number="number",
        text="event_id severity topic reason acknowledged_by",
    ),
    View.MEMORIES: _shape(
        "decided_at",
        "memory_id cycle_id order_id",
        time="decided_at resolved_at",
        text="memory_id cycle_id strategy_id symbol side leg course sector order_id exit_reason reasoning lesson",
        number="price decided return_fraction benchmark_return pnl sessions",
        flag="won",
    ),
    View.STRATEGIES: _shape(None, text="strategy_id source rung trading_state", number="allocation", flag="enabled"),
}


class Op(StrEnum):
    """How a column is compared."""

    IS = "="
    IS_NOT = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    CONTAINS = "contains"
    EMPTY = "is empty"


def compared(kind: Kind, op: Op, value: object) -> object:
    """The value as the column holds it. Raises ValueError in words when it is none of its kind."""
    if op is Op.EMPTY:
        return None
    if op is Op.CONTAINS and kind is not Kind.TEXT:
        message = "only a text can contain something"
        raise ValueError(message)
    if kind is Kind.FLAG:
        if not isinstance(value, bool) or op not in {Op.IS, Op.IS_NOT}:
            message = "is compared by = or != with true or false"
            raise ValueError(message)
        return value
    if value is None or isinstance(value, bool):
        message = f"is compared with a {kind}"
        raise ValueError(message)
    return _of_kind(kind, str(value))


def _of_kind(kind: Kind, words: str) -> object:
    reader = _READERS.get(kind)
    if reader is None:
        return words
    try:
        return reader.validate_python(words)
    except ValidationError:
        message = f"is compared with {_WISHES[kind]}"
        raise ValueError(message) from None


_READERS: Mapping[Kind, TypeAdapter[Any]] = {
    Kind.NUMBER: TypeAdapter(Annotated[Decimal, Field(allow_inf_nan=False, ge=Decimal("-1e30"), le=Decimal("1e30"))]),
    Kind.TIME: TypeAdapter(AwareDatetime),
    Kind.DAY: TypeAdapter(date),
}
_WISHES: Mapping[Kind, str] = {
    Kind.NUMBER: "a number",
    Kind.TIME: "a time with its zone, as 2024-03-01T21:00:00Z",
    Kind.DAY: "a day, as 2024-03-01",
}
