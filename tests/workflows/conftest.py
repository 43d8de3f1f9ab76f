"""What the workflow tests share: a server whose clocks skip, and a way to keep a test's histories."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.temporal import FAST, TIME_SKIPPING
from workflows import search_attributes

Keep = Callable[[str, WorkflowHandle[Any, Any]], Awaitable[None]]


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Keep:
    """Keep a workflow's history under a name when `python -m tests.histories.record` runs the test."""
    recording = request.config.pluginmanager.get_plugin("recording")

    async def kept(name: str, handle: WorkflowHandle[Any, Any]) -> None:
        if recording is not None:
            await recording.keep(name, handle)

    return kept


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A real Temporal server on which every workflow's clock jumps over its waits."""
    arguments = [part for value in FAST + TIME_SKIPPING for part in ("--dynamic-config-value", value)]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        namespace="trading",
        plugins=[DeskPlugin()],
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_extra_args=arguments,
        dev_server_log_level="error",
    ) as environment:
        keys = (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS)
        await add_missing_search_attributes(environment.client, keys)
        yield environment
