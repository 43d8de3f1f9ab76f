"""A workflow started without its argument fails by name: a TypeError would be a task that is tried for ever."""

from __future__ import annotations

from typing import TypeVar

from temporalio.exceptions import ApplicationError

Argument = TypeVar("Argument")


def given(argument: Argument | None) -> Argument:
    """The argument that a workflow was started with. Raises ApplicationError `NoArgument`."""
    if argument is None:
        raise ApplicationError("the workflow was started without its argument", type="NoArgument", non_retryable=True)
    return argument
