"""From a model's text to its answer, or `UnreadableAnswer`: there is no third outcome and no guessing.

| refused | because |
|---|---|
| anything around the object, two objects, an array | which one was meant? |
| a repeated key | which one was meant? |
| NaN, Infinity, a number of more than 40 characters | nobody trades on it |
| a key too many or too few, a wrong type, a value out of bounds | it is not the answer that was asked for |
| a symbol that was not asked, one twice, one left out | it is not the answer that was asked for |
| more than 256 KB, thousands of parts, nested deeper than Python reads | reading must stay quick and small |

The answers' shapes are at most five levels deep, so anything deeper is a wrong type long before it is dangerous.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, Protocol, TypeVar

from pydantic import ValidationError

from trading.agents.answers import Answer
from trading.agents.envelope import plain
from trading.agents.questions import Reply, Stop
from trading.errors import ModelRefused, UnreadableAnswer

MAX_BYTES = 256 * 1024
_MAX_DIGITS = 40
_MAX_KEYS = 32
_MAX_PARTS = 4096  # the largest batch has about five hundred objects and lists
_MAX_REASON = 200


class _AboutSymbol(Protocol):
    @property
    def symbol(self) -> str: ...


A = TypeVar("A", bound=Answer)
S = TypeVar("S", bound=_AboutSymbol)


def words_of(reply: Reply) -> str:
    """The text of a reply that came to its end. Raises UnreadableAnswer when it was cut, ModelRefused for a refusal."""
    detail = plain(reply.detail, _MAX_REASON)
    if reply.stop is Stop.TRUNCATED:
        raise UnreadableAnswer(f"cut off before its end{': ' if detail else ''}{detail}")
    if reply.stop in {Stop.REFUSED, Stop.FILTERED}:
        raise ModelRefused(f"{reply.stop} by the model's provider{': ' if detail else ''}{detail}")
    return reply.text


def read_answer(text: str, shape: type[A]) -> A:
    """Read one JSON object of this shape. Raises UnreadableAnswer with a short reason that never holds the text."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise UnreadableAnswer(f"longer than {MAX_BYTES // 1024} KB")
    if text.count("{") + text.count("[") > _MAX_PARTS:
        raise UnreadableAnswer(f"more than {_MAX_PARTS} objects and lists")
    try:
        value = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
        return shape.model_validate(value)
    except ValidationError as wrong:
        raise UnreadableAnswer(_reason(wrong)) from None
    except RecursionError:
        raise UnreadableAnswer("nested too deep") from None
    except json.JSONDecodeError as wrong:
        raise UnreadableAnswer(f"not one JSON object: {wrong.msg} at character {wrong.pos}") from None


def one_each(answers: Iterable[S], asked: Sequence[str]) -> list[S]:
    """The answers in the order that was asked: each symbol once, none else. Raises UnreadableAnswer."""
    found: dict[str, S] = {}
    for answer in answers:
        if answer.symbol not in asked:
            raise UnreadableAnswer(f"{answer.symbol} was not asked")
        if answer.symbol in found:
            raise UnreadableAnswer(f"{answer.symbol} is answered twice")
        found[answer.symbol] = answer
    missing = [symbol for symbol in asked if symbol not in found]
    if missing:
        raise UnreadableAnswer(plain(f"no answer for {', '.join(missing)}", _MAX_REASON))
    return [found[symbol] for symbol in asked]


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(_short(digits))
    except InvalidOperation:
        raise UnreadableAnswer("a number beyond all bounds") from None


def _integer(digits: str) -> int:
    return int(_short(digits))


def _short(digits: str) -> str:
    if len(digits) > _MAX_DIGITS:
        raise UnreadableAnswer(f"a number of {len(digits)} characters")
    return digits


def _no_constant(name: str) -> NoReturn:
    raise UnreadableAnswer(f"{name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MAX_KEYS:
        raise UnreadableAnswer(f"an object of {len(pairs)} keys")
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise UnreadableAnswer("a key is repeated")
    return keys


def _reason(wrong: ValidationError) -> str:
    first = wrong.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return plain(f"{where}: {first['msg']}" if where else first["msg"], _MAX_REASON)
