"""What is asked of the books in Postgres, asked of those in memory: the very same tests, but for what is of tables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from _pytest.fixtures import FixtureFunctionDefinition

from tests.adapters.postgres import (
    test_intent_limits,
    test_intents_of_strategies,
    test_ledger_breaker,
    test_ledger_capital,
    test_ledger_clearance,
    test_ledger_fills,
    test_ledger_orders,
    test_shadow,
    test_strategies,
    test_strategy_breakers,
)

MODULES = (
    test_intent_limits,
    test_intents_of_strategies,
    test_ledger_breaker,
    test_ledger_capital,
    test_ledger_clearance,
    test_ledger_fills,
    test_ledger_orders,
    test_shadow,
    test_strategies,
    test_strategy_breakers,
)
OF_TABLES = frozenset({"engine", "owner", "database"})
# These come to a table through the ledger's own connection.
READ_ROWS = frozenset(
    {
        "test_what_it_holds_may_always_be_closed",
        "test_a_strategy_that_is_halted_keeps_its_stops_and_sells_nothing",
    }
)
Test = Callable[..., Any]


def asked_in(module: ModuleType) -> Iterator[tuple[str, Test]]:
    """The tests of a module that ask a ledger and nothing else, and the fixtures that they need."""
    for name, found in vars(module).items():
        if isinstance(found, FixtureFunctionDefinition) and name != "ledger":
            yield name, found
        elif inspect.isfunction(found) and name.startswith("test_") and asks_a_ledger(found):
            yield f"{name}__{module.__name__.rpartition('.')[2]}", found


def asks_a_ledger(test: Test) -> bool:
    """Whether a test could not tell which ledger it was given."""
    return OF_TABLES.isdisjoint(inspect.signature(test).parameters) and test.__name__ not in READ_ROWS


globals().update(named for module in MODULES for named in asked_in(module))
