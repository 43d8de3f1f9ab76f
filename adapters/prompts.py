"""The agents' standing prompts from files: one file an agent, its name the prompt's version, its first lines the task.

    ---
    agent: DataAgent
    task: Judge this symbol: buy, sell or hold.
    ---
    You are the DataAgent of a trading desk ...

A changed word is a new version, so that an answer is judged by what was asked: name the file anew. Whoever forgets it
is given away by the prompt's hash, which stands beside the version in every event.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def read_prompts(folder: Path | None = None) -> Mapping[Agent, Prompt]:
    """The four prompts: the shipped ones, each replaced by this folder's own if there is one.

    Raises BadConfiguration for a folder without a prompt, two for one agent, and a file that cannot be used.
    """
    shipped = _read_folder(SHIPPED)
    own = {} if folder is None else _read_folder(folder)
    if missing := [agent for agent in Agent if agent not in {**shipped, **own}]:
        raise BadConfiguration(f"{SHIPPED}: no prompt for {', '.join(missing)}")
    return {**shipped, **own}


def _read_folder(folder: Path) -> dict[Agent, Prompt]:
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise BadConfiguration(f"{folder}: no prompts there (files like data-2.md)")
    prompts: dict[Agent, Prompt] = {}
    for prompt in map(_read, paths):
        if prompt.agent in prompts:
            versions = f"{prompts[prompt.agent].version} and {prompt.version}"
            raise BadConfiguration(f"{folder}: two prompts for the {prompt.agent}, {versions}")
        prompts[prompt.agent] = prompt
    return prompts


def _read(path: Path) -> Prompt:
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
    if before or set(fields) != {"agent", "task"}:
        raise BadConfiguration(f"{path}: does not begin with the lines ---, agent: NAME, task: WORDS, ---")
    if OPEN not in system:
        raise BadConfiguration(f"{path}: does not say what {OPEN} means: text from outside would be obeyed")
    try:
        return Prompt(agent=Agent(fields["agent"]), version=path.stem, system=system, task=fields["task"])
    except ValueError as wrong:
        reason = "the version or a text is too long or empty" if isinstance(wrong, ValidationError) else str(wrong)
        raise BadConfiguration(f"{path}: {reason}") from None
