"""Tracing switched on, where the standard variables name an exporter."""

from __future__ import annotations

import os

from adapters.tracing import spans, variables
from settings import Settings
from trading.errors import BadConfiguration


def trace(settings: Settings) -> None:
    """Make spans from now on; without an exporter nothing is imported, and nothing done.

    Raises BadConfiguration for an exporter or a protocol that is not there, and for numbers that are none.
    """
    if spans.are_on() or not variables.wanted(os.environ):
        return
    # The SDK and what it instruments, for those alone who export.
    from adapters.redaction import Redaction  # noqa: PLC0415  see above
    from wiring.asking import secrets_in  # noqa: PLC0415  see above

    redaction = Redaction([*secrets_in(settings), *variables.secrets(os.environ)])
    try:
        from adapters.tracing.provider import started  # noqa: PLC0415  see above

        spans.switch(started(redaction))
    except ValueError as error:  # the SDK's, of a variable; some are read as it is imported
        raise BadConfiguration(f"an OTEL_… variable cannot be so: {redaction(str(error))}") from error
