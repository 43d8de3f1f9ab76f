"""Record the histories that the replay test replays: `python -m tests.histories.record`.

It runs the workflow tests, which name the runs that are worth keeping, and writes each run's history beside this file
without anything of the machine that ran it.
"""

from __future__ import annotations

import gzip
import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
# A history longer than this as text is kept compressed.
MOST_BYTES = 100_000
# Who ran it and where: names of machines and processes, and stack traces with their folders.
WHO = {"identity": "worker", "stackTrace": ""}


class Recording:
    """Keeps histories while the tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: set[str] = set()

    async def keep(self, name: str, handle: WorkflowHandle[Any, Any]) -> None:
        """Write one history."""
        history = await handle.fetch_history()
        said = json.loads(history.to_json())
        events = ",\n".join(json.dumps(scrubbed(event), separators=(",", ":")) for event in said["events"])
        text = f'{{"events":[\n{events}\n]}}\n'
        if len(text) > MOST_BYTES:
            (self.folder / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            (self.folder / f"{name}.json").write_text(text)
        self.kept.add(name)


def scrubbed(value: Any) -> Any:
    """The same history as any machine would have written it."""
    if isinstance(value, list):
        return [scrubbed(one) for one in value]
    if isinstance(value, str):
        return value.replace(str(ROOT), ".")
    if not isinstance(value, dict):
        return value
    if "metadata" in value and isinstance(value.get("data"), str):
        return {**value, "data": b64encode(b64decode(value["data"]).replace(str(ROOT).encode(), b".")).decode()}
    clean = {key: WHO.get(key, scrubbed(one)) for key, one in value.items() if not (key == "stackTrace" and not one)}
    if clean.get("kind") == "TASK_QUEUE_KIND_STICKY":
        clean["name"] = "sticky"
    return clean


def read(path: Path) -> str:
    """A saved history as JSON."""
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


def saved() -> list[Path]:
    """Every saved history."""
    return sorted([*FOLDER.glob("*.json"), *FOLDER.glob("*.json.gz")])


def record() -> int:
    """Run the tests that keep histories, then drop the histories that no test keeps any more."""
    recording = Recording(FOLDER)
    tests = [str(ROOT / "tests" / "workflows"), f"--rootdir={ROOT}", "-q", "-m", "not soak"]
    failed = int(pytest.main([*tests, "--timeout", "900", "-p", "no:cacheprovider"], plugins=[_Named(recording)]))
    if failed:
        return failed
    for path in saved():
        if path.name.split(".")[0] not in recording.kept:
            path.unlink()
    return 0


class _Named:
    """Registers the recording under the name that the fixture `keep` looks for."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._recording, "recording")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests that keep nothing."""
        items[:] = [item for item in items if isinstance(item, pytest.Function) and "keep" in item.fixturenames]


if __name__ == "__main__":
    sys.exit(record())
