"""What is wrong with a request, in words: no pattern and no word of what was sent, whatever was sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tests.web.api import Api
from trading.instruments import Side, Symbol
from trading.money import DeskId, Dollars, Fraction, Identifier, Price, Quantity, Text
from trading.strategy import Strategy
from web.app import create_app, described
from web.mistakes import FORMS, NO_FORM
from web.problems import wrong_of
from web.serving import door_of

TOLD = "<planted>"


class Sample(BaseModel):
    """A field of every kind that the API takes."""

    model_config = ConfigDict(extra="forbid")

    symbol: Symbol = "AAPL"
    desk: DeskId = "main"
    name: Identifier = "a"
    side: Side = Side.BUY
    day: date | None = None
    moment: AwareDatetime | None = None
    amount: Dollars = Decimal(1)
    price: Price = Decimal(1)
    shares: Quantity = Decimal(1)
    part: Fraction = Decimal(0)
    count: int = Field(1, ge=1, le=500)
    share: float = 0.0
    flag: bool = False
    text: Text = ""
    said: str = Field("x", min_length=1)
    long: str = Field("long enough", min_length=8)
    odd: str = Field("odd", pattern="^odd$")
    many: tuple[int, ...] = Field((), max_length=1)
    fields: dict[str, Any] = Field({"a": 1}, min_length=1)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("symbol", TOLD, "is no ticker, such as AAPL or BRK.B"),
        ("symbol", 5, "is no text"),
        ("desk", TOLD, "is no short name: small letters, digits and hyphens, such as momentum-2"),
        ("name", TOLD, "is no name: letters, digits and . _ : / -, 160 at most, such as main-20261120T143000-1"),
        ("side", TOLD, "is not 'buy' or 'sell'"),
        ("day", TOLD, "is no day, such as 2026-11-20"),
        ("day", "2026-11-20T10:00:00", "is no day, such as 2026-11-20"),
        ("moment", TOLD, "is no moment with its offset, such as 2026-11-20T14:30:00Z"),
        ("moment", "2026-11-20T10:00:00", "is no moment with its offset, such as 2026-11-20T14:30:00Z"),
        ("moment", datetime(2026, 11, 20), "is no moment with its offset, such as 2026-11-20T14:30:00Z"),  # noqa: DTZ001
        ("amount", TOLD, "is no decimal number, such as 2500.00"),
        ("amount", "0.001", "has more than 2 decimals"),
        ("amount", "NaN", "must be finite"),
        ("amount", 0.5, "an amount must be a Decimal, an int or a decimal string"),
        ("price", "0", "must be more than 0"),
        ("shares", "-1", "must be 0 or more"),
        ("part", "2", "must be 1 or less"),
        ("count", TOLD, "is no whole number, such as 5"),
        ("count", 0, "must be 1 or more"),
        ("count", 501, "must be 500 or less"),
        ("share", TOLD, "is no number, such as 0.5"),
        ("flag", TOLD, "is neither true nor false"),
        ("text", TOLD * 1000, "has more than 4000 characters"),
        ("said", "", "is empty"),
        ("long", "short", "has fewer than 8 characters"),
        ("odd", TOLD, NO_FORM),
        ("many", TOLD, "is no list"),
        ("many", [1, 2], "has more than 1 in it"),
        ("fields", TOLD, "is no object with fields"),
        ("fields", {}, "has fewer than 1 in it"),
        ("unknown", TOLD, "is nothing that is taken here"),
    ],
)
def test_each_mistake_has_words(field: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({field: value})
    (wrong,) = wrong_of(caught.value)
    assert (wrong.where, wrong.what) == (field, words)


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else ():
        yield from patterns(inner)


def asked_for(document: dict[str, Any]) -> Iterator[Any]:
    """The schemas of all that requests may bring along."""
    left = [one.get(part) for methods in document["paths"].values() for one in methods.values() for part in PARTS]
    seen: set[str] = set()
    while left:
        schema = left.pop()
        yield schema
        new = set(references(schema)) - seen
        seen |= new
        left += [document["components"]["schemas"][name] for name in new]


PARTS = ("parameters", "requestBody")


def references(schema: Any) -> Iterator[str]:
    """The names of all schemas that one points to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else ():
        yield from references(inner)


async def test_every_pattern_that_a_request_may_meet_has_words(desk: Api) -> None:
    document = described(create_app(desk.desk, door_of(desk.desk.settings.web, "127.0.0.1")))
    asked = {one for schema in asked_for(document) for one in patterns(schema)}
    assert len(asked) > 4
    assert asked | set(patterns(Strategy.model_json_schema())) == set(FORMS)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/api/memory/search?text=a&symbol=aapl!", "query.symbol"),
        ("/api/decisions?symbol=aapl!", "query.symbol"),
        ("/api/cycles?strategy=No%20One", "query.strategy"),
        ("/api/strategies/No%20One", "path.name"),
        ("/api/scoreboard?since=yesterday", "query.since"),
        ("/api/equity?by=week", "query.by"),
        ("/api/events?limit=all", "query.limit"),
    ],
)
async def test_a_filter_of_the_page_is_refused_in_words(desk: Api, path: str, where: str) -> None:
    answer = await desk.get(path)
    (wrong,) = answer.json()["errors"]
    assert (answer.status_code, wrong["where"]) == (422, where)
    assert wrong["what"].startswith(("is no", "is not"))
    assert not {"^", "[", "Input", "pattern"} & set(wrong["what"].split())
