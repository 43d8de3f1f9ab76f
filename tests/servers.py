"""A real Temporal server for a test, with the desk's plugin and search attributes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.temporal import FAST, TIME_SKIPPING
from workflows import search_attributes


@asynccontextmanager
async def temporal_server(
    *, skipping: bool = False, values: Sequence[str] = FAST + TIME_SKIPPING
) -> AsyncIterator[WorkflowEnvironment]:
    """A server in memory with these dynamic values; `skipping` lets every workflow's clock jump over its waits."""
    start = WorkflowEnvironment.start_time_skipping_v2 if skipping else WorkflowEnvironment.start_local
    async with await start(
        namespace="trading",
        plugins=[DeskPlugin()],
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_extra_args=[part for value in values for part in ("--dynamic-config-value", value)],
        dev_server_log_level="error",
    ) as environment:
        keys = (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS)
        await add_missing_search_attributes(environment.client, keys)
        yield environment


async def temporal_cli(address: str, *words: str) -> str:
    """What Temporal's own command line says; a client that nobody here wrote."""
    program = Path(sys.executable).with_name("temporal")
    process = await asyncio.create_subprocess_exec(
        program, *words, "--address", address, "--namespace", "trading", stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
