"""The agents' standing prompts from files: one file an agent, its name the prompt's version, its first lines the task.

    ---
    agent: DataAgent
    task: Judge this symbol: buy, sell or hold.
    ---
    You are the DataAgent of a trading desk ...

A changed word is a new version, so that an answer is judged by what was asked: name the file anew. Whoever forgets it
is given away by the prompt's hash, which stands beside the version in every event.

Other versions of an agent may stand beside the desk's own, with one line more in the head: `for: strategies`. Only a
strategy that names such a version is asked with it. So may one name a shipped version that a folder of one's own
replaces for the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

import trading.agents
from trading.agents.envelope import OPEN
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.errors import BadConfiguration

SHIPPED = Path(trading.agents.__path__[0]) / "prompts"
MOST_BYTES = 64 * 1024
_FENCE = "---"
_HEAD = {"agent", "task"}
_FOR, _STRATEGIES = "for", "strategies"


@dataclass(frozen=True, slots=True)
class Library:
    """Every version of every prompt: the desk's own by agent, and all of them by agent and version."""

    usual: Mapping[Agent, Prompt]
    every: Mapping[tuple[Agent, str], Prompt]

    def version(self, agent: Agent, version: str) -> Prompt:
        """The prompt of this version. Raises BadConfiguration for one that there is not, and names those there are."""
        found = self.every.get((agent, version))
        if found is None:
            there = ", ".join(sorted(known for of, known in self.every if of is agent))
            raise BadConfiguration(f"no prompt {version} for the {agent} (there are {there})")
        return found


def read_prompts(folder: Path | None = None) -> Mapping[Agent, Prompt]:
    """The desk's four prompts. Raises BadConfiguration as `read_library`."""
    return read_library(folder).usual


def read_library(folder: Path | None = None) -> Library:
    """All prompts: the shipped ones, each replaced for the desk by this folder's own if there is one.

    Raises BadConfiguration for a folder without a prompt, two for one agent of the desk, and a file that cannot be
    used.
    """
    read = [*_read_folder(SHIPPED), *([] if folder is None else _read_folder(folder))]
    usual = {prompt.agent: prompt for prompt, strategies_only in read if not strategies_only}
    if missing := [agent for agent in Agent if agent not in usual]:
        raise BadConfiguration(f"{SHIPPED}: no prompt for {', '.join(missing)}")
    return Library(usual=usual, every={(prompt.agent, prompt.version): prompt for prompt, _ in read})


def read_prompt(path: Path) -> Prompt:
    """One prompt, of a file that need not lie in a folder of them. Raises BadConfiguration as `read_library`."""
    return _read(path)[0]


def _read_folder(folder: Path) -> list[tuple[Prompt, bool]]:
    """The prompts of a folder, each with whether it is for strategies alone."""
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise BadConfiguration(f"{folder}: no prompts there (files like data-3.md)")
    read = [_read(path) for path in paths]
    _one_each(folder, [prompt for prompt, strategies_only in read if not strategies_only])
    return read


def _one_each(folder: Path, usual: Iterable[Prompt]) -> None:
    seen: dict[Agent, Prompt] = {}
    for prompt in usual:
        if prompt.agent in seen:
            versions = f"{seen[prompt.agent].version} and {prompt.version}"
            mark = f"mark one with {_FOR}: {_STRATEGIES}"
            raise BadConfiguration(f"{folder}: two prompts for the {prompt.agent}, {versions} ({mark})")
        seen[prompt.agent] = prompt


def _read(path: Path) -> tuple[Prompt, bool]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadConfiguration(f"{path}: larger than {MOST_BYTES // 1024} KB")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadConfiguration(f"{path}: cannot be read: {wrong}") from wrong
    before, _, rest = text.partition(f"{_FENCE}\n")
    head, _, system = rest.partition(f"\n{_FENCE}\n")
    pairs = (line.partition(":")[::2] for line in head.splitlines())
    fields = {key.strip(): value.strip() for key, value in pairs}
    strategies_only = fields.pop(_FOR, None)
    if before or set(fields) != _HEAD:
        raise BadConfiguration(f"{path}: does not begin with the lines ---, agent: NAME, task: WORDS, ---")
    if strategies_only not in {None, _STRATEGIES}:
        raise BadConfiguration(f"{path}: the line {_FOR}: can only say {_STRATEGIES}")
    if OPEN not in system:
        raise BadConfiguration(f"{path}: does not say what {OPEN} means: text from outside would be obeyed")
    try:
        prompt = Prompt(agent=Agent(fields["agent"]), version=path.stem, system=system, task=fields["task"])
    except ValueError as wrong:
        reason = "the version or a text is too long or empty" if isinstance(wrong, ValidationError) else str(wrong)
        raise BadConfiguration(f"{path}: {reason}") from None
    return prompt, strategies_only is not None
