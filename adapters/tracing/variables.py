"""Whether the standard variables have anything exported. How and where to, OpenTelemetry reads itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from trading.errors import BadConfiguration

EXPORTER, DISABLED, PROTOCOL = "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_PROTOCOL"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", PROTOCOL)
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_SCHEME = re.compile(r"(?:basic|bearer)\s+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^/\s]", re.IGNORECASE)
SPOKEN = "http/protobuf"


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether spans are to be exported: an endpoint or the exporter `otlp` is named, and nothing says otherwise.

    Raises BadConfiguration for an exporter, a protocol and an address that are not there.
    """
    said = environment.get(EXPORTER, "").strip().lower()
    is_off = said == "none" or environment.get(DISABLED, "").strip().lower() == "true"
    if is_off or not (said or any(environment.get(name, "").strip() for name in _ENDPOINTS)):
        return False
    if said not in {"", "otlp"}:
        raise BadConfiguration(f"{EXPORTER}: there is otlp, and none, but no {said[:40]}")
    name = next((name for name in _PROTOCOLS if environment.get(name, "").strip()), PROTOCOL)
    protocol = environment.get(name, "").strip() or SPOKEN
    if protocol != SPOKEN:
        raise BadConfiguration(f"{name}: {SPOKEN} is spoken here (port 4318), not {protocol[:40]}")
    for name in _ENDPOINTS:
        if (place := environment.get(name, "").strip()) and not _ADDRESS.match(place):
            raise BadConfiguration(f"{name}: an address begins with http:// or https:// and names a host")
    return True


def secrets(environment: Mapping[str, str]) -> Iterator[str]:
    """What must not be told of the variables: the values of the headers that let an exporter in."""
    for name in _HEADERS:
        for pair in environment.get(name, "").split(","):
            value = unquote(pair.partition("=")[2]).strip()
            yield from {value, _SCHEME.sub("", value), pair.partition("=")[2].strip()}
