"""`query_view`: rows of one view, or their totals, by names that are known. No text of a question becomes SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, cast, func, select

from adapters.looking_up.events import more
from adapters.looking_up.reading import Reader, Whose, of_desk, view
from adapters.looking_up.telling import Told, Untold, table
from trading.inquiry_arguments import Condition, QueryView
from trading.inquiry_views import SHAPES, Kind, Op, compared

_PLACES = 6
"""Of a mean."""


async def query_view(reader: Reader, whose: Whose, asked: QueryView) -> Told:
    """The rows that are asked for."""
    shape, source = SHAPES[asked.view], view(asked.view)
    query = of_desk(source, whose, shape.at)
    for condition in asked.where:
        kind = shape.columns[condition.column]
        value = compared(kind, condition.op, condition.value)
        query = query.where(_holds(source.c[condition.column], condition, value))
    if asked.total_by is not None:
        return await _totals(reader, query, asked, asked.total_by)
    columns = list(shape.columns)
    first = source.c[asked.order_by or shape.at or columns[0]]
    # Rows of one moment come in one order, whenever they are asked for.
    order = (first.desc().nulls_last() if asked.descending else first.asc().nulls_last(), source.c[_last(asked)])
    rows = await reader.rows(query.order_by(*order).limit(asked.most + 1))
    if not rows:
        raise Untold(f"no row of {asked.view} is so")
    told = rows[: asked.most]
    ids = [row[name] for row in told for name in shape.named if row[name]]
    return Told(table(columns, told), ids, len(told), more(rows, asked.most))


async def _totals(reader: Reader, query: Select[Any], asked: QueryView, by: str) -> Told:
    """All rows that are asked for, summed up: a line for each value of a column, the most frequent first."""
    every = query.subquery()
    numbers = [name for name, kind in SHAPES[asked.view].columns.items() if kind is Kind.NUMBER and name != by]
    totals = {f"{word} {name}": total(every.c[name]) for name in numbers for word, total in _TOTALS.items()}
    summed = {"rows": func.count(), **totals}
    wanted = [every.c[by], *(total.label(name) for name, total in summed.items())]
    lines = select(*wanted).group_by(every.c[by]).order_by(func.count().desc(), every.c[by].asc().nulls_last())
    rows = await reader.rows(lines.limit(asked.most + 1))
    if not rows:
        raise Untold(f"no row of {asked.view} is so")
    told = rows[: asked.most]
    return Told(table([by, *summed], told), (), len(told), more(rows, asked.most))


def _last(asked: QueryView) -> str:
    shape = SHAPES[asked.view]
    return (*shape.named, *shape.columns)[0]


def _holds(column: ColumnElement[Any], condition: Condition, value: object) -> ColumnElement[bool]:
    if condition.op is Op.EMPTY:
        return column.is_(None)
    if condition.op is Op.CONTAINS:
        return column.icontains(str(value), autoescape=True)
    if condition.op is Op.IS_NOT:
        return column.is_distinct_from(value)
    holds: ColumnElement[bool] = _COMPARISONS[condition.op](column, value)
    return holds


_TOTALS: Mapping[str, Callable[[Any], ColumnElement[Any]]] = {
    "sum": func.sum,
    "mean": lambda column: func.round(cast(func.avg(column), Numeric), _PLACES),
    "most": func.max,
}
_COMPARISONS: Mapping[Op, Callable[[Any, Any], Any]] = {
    Op.IS: operator.eq,
    Op.LESS: operator.lt,
    Op.AT_MOST: operator.le,
    Op.MORE: operator.gt,
    Op.AT_LEAST: operator.ge,
}
