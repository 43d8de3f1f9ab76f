"""An answer's schema as providers take it: the shape is kept, every bound moves into the words that describe it.

Providers hold a model to a shape but not to ranges, and refuse the keywords that they cannot hold it to. What a model
must not pass is therefore said to it in words, and checked by `trading.agents.reading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = frozenset({"$ref", "type", "enum", "const", "description", "required"})
_LISTED = frozenset({"anyOf"})
_NAMED = frozenset({"$defs", "properties"})
# `title` repeats the key; `additionalProperties` is always false, for a strict schema must say so.
_DROPPED = frozenset({"title", "additionalProperties"})


def shape_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without bounds: {"type": "integer", "minimum": 1} is an integer described as "minimum: 1".

    A keyword that is not known here is told in words too, so that nothing is lost in silence.
    """
    kept: dict[str, Any] = {}
    told: list[str] = []
    for keyword, value in schema.items():
        if keyword in _KEPT:
            kept[keyword] = value
        elif keyword in _LISTED:
            kept[keyword] = [shape_of(each) for each in value]
        elif keyword in _NAMED:
            kept[keyword] = {name: shape_of(each) for name, each in value.items()}
        elif keyword == "items":
            kept[keyword] = shape_of(value)
        elif keyword not in _DROPPED:
            told.append(f"{keyword}: {value}")
    if told:
        kept["description"] = "; ".join([*([kept["description"]] if "description" in kept else []), *told])
    if kept.get("type") == "object":
        kept["additionalProperties"] = False
    return kept
