"""Rules by name, and classes of one's own: whatever is wrong with one is said in one line before it is ever asked."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.rule_loader import RuleLoader
from trading.errors import BadRule
from trading.rules import RULES
from trading.rules.sma_crossover import SmaCrossover

MODULE = """
import sys
from dataclasses import dataclass
from typing import Any
from pydantic import BaseModel, Field

class Plain:
    def __init__(self, days: int, *, slow: bool = False) -> None:
        if days < 0:
            raise ValueError(f"days is {days}")
        self.days = days
    def signals(self, view):
        return []

@dataclass(frozen=True)
class Dated:
    days: int = 3
    def signals(self, view):
        return []

class Typed(BaseModel):
    days: int = Field(3, ge=1)
    def signals(self, view):
        return []

class Open:
    def __init__(self, **more: Any) -> None:
        self.more = more
    def signals(self, view):
        return []

class Leaves:
    def __init__(self) -> None:
        sys.exit(1)
    signals = print

class Nothing: ...
class Later:
    async def signals(self, view):
        return []
def function(view): ...
"""
_numbers = itertools.count()


@pytest.fixture
def loader(tmp_path: Path) -> Iterator[RuleLoader]:
    before = list(sys.path)
    yield RuleLoader(tmp_path)
    sys.path[:] = before


@pytest.fixture
def name(tmp_path: Path) -> str:
    return written(tmp_path, MODULE)


def written(folder: Path, text: str) -> str:
    module = f"own_rules_{next(_numbers)}"
    (folder / f"{module}.py").write_text(text)
    return module


@pytest.mark.parametrize("source", sorted(RULES))
def test_every_rule_of_the_desk_can_be_made_as_it_is(loader: RuleLoader, source: str) -> None:
    rule, version = loader.load(source, {})
    assert type(rule) is RULES[source]
    assert version == loader.load(source, {}).version


def test_parameters_are_those_of_the_rule(loader: RuleLoader) -> None:
    assert loader.load("sma-crossover", {"fast": 10, "slow": 30}).rule == SmaCrossover(fast=10, slow=30)


@pytest.mark.parametrize(
    ("source", "parameters", "sentence"),
    [
        ("sma-crossing", {}, "there is no rule sma-crossing: there are sma-crossover, momentum-ranking, "),
        ("sma-crossover", {"speed": 3}, "sma-crossover has no parameter speed: it has fast, slow, band, parts"),
        ("sma-crossover", {"fast": 0}, "sma-crossover: wrong parameters: fast: Input should be greater than or equal"),
        ("sma-crossover", {"fast": "soon"}, "sma-crossover: wrong parameters: fast: Input should be a valid integer"),
        ("sma-crossover", {"band": float("nan")}, "wrong parameters: band: Input should be a finite number"),
        ("sma-crossover", {"fast": 90, "slow": 60}, "wrong parameters: fast (90) must be less than slow (60)"),
        ("momentum-ranking", {"skip": 60, "lookback": 50}, "skip (60) must be less than lookback (50)"),
        ("breakout", {"entry": 1000, "exit": 1}, "entry: Input should be less than or equal to 252; exit: Input"),
        ("no_such_module_anywhere:Mine", {}, "there is no module no_such_module_anywhere on PYTHONPATH or in "),
        ("no_such_module.within:Mine", {}, "there is no module no_such_module.within on PYTHONPATH or in "),
        ("{}:Absent", {}, "the module {} has no class Absent"),
        ("{}:function", {}, "{}:function is no class"),
        ("{}:Nothing", {}, "{}:Nothing is no rule: it has no method signals(self, view)"),
        ("{}:Later", {}, "{}:Later is no rule: it has no method signals(self, view)"),
        ("os:path", {}, "os:path is no class"),
        ("{}:Plain", {}, "{}:Plain cannot be made with its parameters: TypeError: "),
        ("{}:Plain", {"days": -1}, "{}:Plain cannot be made with its parameters: ValueError: days is -1"),
        ("{}:Plain", {"days": 1, "months": 2}, "{}:Plain has no parameter months: it has days, slow"),
        ("{}:Typed", {"days": 0}, "{}:Typed: wrong parameters: days: Input should be greater than or equal to 1"),
        ("{}:Typed", {"month": 2}, "{}:Typed has no parameter month: it has days"),
        ("{}:Leaves", {}, "{}:Leaves cannot be made with its parameters: SystemExit: 1"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    loader: RuleLoader, name: str, source: str, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRule) as refused:
        loader.load(source.format(name), parameters)
    assert sentence.format(name) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def broken(:", "cannot be imported: SyntaxError: "),
        (
            "import not_to_be_found",
            "cannot be imported: ModuleNotFoundError: No module named 'not_to_be_found'",
        ),
        ("raise SystemExit(4)", "cannot be imported: SystemExit: 4"),
        ("raise KeyboardInterrupt", "cannot be imported: KeyboardInterrupt"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why_and_is_tried_again(
    loader: RuleLoader, tmp_path: Path, text: str, sentence: str
) -> None:
    module = written(tmp_path, text)
    with pytest.raises(BadRule, match=module) as refused:
        loader.load(f"{module}:Typed", {})
    assert sentence in str(refused.value)
    # Another length, so that what was compiled of it in the same second is not taken for it.
    (tmp_path / f"{module}.py").write_text(MODULE)
    assert loader.load(f"{module}:Typed", {}).rule


def test_classes_of_ones_own_are_made_as_they_want_to_be(loader: RuleLoader, name: str) -> None:
    assert loader.load(f"{name}:Plain", {"days": 5, "slow": True}).rule.days == 5  # type: ignore[attr-defined]
    assert loader.load(f"{name}:Dated", {"days": 5}).rule.days == 5  # type: ignore[attr-defined]
    assert loader.load(f"{name}:Typed", {"days": 5}).rule.days == 5  # type: ignore[attr-defined]
    assert loader.load(f"{name}:Open", {"any": 5}).rule.more == {"any": 5}  # type: ignore[attr-defined]


def test_the_version_is_of_what_was_imported_and_another_text_has_another(loader: RuleLoader, tmp_path: Path) -> None:
    one, same, other = (written(tmp_path, text) for text in (MODULE, MODULE, f"{MODULE}\n# changed\n"))
    versions = [loader.load(f"{module}:Typed", {}).version.partition("@")[2] for module in (one, same, other)]
    assert versions[0] == versions[1] != versions[2]
    (tmp_path / f"{one}.py").write_text("# edited while the worker runs")
    assert loader.load(f"{one}:Typed", {}).version.endswith(f"@{versions[0]}")


def test_a_module_of_ones_own_never_takes_the_place_of_ours(loader: RuleLoader, tmp_path: Path) -> None:
    (tmp_path / "trading.py").write_text(MODULE)
    with pytest.raises(BadRule, match="the module trading has no class Typed"):
        loader.load("trading:Typed", {})
