"""Columns between numpy and Arrow by their bytes.

Arrow's own `pa.array`, `to_numpy` and `pa.scalar` import pandas where it is installed: 40 MB and a fifth of a second.
Arrow's own memory pool keeps 20 MB for the next table; who reads a file once is served as soon by the system's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

pa.set_memory_pool(pa.system_memory_pool())
_DAYS = "datetime64[D]"


def texts(words: Sequence[str]) -> pa.Array:
    """An array of text."""
    parts = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(parts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(parts))])


def column_of(values: NDArray[Any]) -> pa.Array:
    """An array of the same numbers, or of days; null where there is no number or no day."""
    unknown = values != values  # noqa: PLR0124  NaN and NaT differ from themselves
    if values.dtype.kind == "M":
        kind, values = pa.date32(), values.astype(_DAYS).astype(np.int64).astype(np.int32)
    else:
        kind = pa.from_numpy_dtype(values.dtype)
    known = pa.py_buffer(np.packbits(~unknown, bitorder="little")) if unknown.any() else None
    return pa.Array.from_buffers(kind, len(values), [known, pa.py_buffer(np.ascontiguousarray(values))])


def numbers_of(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    """The numbers, or days as numbers since 1970-01-01, of a column that knows them all."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    kind = np.dtype(np.int32 if pa.types.is_date32(column.type) else column.type.to_pandas_dtype())
    parts = [np.frombuffer(one.buffers()[1], kind, len(one), one.offset * kind.itemsize) for one in chunks if len(one)]
    if column.null_count:
        raise ValueError(f"{column.null_count} values are not known")
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, kind), *parts])


NAN = pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(np.array([np.nan]))])[0]
"""Not a number, for what wants Arrow's own."""
