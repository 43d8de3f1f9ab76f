"""No secret in the repository, and none in the example of the settings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import settings
from console.env_example import COMPOSE, TEMPORAL, example
from console.reference import EXAMPLE
from console.variables import variables
from tests.deploy.rules import ROOT

# How the keys of those that we talk to look, and of what people leave lying about.
KEYS = re.compile(
    r"sk-ant-[\w-]{24}|sk-(proj|svcacct)-[\w-]{24}|sk-[A-Za-z0-9]{40}|\b(PK|AK|CK)[A-Z0-9]{18}\b|\bAKIA[A-Z0-9]{16}\b"
    r"|gh[pousr]_\w{36}|xox[abp]-[\w-]{20}|discord(app)?\.com/api/webhooks/\d|-----BEGIN [A-Z ]*PRIVATE KEY"
)


def secrets_in(path: Path) -> list[str]:
    return [f"{path}: {found.group()[:6]}…" for found in KEYS.finditer(path.read_bytes().decode(errors="replace"))]


def test_no_file_of_the_repository_holds_a_key() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607  git, wherever it is
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name and not name.endswith(".parquet")]
    assert len(files) > 100
    assert [found for path in files if path.is_file() for found in secrets_in(path)] == []


@pytest.mark.parametrize(
    "planted", ["sk-ant-" + "a" * 30, "sk-proj-" + "a" * 30, "PK" + "A1" * 9, "-----BEGIN RSA PRIVATE " + "KEY-----"]
)
def test_a_planted_key_is_found(tmp_path: Path, planted: str) -> None:
    (tmp_path / "notes.md").write_text(f"the key is {planted}, do not tell")
    assert len(secrets_in(tmp_path / "notes.md")) == 1


def test_env_files_are_ignored_by_git() -> None:
    ignored = subprocess.run(["git", "check-ignore", ".env"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607  as above
    assert ignored.returncode == 0


def test_the_example_is_up_to_date() -> None:
    assert EXAMPLE.read_text() == example(settings.groups())


def test_the_example_names_every_setting_with_its_default_and_no_secret_with_a_value() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for variable in variables():
        assert f"#{variable.name}={'' if variable.is_secret else variable.default}" in lines
    for name in (*TEMPORAL, *COMPOSE):
        assert f"#{name}=" in lines


def test_the_example_sets_nothing() -> None:
    assert [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")] == []
