"""`.env.example`: every variable with its meaning and its default, all commented out, no secret with a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import getdoc
from textwrap import wrap

from pydantic_settings import BaseSettings

from console.variables import Variable, variables

WIDTH = 100
HEAD = (
    "# What the desk reads from `.env`. Copy it (`cp .env.example .env && chmod 600 .env`) and set what differs,",
    "# or let `python starter.py init` ask. The environment has precedence. Made by `python -m console.reference`.",
)
TEMPORAL = {
    "TEMPORAL_ADDRESS": "host:port of Temporal, together with DB_HOST; the embedded server when unset.",
    "TEMPORAL_NAMESPACE": "The namespace; `trading` on the embedded server and in Compose, else `default`.",
    "TEMPORAL_API_KEY": "A cloud namespace's key; turns TLS on.",
    "TEMPORAL_PROFILE": "A profile of Temporal's own configuration file.",
    "TEMPORAL_CONFIG_FILE": "Where that file lies.",
    "TEMPORAL_TLS": "`true` for TLS with the system's certificates.",
    "TEMPORAL_TLS_SERVER_NAME": "The name in the server's certificate.",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "The authority that signed it.",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "Our own certificate, for mTLS.",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "And its key.",
    "TEMPORAL_DEPLOYMENT_NAME": "Of workers that are rolled out build by build; unset where one build follows another.",
    "TEMPORAL_WORKER_BUILD_ID": "Which build a worker is, together with TEMPORAL_DEPLOYMENT_NAME.",
}
TRACING = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Where traces go, by OTLP over HTTP, as http://127.0.0.1:4318; nowhere when unset.",
    "OTEL_EXPORTER_OTLP_HEADERS": "What lets them in there, as authorization=Bearer%20…; never shown.",
    "OTEL_TRACES_EXPORTER": "`otlp`, or `none` to keep them here whatever the endpoint is.",
    "OTEL_TRACES_SAMPLER": "Which are kept, as parentbased_traceidratio; all when unset.",
    "OTEL_TRACES_SAMPLER_ARG": "Of those a part, as 0.1.",
    "OTEL_SERVICE_NAME": "What this desk is called there; `trading-desk` when unset.",
    "OTEL_RESOURCE_ATTRIBUTES": "What is said of it besides, as deployment.environment.name=home.",
}
"""OpenTelemetry reads these and all its others itself."""
COMPOSE = {
    "WORKER_DB_PASSWORD": "Of `trading_worker`, who works in the books and cannot change the log.",
    "TEMPORAL_DB_PASSWORD": "Of `temporal`, the owner of Temporal's own databases.",
    "GRAFANA_PASSWORD": "Of `admin` at Grafana, from its first start on.",
    "COMPOSE_PROFILES": "What starts besides the desk: `web`, or `observability`, which has the web, too.",
    "DESK_TRACES_TO": "Where traces go: `http://collector:4318` with the profile `observability`.",
    "DESK_WEB_PORT": "Port of the HTTP API on this machine, 8000 when unset.",
    "DESK_GRAFANA_PORT": "Of Grafana, 3000 when unset.",
    "DESK_PROMETHEUS_PORT": "Of Prometheus, 9090 when unset.",
    "DESK_TRACES_PORT": "Of the traces' pages, 16686 when unset.",
}
"""Only `docker-compose.yml` reads these, besides DB_PASSWORD."""


def example(groups: Mapping[str, type[BaseSettings]]) -> str:
    """The whole file."""
    known = variables(groups)
    lines = list(HEAD)
    for prefix, group in groups.items():
        lines += _section(getdoc(group) or "", [each for each in known if each.prefix == prefix])
    lines += _section("Temporal's own variables, for a server that is not the embedded one.", named(TEMPORAL))
    lines += _section("OpenTelemetry's own variables: where traces go.", named(TRACING))
    lines += _section(
        "For docker-compose.yml, with DB_PASSWORD: `starter.py init --compose [--observability]` sets them.",
        named(COMPOSE),
    )
    return "\n".join(lines) + "\n"


def _section(title: str, members: list[Variable]) -> Iterator[str]:
    yield from ("", *(f"# --- {line}" for line in wrap(title, WIDTH)))
    for variable in members:
        yield from (f"# {line}" for line in wrap(variable.description, WIDTH))
        yield f"#{variable.name}={variable.default}"


def named(described: Mapping[str, str]) -> list[Variable]:
    """Variables that are no settings of ours."""
    return [
        Variable(
            name=name,
            prefix="",
            default="",
            description=description,
            is_secret=any(word in name for word in ("KEY", "PASSWORD", "HEADERS")),
        )
        for name, description in described.items()
    ]
