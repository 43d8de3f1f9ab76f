"""Combinations of parameters: how a person writes them, how many there are, and which one a number is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, model_validator

from trading.errors import BadConfiguration
from trading.money import Record

MOST_COMBINATIONS = 10_000
"""Of one study: the daily returns of all are held at once for the probability of overfitting, and the best of more
says nothing that a deflated Sharpe ratio would let stand."""
SHAPE = "write it as fast=5..50:5 or slow=20,50,100"
Parameters = dict[str, JsonValue]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class Axis(Record):
    """One parameter and the values that it takes, in this order."""

    name: Name
    values: Annotated[tuple[JsonValue, ...], Field(min_length=1, max_length=MOST_COMBINATIONS)]


class Grid(Record):
    """Every combination of the axes' values, the last axis fastest, and then those that are `listed`."""

    axes: tuple[Axis, ...] = ()
    listed: tuple[Parameters, ...] = ()

    @model_validator(mode="after")
    def _bounded(self) -> Grid:
        names = [axis.name for axis in self.axes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} stands there twice")
        if not self.size:
            raise ValueError("there is nothing to combine")
        if self.size > MOST_COMBINATIONS:
            raise ValueError(
                f"{self.size:,} combinations are more than {MOST_COMBINATIONS:,}: the best of so many says nothing; "
                "take wider steps"
            )
        return self

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return self._crossed + len(self.listed)

    def at(self, number: int) -> Parameters:
        """The combination of this number, from 0 on. Raises IndexError beyond the last."""
        if not 0 <= number < self.size:
            raise IndexError(number)
        if number >= self._crossed:
            return dict(self.listed[number - self._crossed])
        chosen: Parameters = {}
        for axis in reversed(self.axes):
            number, place = divmod(number, len(axis.values))
            chosen[axis.name] = axis.values[place]
        return {axis.name: chosen[axis.name] for axis in self.axes}

    @property
    def _crossed(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes) if self.axes else 0


def grid_of(words: Sequence[str], listed: Sequence[Parameters] = ()) -> Grid:
    """The grid that a person wrote, an axis a word. Raises BadConfiguration in one sentence."""
    axes = tuple(axis_of(word) for word in words)
    try:
        return Grid(axes=axes, listed=tuple(listed))
    except ValueError as error:
        raise BadConfiguration(f"the grid: {_first(error)}") from None


def axis_of(words: str) -> Axis:
    """One axis: `fast=5..50:5` goes from 5 to 50 by steps of 5, both included; `slow=20,50,100` are these values.

    A value is a number, true, false, none or a word. Raises BadConfiguration.
    """
    name, equals, said = (part.strip() for part in words.partition("="))
    if not equals or not name or not said:
        raise BadConfiguration(f"{words!r} is no axis of a grid: {SHAPE}")
    values = _span(words, said) if ".." in said else tuple(_value(words, part) for part in said.split(","))
    if len(set(map(repr, values))) < len(values):
        raise BadConfiguration(f"{words!r} has a value twice")
    try:
        return Axis(name=name, values=values)
    except ValueError as error:
        raise BadConfiguration(f"{words!r} is no axis of a grid: {_first(error)}") from None


def _span(words: str, said: str) -> tuple[JsonValue, ...]:
    """From, to and step, in exact decimals: steps of 0.1 do not drift."""
    ends, _, stride = said.partition(":")
    low, high = (_number(words, end) for end in ends.split("..", 1))
    step = _number(words, stride) if stride else Decimal(1)
    if step <= 0:
        raise BadConfiguration(f"{words!r} goes by steps of {step:f}: a step is more than nothing")
    if low > high:
        raise BadConfiguration(f"{words!r} goes from {low:f} down to {high:f}: write the lower end first")
    count = int((high - low) / step) + 1
    if count > MOST_COMBINATIONS:
        raise BadConfiguration(f"{words!r} has {count:,} values, more than {MOST_COMBINATIONS:,}: take wider steps")
    return tuple(_plain(low + step * place) for place in range(count))


def _number(words: str, said: str) -> Decimal:
    try:
        number = Decimal(said.strip())
    except InvalidOperation:
        raise BadConfiguration(f"{words!r}: {said.strip()!r} is no number: {SHAPE}") from None
    if not number.is_finite() or abs(number.adjusted()) > 15:  # noqa: PLR2004  digits that a float holds
        raise BadConfiguration(f"{words!r}: {said.strip()!r} is no number of use")
    return number


def _value(words: str, said: str) -> JsonValue:
    said = said.strip()
    if not said:
        raise BadConfiguration(f"{words!r} has an empty value: {SHAPE}")
    constants: dict[str, JsonValue] = {"true": True, "false": False, "none": None}
    if said.lower() in constants:
        return constants[said.lower()]
    try:
        Decimal(said)
    except InvalidOperation:
        return said
    return _plain(_number(words, said))


def _plain(number: Decimal) -> JsonValue:
    return int(number) if number == number.to_integral_value() else float(number)


def _first(error: ValueError) -> str:
    """The first thing that pydantic found wrong, in its words."""
    found = getattr(error, "errors", None)
    return str(found()[0]["msg"]).removeprefix("Value error, ") if found else str(error)
