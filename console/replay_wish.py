"""What was typed for a replay, vetted before anything is asked."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from adapters.prompts import read_library, read_prompt
from console.strategy_wish import made
from settings import Settings
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.errors import BadConfiguration
from trading.limits import Limits, OwnLimits
from trading.strategy_changes import limit_words
from trading.whatif import Otherwise
from wiring.models import sitting_of

MOST_PROMPT_BYTES = 16 * 1024
"""It travels with each of a hundred questions, of which the server takes four megabytes together."""
MOST_LIMIT_BYTES = 64 * 1024
DECIDERS = (Agent.DATA, Agent.RISK, Agent.VALIDATOR, Agent.META, Agent.BULL, Agent.BEAR)
_NAMES = {"data": Agent.DATA, "risk": Agent.RISK, "meta": Agent.META} | {one.lower(): one for one in DECIDERS}


@dataclass(frozen=True)
class Wish:
    """What was typed."""

    cycle: str | None = None
    models: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    limits: str | None = None
    since: str | None = None
    until: str | None = None
    strategy: str | None = None
    max_usd: str = "1.00"

    @property
    def most(self) -> Decimal:
        """The most dollars. Raises BadConfiguration for what is no such amount."""
        try:
            most = Decimal(self.max_usd)
        except InvalidOperation:
            most = Decimal("NaN")
        if not (most.is_finite() and 0 <= most <= 10_000):  # noqa: PLR2004  more than anyone means
            raise BadConfiguration(f"--max-usd: not an amount of dollars up to 10000: {self.max_usd}")
        return most


def otherwise_of(settings: Settings, wish: Wish) -> Otherwise:
    """What is to be otherwise. Raises BadConfiguration for a model, a prompt or a file that cannot be used."""
    models = dict(_by_agent(wish.models, "--model"))
    for agent, name in models.items():
        sitting_of(settings.models, agent, name)
    prompts = {agent: _prompt(settings, agent, said) for agent, said in _by_agent(wish.prompts, "--prompt")}
    limits = OwnLimits() if wish.limits is None else _limits(Path(wish.limits))
    return Otherwise(models=models, prompts=prompts, limits=limits)


def refuse_looser(cycle_id: str, asked: OwnLimits, limits: Limits) -> None:
    """Raises BadConfiguration for a limit beyond the cycle's own: the desk would never have kept to it."""
    for name in asked.looser_than(limits):
        ours, theirs = (limit_words(name, getattr(of, name)) for of in (asked, limits))
        raise BadConfiguration(f"--limits: {name} of {ours} is looser than the {theirs} in force in {cycle_id}")


def _by_agent(said: Iterable[str], option: str) -> Iterable[tuple[Agent, str]]:
    seen: set[Agent] = set()
    for words in said:
        name, sign, value = (part.strip() for part in words.partition("="))
        if not (name and sign and value):
            raise BadConfiguration(f"{option}: {words or 'nothing'} is not AGENT=VALUE")
        agent = _NAMES.get(name.lower())
        if agent is None:
            raise BadConfiguration(f"{option}: there is no agent {name} (there are {', '.join(DECIDERS)})")
        if agent in seen:
            raise BadConfiguration(f"{option}: the {agent} is named twice")
        seen.add(agent)
        yield agent, value


def _prompt(settings: Settings, agent: Agent, said: str) -> Prompt:
    """A file's, or that of a version that the desk knows."""
    path = Path(said)
    if not path.is_file():
        if path.suffix or path.name != said:
            raise BadConfiguration(f"--prompt: {said}: there is no such file")
        return read_library(settings.models.prompts_dir).version(agent, said)
    prompt = read_prompt(path)
    if prompt.agent is not agent:
        raise BadConfiguration(f"--prompt: {said} is for the {prompt.agent}, not for the {agent}")
    if len(prompt.system.encode()) > MOST_PROMPT_BYTES:
        raise BadConfiguration(f"--prompt: {said}: larger than {MOST_PROMPT_BYTES // 1024} KB, in a replay")
    return prompt


def _limits(path: Path) -> OwnLimits:
    fields = {name: _exact(value) for name, value in _document(path).items()}
    limits = made(OwnLimits, fields, f"--limits {path}")
    if limits == OwnLimits():
        raise BadConfiguration(f"--limits: {path}: no limit is named (there are {', '.join(OwnLimits.model_fields)})")
    return limits


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_LIMIT_BYTES:
            raise BadConfiguration(f"--limits: {path}: larger than {MOST_LIMIT_BYTES // 1024} KB")
        text = path.read_text(encoding="utf-8")
        read = json.loads(text, parse_float=str) if path.suffix == ".json" else tomllib.loads(text, parse_float=str)
    except OSError as error:
        raise BadConfiguration(f"--limits: {path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise BadConfiguration(f"--limits: {path}: not {kind}: {' '.join(str(error).split())}") from error
    if not isinstance(read, dict):
        raise BadConfiguration(f"--limits: {path}: names of limits and their values are expected")
    return read


def _exact(value: Any) -> Any:
    """A percentage as a part of one."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return f"{Decimal(value.strip()[:-1]) / 100:f}"
        except InvalidOperation:
            return value
    return value
