"""What Temporal's native library has to say: lines of our log like any other, masked, escaped and in its form.

By itself it writes them on standard error past all of it: in colours, where JSON was asked for, and into no file.
"""

from __future__ import annotations

import logging
from functools import cache

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

LOGGER = "temporalio.core"


def through_our_log() -> LoggingConfig:
    """For whoever makes a runtime."""
    forwarding = LogForwardingConfig(logging.getLogger(LOGGER), append_target_to_name=False)
    return LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)


@cache
def runtime() -> Runtime:
    """That of a process which tells no metrics; one for all of its clients."""
    return Runtime(telemetry=TelemetryConfig(logging=through_our_log()))
