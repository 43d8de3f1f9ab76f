"""How records travel: as JSON, read back strictly; what cannot be read is a named error, not an endless retry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.exceptions import ApplicationError, FailureError

UNREADABLE = "UnreadablePayload"


class RecordConverter(PydanticPayloadConverter):
    """The SDK's converter for pydantic, whose refusals a workflow may fail with.

    With any other error the SDK would run a workflow's task again and again until somebody mends the worker.
    """

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Read payloads. Raises ApplicationError `UnreadablePayload`."""
        try:
            return super().from_payloads(payloads, type_hints)
        except FailureError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it was, the workflow must be able to fail with it
            raise ApplicationError(_words(error), type=UNREADABLE, non_retryable=True) from None


RECORDS = replace(pydantic_data_converter, payload_converter_class=RecordConverter)


def first_wrong(error: ValidationError) -> str:
    """What is wrong with a record, first of all: the record, the field and the rule; never the value that it had."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{error.title}: {error.error_count()} fields are not what they must be: {where}: {first['msg']}"


def _words(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ValidationError):
            return first_wrong(cause)
        cause = cause.__cause__
    return f"{type(error).__name__}: {str(error)[:400]}"
