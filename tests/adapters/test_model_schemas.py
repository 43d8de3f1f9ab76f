from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from adapters.model_api.schemas import shape_of
from trading.agents.answers import Answer, MetaAnswer, RiskAnswer, SignalAnswer, ValidationAnswer
from trading.agents.inquirer import InquirerAnswer

ANSWERS = [SignalAnswer, RiskAnswer, ValidationAnswer, MetaAnswer, InquirerAnswer]
MOST_UNIONS = 16
"""What Anthropic compiles of one schema: parameters of several types, null among them."""
TAKEN = {
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "type",
}


def every(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all within it."""
    yield schema
    inside = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
    for each in [*inside, *([schema["items"]] if "items" in schema else [])]:
        yield from every(each)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_schema_has_only_what_every_provider_takes(answer: type[Answer]) -> None:
    for each in every(shape_of(answer.model_json_schema())):
        assert set(each) <= TAKEN
        if each.get("type") == "object":
            assert each["additionalProperties"] is False
            assert each["required"] == list(each["properties"])


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_shape_is_the_one_that_anthropics_own_sdk_makes(answer: type[Answer]) -> None:
    def bare(schema: Any) -> Any:
        """Without words, and without the type beside an enum, which says it already."""
        if isinstance(schema, list):
            return [bare(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        dropped = {"description", "title", *({"type"} if "enum" in schema else ())}
        # A property may itself be named as a keyword is, so words are only dropped where they are words.
        return {k: bare(v) for k, v in schema.items() if k not in dropped or not isinstance(v, str)}

    ours = bare(shape_of(answer.model_json_schema()))
    assert ours == bare(anthropic.transform_schema(answer.model_json_schema()))


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_schema_has_no_more_unions_than_a_provider_compiles(answer: type[Answer]) -> None:
    assert sum("anyOf" in each for each in every(shape_of(answer.model_json_schema()))) <= MOST_UNIONS


def test_every_bound_is_told_in_words() -> None:
    told = shape_of(SignalAnswer.model_json_schema())["properties"]
    assert told["horizon_days"]["description"] == "maximum: 750; minimum: 1"
    assert told["reasoning"]["description"] == "maxLength: 4000"
    assert "exclusiveMinimum: 0" in told["stop"]["anyOf"][0]["description"]
    assert told["symbol"]["description"].startswith("pattern: ^[A-Z]")


def test_a_bound_does_not_take_the_place_of_a_description() -> None:
    assert shape_of({"type": "integer", "description": "Days.", "minimum": 1})["description"] == "Days.; minimum: 1"
