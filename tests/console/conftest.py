from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.console.terminal import Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal with no desk running."""
    with homes_folder() as folder:
        yield Terminal(folder)


@pytest.fixture(scope="module")
def desk() -> Iterator[Terminal]:
    """A terminal beside a desk that has run one cycle and goes on serving."""
    with serving() as terminal:
        yield terminal


@contextmanager
def serving(*symbols: str, **variables: str) -> Iterator[Terminal]:
    """A desk that has run one cycle under these variables of the environment and serves until the block is left."""
    with homes_folder() as folder:
        terminal = Terminal(folder, variables)
        running = terminal.start("up", *symbols)
        try:
            running.wait_for("Serving until Ctrl-C")
            yield terminal
        finally:
            running.end(signal.SIGTERM)


@contextmanager
def homes_folder() -> Iterator[Path]:
    """A folder that the database's own account can reach, so that all of it goes when the folder goes."""
    folder = Path(tempfile.mkdtemp(prefix="desk-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
