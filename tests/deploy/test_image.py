"""The image, by rules: what goes in, as whom it runs, and how it tells that it works."""

from __future__ import annotations

import re
from pathlib import PurePath

from tests.deploy.rules import ROOT
from tests.test_house import BUILDERS, ROOMS

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]
LAST = STAGES[-1]
IGNORE = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


def instructions(text: str, name: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith(f"{name} ")]


def goes_in(path: str) -> bool:
    """Whether the build sees this file: the last line of .dockerignore that matches it decides."""
    seen = True
    for line in IGNORE:
        pattern = line.lstrip("!")
        parents = [path, *map(str, PurePath(path).parents)]
        if any(PurePath(each).match(pattern.removeprefix("**/")) for each in parents if each != "."):
            seen = line.startswith("!")
    return seen


def test_every_stage_stands_on_a_pinned_slim_image() -> None:
    assert len(STAGES) > 1
    for stage in STAGES:
        assert re.match(r"FROM python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?( AS \w+)?\n", stage), stage


def test_packages_are_installed_by_their_hashes() -> None:
    installs = [line for line in instructions(DOCKERFILE, "RUN") if re.search(r"\binstall\b", line)]
    assert installs
    assert all("--require-hashes" in line and "--no-deps" in line for line in installs)
    assert not re.search(r"apt-get|apk add|curl|wget", DOCKERFILE)


def test_nothing_is_fetched_by_its_address() -> None:
    assert not instructions(DOCKERFILE, "ADD")
    assert "://" not in DOCKERFILE


def test_the_last_stage_holds_no_tools_to_build_with() -> None:
    assert "pip uninstall" in LAST
    assert not re.search(r"\bpip .*\binstall\b", LAST)


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = instructions(LAST, "USER")
    numbers = user.removeprefix("USER ").split(":")
    assert all(number.isdigit() and int(number) >= 10_000 for number in numbers)
    assert LAST.index("\nUSER ") < LAST.index("\nENTRYPOINT ")


def test_its_health_is_what_the_worker_says() -> None:
    (health,) = instructions(LAST, "HEALTHCHECK")
    (command,) = instructions(LAST, "CMD")
    assert "/tmp/serving" in health  # noqa: S108  a name in a container
    assert '"--health-file", "/tmp/serving"' in command


def test_its_labels_say_what_it_is() -> None:
    assert {"title", "description", "version"} == set(re.findall(r"org\.opencontainers\.image\.(\w+)=", LAST))


def test_no_secret_is_built_in() -> None:
    assert not re.search(r"PASSWORD|_KEY|SECRET|TOKEN", DOCKERFILE)


def test_all_of_the_program_goes_in() -> None:
    rooms = [room for room in ROOMS if (ROOT / room).is_dir()]
    assert [room for room in rooms if not goes_in(f"{room}/__init__.py")] == []
    assert all(goes_in(name) for name in (*BUILDERS, "requirements.lock", "data/sectors.csv", "alembic.ini"))


def test_nothing_else_goes_in() -> None:
    outside = [".env", ".env.local", "data/.env", ".git/config", ".desk/postgres.password", "tests/rig.py", "README.md"]
    assert [path for path in (*outside, "trading/__pycache__/money.pyc", ".venv/bin/python") if goes_in(path)] == []
