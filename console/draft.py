"""The `.env` to be: values are allowed by the settings and tried by the checks before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import settings as configuration
from adapters.env_file import see
from console import env_file
from console.check import Check, Health
from console.env_example import COMPOSE, TEMPORAL, TRACING, example, named
from console.keys import KeyCheck
from console.variables import Variable, variables
from trading.errors import BadConfiguration

_BEGINNING = 8


def known_variables() -> dict[str, Variable]:
    """Every variable that may stand in the file, by its name."""
    return {each.name: each for each in (*variables(), *named(TEMPORAL), *named(TRACING), *named(COMPOSE))}


class Draft:
    """The text of the file, from the one that is there or from the example, and what was found as it was tried."""

    def __init__(self, path: Path, checks: Iterable[KeyCheck]) -> None:
        self.path = path
        self.checks = tuple(checks)
        self.existed = path.exists()
        see(path)
        self.text = path.read_text() if self.existed else example(configuration.groups())
        self.found: dict[str, Check] = {}
        self._before = env_file.values_of(self.text)
        self._environment = dict(os.environ)

    @property
    def values(self) -> dict[str, str]:
        """What it sets."""
        return env_file.values_of(self.text)

    @property
    def written(self) -> list[str]:
        """The variables whose value is a new one."""
        return [name for name, value in self.values.items() if self._before.get(name) != value]

    @property
    def shadowed(self) -> list[str]:
        """Those of them that the environment says otherwise, which has precedence."""
        return [name for name in self.written if self._environment.get(name, self.values[name]) != self.values[name]]

    def put(self, values: Mapping[str, str]) -> None:
        """Set these values. Raises BadConfiguration, and sets none, when the settings do not allow one."""
        text = env_file.with_values(self.text, values)
        self._settings(text)
        self.text = text

    def tried(self, names: Iterable[str]) -> list[Check]:
        """What the checks of these variables say; a secret that no check names is said to be unchecked."""
        names, known = set(names), known_variables()
        settings = self._settings(self.text)
        looked = [each.run(settings) for each in self.checks if names & set(each.variables)]
        covered = {name for each in self.checks for name in each.variables}
        looked += [unchecked(name) for name in sorted(names - covered) if known[name].is_secret]
        self.found |= {each.id: each for each in looked}
        return looked

    def save(self) -> None:
        """Write it when anything is new, for its owner only."""
        if self.written or not self.existed:
            env_file.write(self.path, self.text)

    def _settings(self, text: str) -> configuration.Settings:
        """The settings as they would be. Temporal's own variables are read from the environment of this process."""
        candidate = self.path.with_name(f"{self.path.name}.new")
        env_file.write(candidate, text)
        own = {name: value for name, value in env_file.values_of(text).items() if name.startswith("TEMPORAL_")}
        os.environ.update(own)
        try:
            return configuration.load(candidate)
        finally:
            candidate.unlink(missing_ok=True)


def unchecked(name: str) -> Check:
    """A key that nothing here can try."""
    return Check(id=name, status=Health.WARN, required="a key that works", found="not checked")


def refuse_unknown(name: str) -> None:
    """Raises BadConfiguration for what is no variable of ours."""
    if name not in known_variables():
        # It may be a secret that lost its name.
        message = f"no such setting: {name[:_BEGINNING]}… (.env.example lists them all)"
        raise BadConfiguration(message)
