"""The profile `observability`: who is scraped, what a trace may carry, where Grafana looks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.init import WATCHED
from tests.deploy.rules import ROOT, WATCHING, WITHOUT_A_SHELL, WORKERS, compose

DEPLOY = ROOT / "deploy"
PROVISIONED = DEPLOY / "grafana" / "provisioning"


def document(*path: str) -> Any:
    return yaml.safe_load(DEPLOY.joinpath(*path).read_text())


COLLECTOR, STORE = document("otel", "collector.yaml"), document("otel", "traces.yaml")


def targets() -> set[tuple[str, str]]:
    jobs = document("prometheus", "prometheus.yml")["scrape_configs"]
    found = [each for job in jobs for one in job["static_configs"] for each in one["targets"]]
    assert len(found) == len(set(found))
    return {(host, port) for host, _, port in (each.partition(":") for each in found)}


def told_at(name: str) -> set[str]:
    """The ports at which a service tells its numbers to the network."""
    if name in WORKERS:
        environment = compose()["services"][name]["environment"]
        assert environment["METRICS_HOST"] == "0.0.0.0"  # noqa: S104  the container's
        return {environment["METRICS_PORT"], environment["METRICS_TEMPORAL_PORT"]}
    configuration = {"collector": COLLECTOR, "traces": STORE}[name]
    [reader] = configuration["service"]["telemetry"]["metrics"]["readers"]
    assert reader["pull"]["exporter"]["prometheus"]["host"] == "0.0.0.0"  # noqa: S104  the container's
    return {str(reader["pull"]["exporter"]["prometheus"]["port"])}


def test_prometheus_scrapes_whoever_tells_and_nobody_else() -> None:
    telling = {*WORKERS, "collector", "traces"}
    assert targets() == {(name, port) for name in telling for port in told_at(name)}
    assert {name for name, _ in targets()} >= WITHOUT_A_SHELL


def test_every_service_that_watches_is_there() -> None:
    assert set(compose()["services"]) >= WATCHING


def test_an_address_within_the_network_is_that_of_a_service_that_listens_there() -> None:
    ours = compose()["services"]
    listens = {
        "prometheus": "9090",
        "collector": COLLECTOR["receivers"]["otlp"]["protocols"]["http"]["endpoint"].partition(":")[2],
        "traces": STORE["extensions"]["jaeger_query"]["http"]["endpoint"].partition(":")[2],
    }
    grafana = ours["grafana"]["environment"]
    named = [grafana["PROMETHEUS_URL"], grafana["TRACES_STORE_URL"]]
    named += [WATCHED[name] for name in ("DESK_TRACES_TO", "ASK_PROMETHEUS_URL")]
    for address in named:
        host, _, port = address.removeprefix("http://").partition(":")
        assert listens[host] == port
    store = STORE["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].partition(":")[2]
    assert ours["collector"]["environment"]["TRACES_STORE"] == f"traces:{store}"
    assert COLLECTOR["exporters"]["otlp_grpc"]["endpoint"] == "${env:TRACES_STORE}"


def test_a_link_to_a_trace_leads_to_the_port_of_the_host() -> None:
    [port] = compose()["services"]["traces"]["ports"]
    assert port == "127.0.0.1:${DESK_TRACES_PORT:-16686}:16686"
    assert WATCHED["TRACES_URL"] == "http://127.0.0.1:16686/trace/{trace}"


@pytest.mark.parametrize("configuration", [COLLECTOR, STORE], ids=["collector", "store"])
def test_a_pipeline_has_only_parts_that_there_are(configuration: dict[str, Any]) -> None:
    service = configuration["service"]
    assert set(service["extensions"]) == set(configuration["extensions"])
    [pipeline] = service["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert pipeline[kind]
        assert set(pipeline[kind]) == set(configuration[kind])


def test_the_collector_bounds_its_memory_first_and_blackens_before_it_sends() -> None:
    order = COLLECTOR["service"]["pipelines"]["traces"]["processors"]
    assert order == ["memory_limiter", "redaction", "batch"]
    assert compose()["services"]["collector"]["mem_limit"]


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("http.request.header.authorization", False),
        ("Authorization", False),
        ("x-api-key", False),
        ("anthropic.api_key", False),
        ("db.password", False),
        ("access_token", False),
        ("db.query.parameter.0", False),
        ("gen_ai.usage.input_tokens", True),
        ("gen_ai.usage.output_tokens", True),
        ("gen_ai.request.max_tokens", True),
        ("trading.client_order_id", True),
        ("http.request.method", True),
        ("db.query.text", True),
    ],
)
def test_what_is_a_secret_by_its_name_does_not_pass(name: str, *, passes: bool) -> None:
    patterns = COLLECTOR["processors"]["redaction"]["blocked_key_patterns"]
    assert any(re.search(pattern, name) for pattern in patterns) is not passes


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        ("Bearer abcdefghijkl", False),
        ("sk-ant-" + "a" * 30, False),
        ("tdk_4f2a_" + "b" * 40, False),
        ("PK" + "A1" * 9, False),
        ("postgresql://trading_worker:hunter2@postgres:5432/trading", False),
        ("https://api.alpaca.markets/v2/orders", True),
        ("SELECT id FROM orders WHERE client_order_id = $1", True),
        ("desk/main", True),
    ],
)
def test_what_is_a_secret_by_its_looks_does_not_pass(value: str, *, passes: bool) -> None:
    patterns = COLLECTOR["processors"]["redaction"]["blocked_values"]
    assert any(re.search(pattern, value) for pattern in patterns) is not passes


def test_spans_outlive_the_store_and_not_for_ever() -> None:
    badger = STORE["extensions"]["jaeger_storage"]["backends"]["files"]["badger"]
    assert badger["ephemeral"] is False
    assert badger["ttl"]["spans"]
    volumes = [volume.partition(":") for volume in compose()["services"]["traces"]["volumes"]]
    [place] = [where for source, _, where in volumes if source == "traces"]
    assert all(folder.startswith(f"{place}/") for folder in badger["directories"].values())


def test_grafana_is_given_every_variable_that_it_is_provisioned_by() -> None:
    given = compose()["services"]["grafana"]["environment"]
    used = {
        name
        for file in PROVISIONED.rglob("*.yml")
        for name in re.findall(r"\$\{(\w+)\}|\$__env\{(\w+)\}", file.read_text())
    }
    assert used
    assert {name for pair in used for name in pair if name} <= set(given)


def test_grafana_looks_for_its_dashboards_where_they_are_mounted() -> None:
    [provider] = document("grafana", "provisioning", "dashboards", "desk.yml")["providers"]
    mounts = dict(volume.split(":")[:2] for volume in compose()["services"]["grafana"]["volumes"])
    inside = Path(provider["options"]["path"])
    [folder] = [ROOT / source / inside.relative_to(at) for source, at in mounts.items() if inside.is_relative_to(at)]
    assert sorted(file.stem for file in folder.glob("*.json")) == ["agents", "desk", "reliability"]


def test_links_from_traces_lead_to_a_source_that_there_is() -> None:
    [traces] = document("grafana", "provisioning", "datasources", "traces.yml")["datasources"]
    [numbers] = document("grafana", "provisioning", "datasources", "prometheus.yml")["datasources"]
    assert traces["jsonData"]["tracesToMetrics"]["datasourceUid"] == numbers["uid"]
    assert not traces.get("isDefault")


def test_grafana_does_not_start_without_a_password() -> None:
    script = DEPLOY / "grafana" / "start.sh"
    done = subprocess.run(
        ["/bin/sh", str(script)], env={"GF_SECURITY_ADMIN_PASSWORD": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "GRAFANA_PASSWORD is not set: python starter.py init --compose --observability\n"
