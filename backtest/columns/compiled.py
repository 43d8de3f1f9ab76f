"""The kernel as machine code: compiled once a machine, then read from a file beside the kernel's byte code.

To read it takes LLVM, 45 MB and a twentieth of a second; to compile it takes numba, which importing this asks for only
where there is no such file. What is called has no net below it, so every array is looked at before.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from importlib.util import cache_from_source
from itertools import chain
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from backtest.columns import kernel
from backtest.columns.kernel import Bars, Book, Events, Marks, Tape, Terms
from backtest.columns.shapes import CROSS, PLAY, Kind, Shape, flat

_NUMBERS: dict[str, Any] = {"float64": ctypes.c_double, "int64": ctypes.c_int64, "bool": ctypes.c_uint8}
_CODE = ("kernel.py", "shapes.py", "compiling.py")
"""Beside this: what the machine code is made of."""


_WELL = (0, -2)
"""What a function ends with that returned, a number or nothing."""


def play(bars: Bars, events: Events, terms: Terms, book: Book) -> None:
    """As `kernel.play`."""
    _play(bars, events, terms, book)


def cross(tape: Tape, fast: int, slow: int, marks: Marks, events: Events) -> int:
    """As `kernel.cross`."""
    return _cross(tape, fast, slow, marks, events)


def _loaded() -> llvm.ExecutionEngine:
    """The machine code in memory; whoever holds this may call it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    processor, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    machine = target.create_target_machine(
        cpu=processor, features=features, opt=3, reloc="default", codemodel="jitdefault", jit=True
    )
    code = _code(machine, f"{processor} {features}")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _code(machine: llvm.TargetMachine, processor: str) -> bytes:
    """The object file: read where it lies, else made and kept where a folder can be written to."""
    places = [folder / f"kernel-{_digest(processor)}.o" for folder in _folders()]
    for place in places:
        with suppress(OSError):
            return place.read_bytes()
    from backtest.columns.compiling import machine_code  # noqa: PLC0415  once a machine: numba takes 100 MB

    code = machine_code(machine)
    for place in places:
        with suppress(OSError):
            _write(place, code)
            break
    return code


def _digest(processor: str) -> str:
    """Another one for whatever would be compiled to something else."""
    digest = hashlib.sha256(f"{processor} {version('numba')} {version('llvmlite')}".encode())
    for name in _CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:16]


def _folders() -> Iterator[Path]:
    """Beside the byte code; where that cannot be written to, in one's own."""
    yield Path(cache_from_source(kernel.__file__)).parent
    with suppress(RuntimeError):
        yield Path.home() / ".cache" / "backtest-columns"


def _write(place: Path, code: bytes) -> None:
    """Under another name first: whoever reads meanwhile reads all or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(number, "wb") as file:
        file.write(code)
    Path(name).replace(place)


def _callable(name: str, kinds: tuple[Kind, ...]) -> Callable[..., int]:
    """One of its functions, by numba's convention: where the answer goes, where an error goes, then all, flat.

    An array is its owners (nobody), count, size of one, address, shape and strides. ctypes lets go of the interpreter.
    """
    shapes = tuple(flat(kinds))
    words = list(chain.from_iterable(_words(one) for one in shapes))
    kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *words)
    function = kind(_engine.get_function_address(name))

    def call(*given: Any) -> int:
        answer, error = ctypes.c_int64(), ctypes.c_void_p()
        values = chain.from_iterable(one if isinstance(one, tuple) else (one,) for one in given)
        parts = chain.from_iterable(_parts(one, shape) for one, shape in zip(values, shapes, strict=True))
        status = function(ctypes.addressof(answer), ctypes.addressof(error), *parts)
        if status not in _WELL:
            raise RuntimeError(f"{name} ended with {status}")
        return answer.value

    return call


def _words(shape: Shape) -> list[Any]:
    if not shape.dimensions:
        return [_NUMBERS[shape.dtype]]
    return [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 2 + [ctypes.c_void_p] + [ctypes.c_int64] * 2 * shape.dimensions


def _parts(value: Any, shape: Shape) -> tuple[Any, ...]:
    if not shape.dimensions:
        return (float(value) if shape.dtype == "float64" else int(value),)
    if not isinstance(value, np.ndarray) or (value.dtype, value.ndim) != (np.dtype(shape.dtype), shape.dimensions):
        raise TypeError(f"no array of {shape.dtype} in {shape.dimensions} dimensions: {value!r}")
    if not value.flags.carray:
        raise TypeError(f"an array that is not in rows, or that nobody may write to: {value!r}")
    return (None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)


_engine = _loaded()
_play = _callable("play", PLAY)
_cross = _callable("cross", CROSS)
