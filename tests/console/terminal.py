"""The operator's command line as an operator has it: real processes of `starter.py`, in a folder without `.env`."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from tests.console import forked

Program = tuple[str, str]
ROOT = Path(__file__).parents[2]
STARTER: Program = (sys.executable, str(ROOT / "starter.py"))
WORKER: Program = (sys.executable, str(ROOT / "worker.py"))
PATIENCE_SECONDS = 90
SYMBOLS = "AAPL,DUK,INTC,KO,MSFT,WMT"
# What a developer's own shell may say must not reach the desk under test.
FOREIGN = (
    *("DESK_", "DB_", "LLM_", "MARKET_", "TRADING_", "PAPER_", "LOG_", "TEMPORAL_", "ALPACA_", "WORKER_DB_"),
    *("SCHEDULE_", "MONITOR_", "BREAKER_", "ALERT_", "ORDER_", "STRATEGY_", "MEMORY_", "METRICS_", "WEB_"),
    *("OTEL_", "TRACES_"),
)


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """A place to type commands: one desk's home, and variables of the environment."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "desk"

    def but(self, **variables: str) -> Terminal:
        return Terminal(self.folder, {**self.variables, **variables})

    def type(self, *words: str, program: Program = STARTER) -> Said:
        """Run one command to its end."""
        if program is STARTER:
            return self._forked(words)
        done = subprocess.run(
            [*program, *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _forked(self, words: tuple[str, ...]) -> Said:
        with TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            code = forked.run(forked.Typed(words, self.folder, self._environment(), out, err), PATIENCE_SECONDS)
            return Said(code, out.read_text(), err.read_text())

    def start(self, *words: str, program: Program = STARTER) -> Running:
        """Run one command that stays."""
        said = self.folder / "said.txt"
        with said.open("w") as output:
            process = subprocess.Popen(
                [*program, *words],
                cwd=self.folder,
                env=self._environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Running(process, said)

    def converse(self, answers: Sequence[tuple[str, str]], *words: str) -> tuple[int, str]:
        """Run one command on a terminal of its own, with an answer to each prompt: its exit code and all it showed."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*STARTER, *words],
            cwd=self.folder,
            env={**self._environment(), "TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        shown, from_here = "", 0
        for prompt, answer in answers:
            while prompt not in shown[from_here:]:
                shown += _more(ours, shown)
            from_here = shown.index(prompt, from_here) + len(prompt)
            os.write(ours, f"{answer}\n".encode())
        with contextlib.suppress(OSError):  # that is how a terminal says that nobody is at its other end any more
            while True:
                shown += os.read(ours, 4096).decode()
        os.close(ours)
        return process.wait(PATIENCE_SECONDS), shown

    def processes(self) -> list[str]:
        """Every process that belongs to this desk: named on its command line, or at work in its folder."""
        return [found for found in map(self._of_this_desk, psutil.process_iter()) if found]

    def _of_this_desk(self, process: psutil.Process) -> str | None:
        try:
            words = " ".join(process.cmdline())
            inside = Path(process.cwd()).is_relative_to(self.home)
        except (psutil.Error, OSError):
            return None
        return words or process.name() if str(self.home) in words or inside else None

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        desk = {"DESK_HOME": str(self.home), "MARKET_DATA_DIR": str(ROOT / "data"), "DESK_SYMBOLS": SYMBOLS}
        return {**own, **desk, "COLUMNS": "160", **self.variables}


def _more(terminal: int, shown: str) -> str:
    ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
    assert ready, f"it says no more than: {shown}"
    try:
        return os.read(terminal, 4096).decode()
    except OSError:
        raise AssertionError(f"it ended with: {shown}") from None


@dataclass
class Running:
    """A command that stays, with what it says in a file."""

    process: subprocess.Popen[bytes]
    said: Path

    def wait_for(self, words: str) -> str:
        """Wait until it has said so."""
        self.wait_until(lambda: words in self.said.read_text())
        return self.said.read_text()

    def wait_until(self, seen: Callable[[], bool]) -> None:
        """Wait until it is so, as long as the command runs."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not seen():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.05)

    def end(self, how: signal.Signals) -> int:
        """Ask it to end, and wait for its exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_SECONDS)
