"""What is wrong with a field, in words that go on after its name: no pattern, and nothing of what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import StringConstraints
from pydantic_core import ErrorDetails

from trading.instruments import Symbol
from trading.money import Identifier
from trading.strategy import Source, StrategyId

NO_FORM = "is not written as it should be"


def _pattern(of: Any) -> str:
    """The pattern of one of our types of text."""
    (said,) = (str(one.pattern) for one in of.__metadata__ if isinstance(one, StringConstraints))
    return said


FORMS = {
    _pattern(Symbol): "is no ticker, such as AAPL or BRK.B",
    _pattern(StrategyId): "is no short name: small letters, digits and hyphens, such as momentum-2",
    _pattern(Identifier): "is no name: letters, digits and . _ : / -, 160 at most, such as main-20261120T143000-1",
    _pattern(Source): "is no source: agents, a rule such as sma_crossover, or module:Class",
    r"\S": "is empty",
    r"^[0-9a-f]{8,64}$": "is no hash: 8 to 64 of 0-9 and a-f, as the question tells it",
    r"^[0-9]{1,13}(\.[0-9]{1,2})?$": "is no amount in dollars, such as 2500 or 2500.00",
}
"""By its pattern, what a text is not. Each that a request may meet is here, and a test holds the API to it."""

_DAY = "is no day, such as 2026-11-20"
_MOMENT = "is no moment with its offset, such as 2026-11-20T14:30:00Z"
_WHOLE = "is no whole number, such as 5"
_NUMBER = "is no number, such as 0.5"
_AMOUNT = "is no decimal number, such as 2500.00"
_FLAG = "is neither true nor false"
_LIST = "is no list"
_OBJECT = "is no object with fields"
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is nothing that is taken here",
    "string_type": "is no text",
    "string_too_long": "has more than {max_length} characters",
    "too_long": "has more than {max_length} in it",
    "too_short": "has fewer than {min_length} in it",
    "enum": "is not {expected}",
    "literal_error": "is not {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "finite_number": "must be finite",
    "decimal_max_places": "has more than {decimal_places} decimals",
    "decimal_max_digits": "has more than {max_digits} digits",
    "decimal_whole_digits": "has more than {whole_digits} digits before its point",
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DAY),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"), _MOMENT),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("decimal_type", "decimal_parsing"), _AMOUNT),
    **dict.fromkeys(("bool_type", "bool_parsing"), _FLAG),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _OBJECT),
}


def said_of(error: ErrorDetails) -> str:
    """What is wrong there; our own words where one of our rules has said them."""
    kind, about = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return FORMS.get(str(about["pattern"]), NO_FORM)
    if kind == "string_too_short":
        return _short(about)
    if kind in _WORDS:
        return _WORDS[kind].format_map(about)
    return error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _short(about: Mapping[str, Any]) -> str:
    least = about["min_length"]
    return "is empty" if least == 1 else f"has fewer than {least} characters"
