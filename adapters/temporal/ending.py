"""The one way a process of ours ends.

A process that used a Temporal client crashes at interpreter exit about once in seven (temporalio/sdk-python #300):
its native threads outlive Python. So every entry point ends here: flushed, and out without the interpreter's own
farewell.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

from adapters.tracing import spans


def leave(code: int) -> NoReturn:
    """End the process with this exit code, everything written."""
    spans.close()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # The reader has gone (a closed pipe); there is nobody left to tell.
            code = code or 1
    os._exit(code)
