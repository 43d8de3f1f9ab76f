"""Commands in processes of their own, forked from one that has imported all they need: an import costs a second."""

from __future__ import annotations

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import backtest.columns.compiled
import console.asking
import console.audit
import console.backtest
import console.books
import console.capital
import console.checks
import console.memory
import console.reconcile
import console.report
import console.schedules
import console.status
import console.strategies
import console.strategy_look
import console.up
import starter

__all__ = ["backtest", "console", "run"]

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Typed:
    """What was typed, where, and where its output goes."""

    words: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    out: Path
    err: Path


def run(typed: Typed, seconds: float) -> int:
    """Run one command of `starter.py` to its end: its exit code."""
    process = _forks.Process(target=_live, args=(typed,), daemon=True)
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"{' '.join(typed.words)} is not over after {seconds:.0f} s")
    return process.exitcode


def _live(typed: Typed) -> None:
    os.chdir(typed.folder)
    os.environ.clear()
    os.environ.update(typed.environment)
    for path, number in ((typed.out, 1), (typed.err, 2)):
        there = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(there, number)
        os.close(there)
    sys.argv = ["starter.py", *typed.words]
    starter.main()
