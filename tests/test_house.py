"""The house: who may import whom, what pure code may not call, and how large a file or function may grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = (
    "trading",
    "activities",
    "workflows",
    "adapters",
    "embedded",
    "wiring",
    "console",
    "commands",
    "settings",
    "backtest",
    "web",
    "migrations",
)
BUILDERS = ("worker.py", "starter.py")

# Who may import whom. `trading` imports nothing of ours, and nothing that touches the world.
MAY_IMPORT = {
    "trading": {"trading"},
    "activities": {"trading", "activities"},
    "workflows": {"trading", "activities", "workflows"},
    "adapters": {"trading", "adapters"},
    "embedded": {"embedded"},
    "backtest": {"trading", "activities", "adapters", "backtest"},
    "wiring": {"trading", "activities", "adapters", "backtest", "wiring", "settings"},
    "console": {
        "trading",
        "activities",
        "workflows",
        "adapters",
        "embedded",
        "backtest",
        "wiring",
        "console",
        "settings",
        "web",
        "worker",
    },
    "commands": {"trading", "adapters", "console", "commands", "settings", "web"},
    "web": {
        "trading",
        "activities",
        "workflows",
        "adapters",
        "backtest",
        "wiring",
        "console",
        "settings",
        "web",
    },
    "settings": {"trading", "adapters", "settings"},
    "migrations": {"adapters", "migrations"},
}
OUTSIDE_OF_TRADING = {
    "temporalio",
    "sqlalchemy",
    "asyncpg",
    "pyarrow",
    "os",
    "pathlib",
    "importlib",
    "threading",
    "socket",
    "subprocess",
    "random",
}
# Calls whose answer differs from run to run: a clock, chance, the environment.
FORBIDDEN_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "time.perf_counter",
    "uuid.uuid4",
    "uuid4",
    "random.random",
    "os.getenv",
    "os.environ.get",
    "open",
}
MOST_LINES = 400
MEDIAN_LINES = 120
MOST_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 12
MOST_FUNCTION_LINES_OF_NINE_IN_TEN = 35
MOST_LINES_OF_NINE_IN_TEN = 250


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def house() -> list[Path]:
    return [*chain.from_iterable(files(room) for room in ROOMS), *(ROOT / name for name in BUILDERS)]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def forbidden_calls(path: Path) -> list[str]:
    return [f"{path.name}:{line} calls {name}" for name, line in calls(path) if name in FORBIDDEN_CALLS]


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_arrows_point_one_way(room: str) -> None:
    ours = {*ROOMS, "worker", "starter", "settings"}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(room)
        for name in imports(path)
        if name.split(".")[0] in ours - MAY_IMPORT[room]
    ]
    assert wrong == []


def test_trading_touches_nothing_outside() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("trading")
        for name in imports(path)
        if name.split(".")[0] in OUTSIDE_OF_TRADING
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["trading", "workflows"])
def test_pure_code_asks_no_clock_no_chance_and_no_environment(room: str) -> None:
    assert [found for path in files(room) for found in forbidden_calls(path)] == []


def test_activities_tell_the_time_by_their_own_clock() -> None:
    """Who replays the past sets that clock: a wall's beside it would be seen by whatever asks it."""
    wall = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time")
    told = [found for path in files("activities") for found in forbidden_calls(path) if found.endswith(wall)]
    assert [one.partition(":")[0] for one in told] == ["clock.py"], told


def test_activities_know_only_ports() -> None:
    wrong = [
        f"{path.name} imports {name}" for path in files("activities") for name in imports(path) if "adapters" in name
    ]
    assert wrong == []


def test_a_clock_planted_in_pure_code_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from datetime import datetime\nat = datetime.now()\n")
    assert forbidden_calls(planted) == ["planted.py:2 calls datetime.now"]


def test_every_activity_says_why_repeating_it_is_harmless() -> None:
    silent = [
        f"{path.name}: {node.name}"
        for path in files("activities")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
        and any(ast.unparse(decorator) == "activity.defn" for decorator in node.decorator_list)
        and "Repeat:" not in (ast.get_docstring(node) or "")
    ]
    assert silent == []


def test_files_stay_small() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in house()}
    tested = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files("tests")}
    assert [name for name, length in (lengths | tested).items() if length > MOST_LINES] == []
    assert median(lengths.values()) <= MEDIAN_LINES
    assert quantiles(lengths.values(), n=10)[-1] <= MOST_LINES_OF_NINE_IN_TEN


def test_functions_stay_small() -> None:
    lengths = {
        f"{path.name}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in house()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert [name for name, length in lengths.items() if length > MOST_FUNCTION_LINES] == []
    assert median(lengths.values()) <= MEDIAN_FUNCTION_LINES
    assert quantiles(lengths.values(), n=10)[-1] <= MOST_FUNCTION_LINES_OF_NINE_IN_TEN


def test_functions_take_few_arguments() -> None:
    many = [
        f"{path.name}:{node.name}"
        for path in house()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and len([a for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in {"self", "cls"}]) > 5
    ]
    assert many == []
