"""How many examples a property is put to: few in the quick tests, many in a soak."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

SOAK = "SOAK" in os.environ
Test = TypeVar("Test", bound=Callable[..., Any])


def examples(few: int, many: int) -> Callable[[Test], Test]:
    """So few; or so many, as a test of the soak, when `make soak` asks for them."""

    def put(test: Test) -> Test:
        put = settings(max_examples=many if SOAK else few, deadline=None)(test)
        return pytest.mark.soak(put) if SOAK else put

    return put
