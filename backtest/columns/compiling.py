"""The kernel to machine code, by numba: once a machine, for it takes two seconds and 150 MB.

What comes out needs neither numba nor Python: it allocates nothing and raises nothing, so that an object file is all
there is to keep (`compiled.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
from numba import types
from numba.extending import register_jitable

from backtest.columns import kernel
from backtest.columns.shapes import CROSS, PLAY, Kind, Shape, fields_of

_PARTS = ("value", "meet", "fill", "refuse", "leave", "enter", "is_new", "take_stock", "ask", "accept", "room", "turns")
_OPTIONS: dict[str, Any] = {
    # To count references to arrays is half of the kernel's time. Were it to allocate one day, this would be refused.
    "_nrt": False,
    # Division by nothing is infinite, as in numpy: an error would need the interpreter. No price of a bar is nothing.
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def machine_code(machine: llvm.TargetMachine) -> bytes:
    """An object file with `play` and `cross` in it, by the convention that `compiled.py` calls them by."""
    for part in _PARTS:
        register_jitable(getattr(kernel, part))
    whole = _module(types.void(*map(_type, PLAY)), kernel.play)
    whole.link_in(_module(types.int64(*map(_type, CROSS)), kernel.cross))
    found: bytes = machine.emit_object(whole)
    return found


def _module(signature: Any, function: Callable[..., Any]) -> llvm.ModuleRef:
    """One function with all that it calls, optimised for this machine, under its own short name."""
    compiler: Any = numba.njit(signature, **_OPTIONS)(function)
    (made,) = compiler.overloads.values()
    module = llvm.parse_assembly(made.library.get_llvm_str())
    module.get_function(made.fndesc.llvm_func_name).name = function.__name__
    return module


def _type(kind: Kind) -> Any:
    """The compiler's own word for it."""
    if isinstance(kind, Shape):
        one = getattr(types, "boolean" if kind.dtype == "bool" else kind.dtype)
        return types.Array(one, kind.dimensions, "C") if kind.dimensions else one
    tuples: Any = types.BaseTuple
    return tuples.from_types(tuple(map(_type, fields_of(kind))), kind)
