"""What the standard variables switch on, and what of them is secret."""

from __future__ import annotations

import pytest

from adapters.tracing.variables import secrets, wanted
from trading.errors import BadConfiguration

HERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environment", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "desk", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        (HERE, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({**HERE, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**HERE, "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({**HERE, "OTEL_SDK_DISABLED": "false", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        ({**HERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
    ],
)
def test_an_exporter_is_wanted_where_one_is_named(environment: dict[str, str], *, is_wanted: bool) -> None:
    assert wanted(environment) is is_wanted


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER"),
        ({**HERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({**HERE, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"),
    ],
)
def test_what_is_not_there_is_refused_by_its_name(environment: dict[str, str], named: str) -> None:
    with pytest.raises(BadConfiguration, match=named):
        wanted(environment)


def test_what_lets_an_exporter_in_is_secret_however_it_is_written() -> None:
    said = "authorization=Bearer%20correct-horse,x-team=desk-of-ann"
    found = set(secrets({"OTEL_EXPORTER_OTLP_HEADERS": said}))
    assert {"Bearer correct-horse", "correct-horse", "Bearer%20correct-horse", "desk-of-ann"} <= found
