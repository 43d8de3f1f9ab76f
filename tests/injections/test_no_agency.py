"""Models have words and nothing else: no tool is offered to one, and no text of one is run, formatted or put in SQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("trading", "activities", "workflows", "adapters", "wiring")
# Keywords and keys by which a model's API would be offered something to call.
OFFERS = {"tools", "tool_choice", "functions", "function_call", "mcp_servers", "parallel_tool_calls"}
RUNS = {"eval", "exec", "compile", "__import__", "os.system", "subprocess.run", "subprocess.Popen"}
SQL = {"text", "sqlalchemy.text", "sa.text", "literal_column"}


def house() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def sins(source: str) -> Iterator[str]:
    """What gives a model's text hands. What a module builds while it is imported is of its own words."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (f"{node.lineno}: offers {each.arg}" for each in node.keywords if each.arg in OFFERS)
            yield from (f"{node.lineno}: {sin}" for sin in _of_call(node) if id(node) in inside)
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
            yield from (f"{node.lineno}: offers {key}" for key in sorted(keys & OFFERS))


def _of_call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    if name in RUNS or name.endswith("import_module"):
        yield f"runs by {name}"
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "format_map"}
        and not _ours(node.func.value)
    ):
        yield f"formats by {name}"
    if name in SQL and node.args and not _ours(node.args[0]):
        yield f"builds SQL by {name}"


def _ours(node: ast.expr) -> bool:
    """A text that the module itself wrote: a literal, one of its constants, or an f-string of nothing else."""
    match node:
        case ast.JoinedStr():
            return all(_ours(part.value) for part in node.values if isinstance(part, ast.FormattedValue))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) | ast.Name(id=name):
            return name.strip("_").isupper()
        case ast.Subscript(value=ast.Name(id=name)):
            return name.strip("_").isupper()
    return isinstance(node, ast.Constant)


@pytest.mark.faults
def test_no_model_is_offered_a_tool_and_none_of_its_text_is_run() -> None:
    found = {str(path.relative_to(ROOT)): list(sins(path.read_text())) for path in house()}
    # The owner's own rules are loaded by the name that the owner gave them.
    assert [words.partition(": ")[2] for words in found.pop("adapters/rule_loader.py")] == [
        "runs by importlib.import_module"
    ]
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "client.create(tools=[order])",
        "body = {'tool_choice': 'auto'}",
        "def read(): eval(reply.text)",
        "def read(): exec(reply.text)",
        "def read(): os.system(reply.text)",
        "def read(): reply.text.format(settings=settings)",
        "def read(): text(f'SELECT * FROM orders WHERE symbol = {symbol}')",
        "def read(): text('SELECT ' + reply.text)",
        "def read(): text(reply.text)",
    ],
)
def test_what_gives_a_text_hands_is_found(planted: str) -> None:
    assert list(sins(planted)) != []
