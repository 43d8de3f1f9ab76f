"""The trace of a trace store that belongs to a `trace_id` of ours, which may be any name of up to 160 characters."""

from __future__ import annotations

import hashlib
import re

from trading.events import printable

NONE = "none"
"""What a record says that nobody has named a trace for."""
_HEX = re.compile(r"[0-9a-fA-F]{32}")
_NOBODYS = "0" * 32


def trace_hex(trace_id: str) -> str:
    """The 32 hex digits of the trace: `trace_id` itself where it is that, else the first half of its SHA-256.

    Whoever knows an `X-Request-ID` finds its trace by this alone (W3C Trace Context: 16 bytes, not all of them zero).
    """
    if _HEX.fullmatch(trace_id) and trace_id != _NOBODYS:
        return trace_id.lower()
    return hashlib.sha256(printable(trace_id).encode()).hexdigest()[:32]


def trace_url(template: str, trace_id: str) -> str | None:
    """The page of a trace: `{trace}` of the template is its digits. None where no trace store is named."""
    return template.replace("{trace}", trace_hex(trace_id)) if template else None
