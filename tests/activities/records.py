"""Every type that travels between the desk and Temporal, and a generator of values for each."""

from __future__ import annotations

import types
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, JsonValue, ValidationError
from temporalio import workflow

from tests.activities import poison
from tests.making import hints
from trading.backtest_plan import Yearly
from trading.costs import Rate
from trading.grids import Name
from trading.instruments import Symbol
from trading.limits import Budget, Turnover
from trading.money import DeskId, Dollars, Fraction, Identifier, Price, Quantity, Ratio, Record, SignedQuantity, Text
from trading.signals import Score
from trading.strategy import Source
from worker import WORKFLOWS


def amounts(least: str, most: str, places: int) -> st.SearchStrategy[Decimal]:
    """Exact amounts with so many decimals."""
    return st.decimals(Decimal(least), Decimal(most), places=places)


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the zone is added
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
KINDS: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (Dollars, amounts("-1e15", "1e15", 2)),
    (Price, amounts("0.000001", "1e7", 6)),
    (Quantity, amounts("0", "1e9", 9)),
    (SignedQuantity, amounts("-1e9", "1e9", 9)),
    (Fraction, amounts("0", "1", 8)),
    (Yearly, amounts("0", "1", 4)),
    (Rate, amounts("0", "100", 4)),
    (Name, st.from_regex(r"\A[a-z_][a-z0-9_]{0,9}\Z")),
    (Budget, amounts("0", "1e15", 2)),
    (Turnover, amounts("0", "1000", 8)),
    (Ratio, st.floats(allow_nan=False, allow_infinity=False)),
    (Score, st.floats(0, 1)),
    (Symbol, st.from_regex(r"\A[A-Z][A-Z0-9]{0,4}\Z")),
    (Identifier, st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:/-]{0,30}\Z")),
    (DeskId, st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,30}\Z")),
    (Text, WORDS),
    (AwareDatetime, MOMENTS),
    (JsonValue, JSON),
    (Decimal, amounts("-1e9", "1e9", 4)),
    (datetime, MOMENTS),
    (date, st.dates()),
    (time, st.times()),
    (Source, st.sampled_from(["agents", "sma-crossover", "my_strategies:Breakout2"])),
    (timedelta, st.timedeltas(timedelta(0), timedelta(days=400))),
    (bool, st.booleans()),
    (int, st.integers(1, 12)),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, WORDS),
)


def travelling() -> dict[str, Any]:
    """Every argument and result of an activity, workflow, signal, update and query, by where it is used."""
    found: dict[str, Any] = {}
    for name, method in poison.real().items():
        found |= _typed(f"activity {name}", method)
    for kind in WORKFLOWS:
        definition = workflow._Definition.must_from_class(kind)  # noqa: SLF001  the SDK's only list of handlers
        found |= _typed(f"workflow {kind.__name__}", definition.run_fn)
        for signal in definition.signals.values():
            found |= _typed(f"signal {signal.name}", signal.fn)
        for update in definition.updates.values():
            found |= _typed(f"update {update.name}", update.fn)
        for query in definition.queries.values():
            found |= _typed(f"query {query.name}", query.fn)
    return found


def values(hint: Any) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911  one line for each kind of annotation
    """Valid values of one annotation."""
    for known, strategy in KINDS:
        if hint is known:
            return strategy
    if hint is None or hint is type(None):
        return st.none()
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is Annotated:
        return values(arguments[0])
    if origin in {Union, types.UnionType}:
        return st.one_of(*(values(one) for one in arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), min_size=1, max_size=2).map(tuple)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=2)
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return records(hint)


def records(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Valid records: those that contradict themselves are left out."""
    fields = {name: values(hint) for name, hint in hints(kind).items()}
    return st.fixed_dictionaries(fields).map(lambda made: _made(kind, made)).filter(lambda made: made is not None)


def _made(kind: type[Record], fields: dict[str, Any]) -> Any:
    if kind.__name__ == "OrderRequest":
        # A limit order, and only that, has a limit price; nearly nothing random is consistent in this.
        fields["limit_price"] = fields["mark"] if fields["kind"] == "limit" else None
        fields["stop_price"] = fields["mark"] if fields["kind"] == "stop" else None
    if kind.__name__ == "Plan":
        fields["from_on"], fields["to_on"] = sorted((fields["from_on"], fields["to_on"]))
        fields["cash"] = abs(fields["cash"]) + 1
    try:
        return kind.model_validate(fields)
    except ValidationError:
        return None


def _typed(where: str, function: Any) -> dict[str, Any]:
    written = get_type_hints(function, include_extras=True)
    return {f"{where}: {name}": hint for name, hint in written.items()}


def broken(hint: Any) -> list[object]:
    """Two values that do not belong: one of another type, one of the right type that nobody validated."""
    wrong: list[object] = [{"nobody": "knows"}]
    kinds = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, BaseModel)]
    for kind in kinds[:1]:
        nonsense: dict[str, Any] = {name: [{"nobody": Decimal("NaN")}] for name in kind.model_fields}
        built = kind.model_construct(None, **nonsense)
        wrong.append((built,) if get_origin(hint) is tuple else built)
    return wrong
