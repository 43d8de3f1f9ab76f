"""What is made from the settings: `python -m console.reference` writes it anew.

The configuration table of the README, `.env.example`, and what `docker-compose.yml` hands on to the workers.
"""

from __future__ import annotations

from pathlib import Path

import settings
from console.compose import handed_on
from console.env_example import example
from console.variables import Variable, variables

ROOT = Path(__file__).parents[1]
README, EXAMPLE, COMPOSE = ROOT / "README.md", ROOT / ".env.example", ROOT / "docker-compose.yml"
BEGIN, END = "<!-- configuration: made by `python -m console.reference` -->", "<!-- end of configuration -->"
BEGIN_COMPOSE, END_COMPOSE = "# settings: made by `python -m console.reference`", "# end of settings"


def table() -> str:
    """Every setting: its variable, its default and what it means."""
    head = ["| variable | default | meaning |", "|---|---|---|"]
    return "\n".join(head + [_line(variable) for variable in variables()])


def written(readme: str) -> str:
    """The README with the table as it is now."""
    return _between(readme, BEGIN, table(), END)


def composed(compose: str) -> str:
    """The Compose file with what it hands on as it is now."""
    return _between(compose, BEGIN_COMPOSE, handed_on(variables()), END_COMPOSE)


def _between(text: str, begin: str, made: str, end: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{made}\n{end}{after}"


def _line(variable: Variable) -> str:
    default = f"`{variable.default}`" if variable.default else ""
    return f"| `{variable.name}` | {default} | {variable.description} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
    EXAMPLE.write_text(example(settings.groups()))
    COMPOSE.write_text(composed(COMPOSE.read_text()))
