from __future__ import annotations

import settings
from console import reference


def test_the_readme_lists_every_setting_as_it_is() -> None:
    readme = reference.README.read_text()
    assert reference.written(readme) == readme
    assert all(
        f"`{prefix}{name.upper()}`" in readme
        for prefix, group in settings.groups().items()
        for name in group.model_fields
    )


def test_no_default_of_a_secret_is_shown() -> None:
    row = next(line for line in reference.table().splitlines() if "DB_PASSWORD" in line)
    assert "| `DB_PASSWORD` |  |" in row
