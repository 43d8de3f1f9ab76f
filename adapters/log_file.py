"""The files of log lines as a person looks through them: all that there are, the oldest first, and what comes."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from adapters.logs import FILES_BEFORE
from trading.errors import BadConfiguration

Line: TypeAlias = Mapping[str, Any]
Fits: TypeAlias = Callable[[Line], bool]
LOOK_SECONDS = 0.2


def newest(file: Path, fits: Fits, most: int, containing: str = "") -> list[Line]:
    """The newest lines that fit, the oldest of them first. What does not have `containing` in it is not even read.

    Raises BadConfiguration when the file cannot be read.
    """
    with _opened(file) as opened:
        return _newest(file, opened, fits, most, containing)


async def following(file: Path, fits: Fits, most: int, containing: str = "") -> AsyncGenerator[Line]:
    """The same, then those that are written from now on, also when the file is turned over; never ends."""
    opened, rest = _opened(file), b""
    try:
        for line in _newest(file, opened, fits, most, containing):
            yield line
        while True:
            for raw in iter(opened.readline, b""):
                rest += raw
                # Half a line is one that is being written.
                if not rest.endswith(b"\n"):
                    break
                read, rest = _read(rest), b""
                if read is not None and fits(read):
                    yield read
            if _is_turned(opened, file):
                opened.close()
                opened, rest = _opened(file), b""
            else:
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        opened.close()


def _newest(file: Path, opened: BinaryIO, fits: Fits, most: int, containing: str) -> list[Line]:
    """Those of the files before, then those of the open one, as far as whole lines go."""
    needle, found = containing.encode(), deque[Line](maxlen=most)
    for before in (file.with_name(f"{file.name}.{number}") for number in range(FILES_BEFORE, 0, -1)):
        if before.exists():
            with _opened(before) as old:
                found.extend(_fitting(old, fits, needle))
    found.extend(_fitting(opened, fits, needle))
    return list(found)


def _fitting(opened: BinaryIO, fits: Fits, needle: bytes) -> Iterator[Line]:
    for raw in iter(opened.readline, b""):
        if not raw.endswith(b"\n"):
            opened.seek(-len(raw), 1)
            return
        line = _read(raw) if needle in raw else None
        if line is not None and fits(line):
            yield line


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise BadConfiguration(f"the file of log lines {file} cannot be read: {error.strerror}") from error


def _is_turned(opened: BinaryIO, file: Path) -> bool:
    """Whether another file has its name by now, and this one has been read to its end."""
    try:
        now = file.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(opened.fileno())
    return (now.st_ino, now.st_dev) != (ours.st_ino, ours.st_dev)


def _read(raw: bytes) -> Line | None:
    try:
        read = json.loads(raw)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
