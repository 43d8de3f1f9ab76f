"""The kernel, compiled: once a machine, then read from the compiler's cache beside the kernel's file.

Importing this imports numba, which takes half a second; nothing but a run asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.extending import register_jitable

from backtest.columns import kernel

_FLOAT, _INT = types.float64, types.int64
_PRICES = types.Array(_FLOAT, 2, "C")
_COLUMN, _INDEX = types.Array(_FLOAT, 1, "C"), types.Array(_INT, 1, "C")
_MATRIX, _MARKS = types.Array(_INT, 2, "C"), types.Array(types.int8, 2, "C")
_KINDS = {
    "float": _FLOAT,
    "int": _INT,
    "bool": types.boolean,
    "Column": _COLUMN,
    "Index": _INDEX,
    "Table": _PRICES,
    "Whole": _MATRIX,
}


def _tuple(kind: type, **others: Any) -> Any:
    """The compiler's type of a named tuple of the kernel, by the words of its annotations."""
    words = {name: getattr(one, "__forward_arg__", one) for name, one in kind.__annotations__.items()}
    fields = {name: others.get(name) or _KINDS[str(word)] for name, word in words.items()}
    tuples: Any = types.BaseTuple
    return tuples.from_types(tuple(fields.values()), kind)


_BARS = _tuple(kernel.Bars, opens=_PRICES, closes=_PRICES)
_EVENTS, _TERMS, _BOOK = _tuple(kernel.Events), _tuple(kernel.Terms), _tuple(kernel.Book)
_TAPE = _tuple(kernel.Tape)
_PARTS = ("value", "meet", "fill", "refuse", "leave", "enter", "is_new", "take_stock", "ask", "accept", "room", "turns")
for _part in _PARTS:
    register_jitable(getattr(kernel, _part))


def _compiled(signature: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled and kept on disk; where no folder can be written to, for this process alone.

    The kernel allocates nothing, so its arrays need not be counted (`_nrt`): to count them is half of its time. Were it
    to allocate one day, the compiler would refuse it.
    """
    options: dict[str, Any] = {"nogil": True, "_nrt": False}
    compiler: Any
    try:
        compiler = numba.njit(signature, cache=True, **options)(function)
    except RuntimeError:
        compiler = numba.njit(signature, **options)(function)
    found: Callable[..., Any] = compiler
    return found


play = _compiled(types.void(_BARS, _EVENTS, _TERMS, _BOOK), kernel.play)
cross = _compiled(_INT(_TAPE, _INT, _INT, _MARKS, _EVENTS), kernel.cross)
