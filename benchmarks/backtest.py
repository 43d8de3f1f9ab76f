"""`make bench-backtest`: our engine beside its peers in one run, by CPU time, and whether they agree to the cent.

Each engine runs in a process of its own, one after the other: peers in the environment `benchmarks/.venv`. One that is
not there is told as absent. Ratios say more than seconds: other machines have others.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from backtest.data.loading import Wanted, load_panel
from benchmarks.scenarios import SCENARIOS
from benchmarks.task import Bars

ROOT = Path(__file__).parents[1]
PEERS_PYTHON = ROOT / "benchmarks" / ".venv" / "bin" / "python"
PANEL = ROOT.parent / "shared" / "data" / "panel20_daily.parquet"
PEERS = {
    "vectorbt": ("s1", "s2", "s3"),
    "backtesting": ("s1", "s2"),
    "backtrader": ("s1", "s2", "s3"),
    "bt": (),
}
"""And the scenarios that each can play: bt fills at the close that it decides at, backtesting.py has one symbol."""
CENT = 0.005
Told = dict[str, Any]


def main() -> int:
    """Race, compare, and tell; 1 when somebody disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PANEL, help="daily bars of 20 symbols, AAPL among them")
    parser.add_argument("--agreement", action="store_true", help="only whether engines agree, no race")
    asked = parser.parse_args()
    console = Console(width=120)
    if not asked.data.exists():
        console.print(f"There are no bars at {asked.data}: name a file by --data.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        files = _written(asked.data, Path(folder))
        if not asked.agreement:
            console.print(_race(asked.data, files))
        table, agreed = _agreement(asked.data, files)
        console.print(table)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    )
    console.print(f"{machine}; CPU seconds, a process an engine, one after the other")
    return 0 if agreed else 1


def _written(data: Path, folder: Path) -> dict[str, Path]:
    """The same bars for engines that cannot read Parquet: of all symbols, and of each scenario's."""
    files = {}
    for name, symbols in {"speed": None, **{name: scenario.symbols for name, scenario in SCENARIOS.items()}}.items():
        panel = load_panel(data, Wanted(symbols=symbols))
        columns = (panel.open, panel.high, panel.low, panel.close, panel.volume)
        files[name] = folder / f"{name}.npz"
        Bars(panel.days, list(panel.symbols), *columns).write(files[name])
    return files


def _found(peer: str) -> bool:
    """Whether that package is there."""
    asked = f"from importlib.util import find_spec; raise SystemExit(find_spec({peer!r}) is None)"
    return subprocess.run([PEERS_PYTHON, "-c", asked], cwd=ROOT, check=False).returncode == 0  # noqa: S603  as below


def _run(*command: str | Path) -> Told:
    """What a process answers on its last line. Raises RuntimeError with what it said when it failed."""
    done = subprocess.run(  # noqa: S603  our own scripts
        [*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: Told = json.loads(done.stdout.splitlines()[-1])
    return told


def _peer(name: str, what: str, files: dict[str, Path]) -> Told | None:
    if not PEERS_PYTHON.exists() or not _found(name):
        return None
    return _run(PEERS_PYTHON, "-W", "ignore", "-m", f"benchmarks.peer_{name}", what, files[what])


def _ours(what: str, data: Path, how: str) -> Told:
    return _run(sys.executable, "-m", "benchmarks.ours", what, data, how)


def _race(data: Path, files: dict[str, Path]) -> Table:
    bars = Bars.read(files["speed"]).close.size
    table = Table(title=f"{bars:,} symbol-bars, averages of 10 and 30 that cross, 5 bps; ratio: compiled over this one")
    for column in (
        "engine",
        "what it plays",
        "first s",
        "warm s",
        "symbol-bars/s",
        "ratio",
        "combinations/s",
        "ratio",
        "MB",
    ):
        table.add_column(column, justify="left" if column in {"engine", "what it plays"} else "right")
    best = _ours("speed", data, "compiled")
    told: dict[str, Told | None] = {"columns, compiled": best, "columns, plain": _ours("speed", data, "plain")}
    told |= {name: _peer(name, "speed", files) for name in PEERS}
    for name, one in told.items():
        if one is None:
            table.add_row(name, "absent")
            continue
        table.add_row(
            name,
            one["fidelity"],
            f"{one['first']:.3f}",
            f"{one['warm']:.4f}",
            f"{bars / one['warm']:,.0f}",
            f"{one['warm'] / best['warm']:,.1f}",
            f"{1 / one['combination']:,.1f}",
            f"{one['combination'] / best['combination']:,.0f}",
            f"{one['memory_mb']:.0f}" if one["memory_mb"] else "–",
        )
    return table


def _agreement(data: Path, files: dict[str, Path]) -> tuple[Table, bool]:
    table = Table(title="The same orders: every fill, and the equity of every day to the cent")
    for column in ("scenario", "engine", "final equity", "fills", "largest difference", "agrees"):
        table.add_column(column, justify="left" if column in {"scenario", "engine", "agrees"} else "right")
    agreed = True
    for name in SCENARIOS:
        ours = _ours(name, data, "compiled")
        others: dict[str, Told | None] = {"columns, compiled": ours, "columns, plain": _ours(name, data, "plain")}
        others |= {peer: _peer(peer, name, files) for peer, plays in PEERS.items() if name in plays}
        for engine, told in others.items():
            if told is None:
                table.add_row(name, engine, "absent")
                continue
            apart = float(np.abs(np.array(told["equity"]) - np.array(ours["equity"])).max())
            same = apart < CENT and _same(told["fills"], ours["fills"])
            agreed = agreed and same
            final, fills = f"{told['equity'][-1]:,.4f}", str(len(told["fills"]))
            table.add_row(name, engine, final, fills, f"{apart:.1e}", "yes" if same else "NO")
    return table, agreed


def _same(ones: list[list[float]], others: list[list[float]]) -> bool:
    """Day, symbol, shares and price of every fill; of both sorted."""
    return len(ones) == len(others) and bool(np.allclose(ones, others, rtol=0, atol=1e-6))


if __name__ == "__main__":
    sys.exit(main())
