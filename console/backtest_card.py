"""Where a result comes from: a name of its own, the code's version, the rule's, the data's hash."""

from __future__ import annotations

import re
import subprocess
import tomllib
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from backtest.results.result import Result, RunCard
from console.backtest_agents import Panelists

ROOT = Path(__file__).parent.parent
_LONGEST_NAME = 24
_NO_LETTERS = re.compile(r"[^A-Za-z0-9]+")


def new_run_id(strategy: str, now: datetime) -> str:
    """A name that tells the run from others, sorts by its time and is a folder's, as 20260714-1530-sma-cross-a1b2c3."""
    words = _NO_LETTERS.sub("-", strategy.rpartition(":")[2]).strip("-").lower()[:_LONGEST_NAME]
    return f"{now:%Y%m%d-%H%M}-{words or 'run'}-{token_hex(3)}"


def code_version(root: Path = ROOT) -> str:
    """The commit that runs, with `-changed` where files differ from it; without git the version of the package."""
    try:
        said = subprocess.run(  # noqa: S603  words of our own
            ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=-changed"],  # noqa: S607  wherever it is
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return _package_version(root)
    return said.stdout.strip() or _package_version(root)


def card_of(result: Result, run_id: str, data: tuple[str, str, int], rule_version: str, who: Panelists) -> RunCard:
    """The run card; `data` is where the bars come from, their hash, and how many warm up."""
    return RunCard(
        run_id=run_id,
        engine=result.engine,
        plan=result.plan,
        code_version=code_version(),
        data=data[0],
        data_hash=data[1],
        warm_up=data[2],
        models=who.models,
        prompts=who.prompts,
        rule_version=rule_version,
        banners=who.banners(result),
        cautions=(*who.cautions(), *result.cautions),
    )


def _package_version(root: Path) -> str:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    except (OSError, ValueError, KeyError):
        return "unknown"
    return str(project["version"])
