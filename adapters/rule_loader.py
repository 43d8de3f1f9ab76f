"""Rules by name: those that come with the desk, and classes of one's own by their import path.

In a name of the desk's `_` is as good as `-`.
`my_strategies:Breakout2` is the class of the module `my_strategies`, looked for on PYTHONPATH, in the working
directory and in the folder of the settings, in this order. A module is imported once a process: who edits it starts the
worker anew, and the version that the events name (a hash of the module's file) is that of what was imported.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from pydantic import JsonValue, ValidationError

from trading.errors import BadRule
from trading.rules import RULES
from trading.rules.rule import Rule
from trading.rules.vetting import told, wrong_fields
from trading.strategy_ports import LoadedRule

DIGITS = 12
"""Of the hash; enough to tell every version that one desk will ever see from the others."""


class RuleLoader:
    """The port `Rules`. Whatever somebody's module or class does while it is loaded becomes a BadRule."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folders = [str(one.resolve()) for one in (Path.cwd(), folder) if one is not None]
        self._versions: dict[str, str] = {}

    def load(self, source: str, parameters: Mapping[str, JsonValue]) -> LoadedRule:
        """Make the rule that a strategy names."""
        kind = self._kind(source)
        return LoadedRule(_made(source, kind, parameters), f"{source}@{self._version(kind)}")

    def _kind(self, source: str) -> type:
        name, colon, wanted = source.partition(":")
        if not colon:
            ours = source.replace("_", "-")
            if ours not in RULES:
                known = ", ".join(RULES)
                raise BadRule(f"there is no rule {source}: there are {known}, and classes of your own as module:Class")
            return RULES[ours]
        kind = getattr(self._imported(name), wanted, None)
        if kind is None:
            raise BadRule(f"{source}: the module {name} has no class {wanted}")
        if not isinstance(kind, type):
            raise BadRule(f"{source} is no class")
        if not callable(getattr(kind, "signals", None)) or inspect.iscoroutinefunction(kind.signals):  # type: ignore[attr-defined]
            raise BadRule(f"{source} is no rule: it has no method signals(self, view) that answers at once")
        return kind

    def _imported(self, name: str) -> ModuleType:
        sys.path.extend(folder for folder in self._folders if folder not in sys.path)
        importlib.invalidate_caches()  # it may have been written a moment ago
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name is None or not f"{name}.".startswith(f"{missing.name}."):
                raise BadRule(f"the module {name} cannot be imported: {told(missing)}") from None
            looked = ", ".join(dict.fromkeys(self._folders))
            raise BadRule(f"there is no module {name} on PYTHONPATH or in {looked} (STRATEGY_PATH)") from None
        except BaseException as error:  # noqa: BLE001  it is somebody's code, and may even want to end the process
            raise BadRule(f"the module {name} cannot be imported: {told(error)}") from None

    def _version(self, kind: type) -> str:
        """The hash of the file that a class was imported from, as it was when first asked."""
        if kind.__module__ not in self._versions:
            self._versions[kind.__module__] = _hash(sys.modules.get(kind.__module__))
        return self._versions[kind.__module__]


def _made(source: str, kind: type, parameters: Mapping[str, JsonValue]) -> Rule:
    unknown = _unknown(kind, parameters)
    if unknown:
        raise BadRule(f"{source} has no parameter {', '.join(sorted(unknown))}: it has {_listed(_accepted(kind))}")
    try:
        rule: Rule = kind(**parameters)
    except ValidationError as wrong:
        raise BadRule(f"{source}: wrong parameters: {'; '.join(wrong_fields(wrong))}") from None
    except BaseException as error:  # noqa: BLE001  as above
        raise BadRule(f"{source} cannot be made with its parameters: {told(error)}") from None
    return rule


def _unknown(kind: type, parameters: Mapping[str, JsonValue]) -> set[str]:
    accepted = _accepted(kind)
    return set() if accepted is None else set(parameters) - set(accepted)


def _accepted(kind: type) -> list[str] | None:
    """The names of what a class is made with; None when it takes any, or does not say."""
    try:
        signature = inspect.signature(kind)
    except (TypeError, ValueError):
        return None
    named = [one for one in signature.parameters.values() if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())
    return None if takes_any else [one.name for one in named]


def _listed(names: list[str] | None) -> str:
    return ", ".join(names or ()) or "none"


def _hash(module: ModuleType | None) -> str:
    path = getattr(module, "__file__", None)
    try:
        return hashlib.sha256(Path(path or "").read_bytes()).hexdigest()[:DIGITS]
    except OSError:
        return "unversioned"
