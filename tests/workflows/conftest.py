"""What the workflow tests share: a way to keep a test's histories."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

Keep = Callable[[str, WorkflowHandle[Any, Any]], Awaitable[None]]


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Keep:
    """Keep a workflow's history under a name when `python -m tests.histories.record` runs the test."""
    recording = request.config.pluginmanager.get_plugin("recording")

    async def kept(name: str, handle: WorkflowHandle[Any, Any]) -> None:
        if recording is not None:
            await recording.keep(name, handle)

    return kept
