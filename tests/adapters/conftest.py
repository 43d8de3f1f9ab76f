from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.wire.dialects import DIALECTS, Dialect, close_all
from tests.adapters.wire.server import Wire
from tests.adapters.wire.server import wire as listening


@pytest.fixture(scope="session")
async def listener() -> AsyncIterator[Wire]:
    """One provider on loopback for the whole run, and what asks it: an SDK's client takes long to build."""
    async with listening() as server:
        yield server
        await close_all()


@pytest.fixture
def wire(listener: Wire) -> Wire:
    """A provider on loopback that sends what the test writes."""
    return listener.clean()


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each of the three APIs in turn."""
    found: Dialect = request.param
    return found
