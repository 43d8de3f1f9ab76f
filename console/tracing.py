"""Tracing switched on, where the standard variables name an exporter."""

from __future__ import annotations

import os

from adapters.tracing import spans, variables
from settings import Settings


def trace(settings: Settings) -> None:
    """Make spans from now on; without an exporter nothing is imported, and nothing done.

    Raises BadConfiguration for an exporter or a protocol that is not there.
    """
    if spans.are_on() or not variables.wanted(os.environ):
        return
    # The SDK and what it instruments, for those alone who export.
    from adapters.redaction import Redaction  # noqa: PLC0415  see above
    from adapters.tracing.provider import started  # noqa: PLC0415  see above
    from wiring.asking import secrets_in  # noqa: PLC0415  see above

    spans.switch(started(Redaction([*secrets_in(settings), *variables.secrets(os.environ)])))
