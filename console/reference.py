"""The configuration table of the README, made from the settings: `python -m console.reference` writes it anew."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import settings

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- configuration: made by `python -m console.reference` -->", "<!-- end of configuration -->"


def table() -> str:
    """Every setting: its variable, its default and what it means."""
    head = ["| variable | default | meaning |", "|---|---|---|"]
    return "\n".join(head + [_line(prefix, name, field) for prefix, name, field in _fields()])


def written(readme: str) -> str:
    """The README with the table as it is now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _fields() -> list[tuple[str, str, FieldInfo]]:
    return [
        (prefix, name, field)
        for prefix, group in settings.groups().items()
        for name, field in group.model_fields.items()
    ]


def _line(prefix: str, name: str, field: FieldInfo) -> str:
    value = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    default = "" if value in (None, PydanticUndefined, "") else f"`{value}`"
    if "SecretStr" in str(field.annotation) or "SecretStr" in str(get_args(field.annotation)):
        default = ""
    return f"| `{prefix}{name.upper()}` | {default} | {field.description} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
