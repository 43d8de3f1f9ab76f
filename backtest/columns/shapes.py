"""What the kernel's functions are called with, down to single numbers and arrays, by the words of their annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from backtest.columns import kernel


class Shape(NamedTuple):
    """A number of this type, or an array of so many dimensions of them."""

    dtype: str
    dimensions: int = 0


_SHAPES = {
    "float": Shape("float64"),
    "int": Shape("int64"),
    "bool": Shape("bool"),
    "Column": Shape("float64", 1),
    "Index": Shape("int64", 1),
    "Table": Shape("float64", 2),
    "Whole": Shape("int64", 2),
    "Marks": Shape("int8", 2),
}
Kind = type | Shape
"""A named tuple of the kernel's, or what is in one."""
PLAY: tuple[Kind, ...] = (kernel.Bars, kernel.Events, kernel.Terms, kernel.Book)
CROSS: tuple[Kind, ...] = (kernel.Tape, _SHAPES["int"], _SHAPES["int"], _SHAPES["Marks"], kernel.Events)


def fields_of(kind: type) -> tuple[Shape, ...]:
    """What is in a named tuple, in its order."""
    return tuple(_SHAPES[str(getattr(one, "__forward_arg__", one))] for one in kind.__annotations__.values())


def flat(kinds: tuple[Kind, ...]) -> Iterator[Shape]:
    """All of it, one after the other."""
    for kind in kinds:
        yield from (kind,) if isinstance(kind, Shape) else fields_of(kind)
