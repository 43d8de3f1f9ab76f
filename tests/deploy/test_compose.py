"""The Compose file, by rules: there is no Docker engine where the tests run."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

import worker
from console.compose import OWN, handed_on
from console.env_example import COMPOSE, TEMPORAL
from console.reference import composed
from console.variables import variables
from embedded.temporal import FAST
from tests.deploy import rules
from tests.deploy.rules import ROOT, RULES, USED, WORKERS, Rule, compose, services
from trading.errors import BadConfiguration
from workflows import policies


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_compose_file_keeps_every_rule(rule: Rule) -> None:
    assert rule(compose()) == []


def _set(service: str, key: str, value: Any) -> Callable[[rules.Compose], None]:
    return lambda document: document["services"][service].update({key: value})


def _env(service: str, name: str, value: str) -> Callable[[rules.Compose], None]:
    return lambda document: document["services"][service]["environment"].update({name: value})


PLANTED: tuple[tuple[Rule, Callable[[rules.Compose], None]], ...] = (
    (rules.images_are_pinned, _set("temporal", "image", "temporalio/server:latest")),
    (rules.images_are_pinned, _set("postgres", "image", "pgvector/pgvector:pg18")),
    (rules.images_are_pinned, _set("desk", "image", "trading-desk")),
    (rules.ports_are_of_this_machine, _set("postgres", "ports", ["5432:5432"])),
    (rules.ports_are_of_this_machine, _set("temporal-ui", "ports", ["0.0.0.0:8080:8080"])),
    (rules.each_is_watched_or_ends, _set("temporal", "healthcheck", {})),
    (rules.each_is_watched_or_ends, _set("desk", "healthcheck", {"disable": True})),
    (rules.each_is_watched_or_ends, _set("temporal", "depends_on", {})),
    (rules.none_may_more_than_it_needs, _set("orders", "cap_drop", [])),
    (rules.none_may_more_than_it_needs, _set("orders", "read_only", "false")),
    (rules.none_may_more_than_it_needs, _set("agents", "security_opt", [])),
    (rules.none_may_more_than_it_needs, _set("agents", "privileged", "true")),
    (rules.each_secret_has_one_place, _env("desk", "LLM_ANTHROPIC_API_KEY", "${LLM_ANTHROPIC_API_KEY:-}")),
    (rules.each_secret_has_one_place, _env("orders", "LLM_OPENAI_API_KEY", "${LLM_OPENAI_API_KEY:-}")),
    (rules.each_secret_has_one_place, _env("agents", "ALPACA_API_SECRET", "${ALPACA_API_SECRET:-}")),
    (rules.each_secret_has_one_place, _env("desk", "DB_PASSWORD", "${DB_PASSWORD}")),
    (rules.each_secret_has_one_place, _env("agents", "ALERT_SMTP_URL", "${ALERT_SMTP_URL:-}")),
    (rules.each_secret_has_one_place, _set("desk", "env_file", ".env")),
    (rules.no_secret_is_written_here, _env("temporal", "POSTGRES_PWD", "temporal")),
    (rules.each_comes_back, _set("orders", "restart", "no")),
    (rules.workers_wait_for_what_they_need, _set("orders", "depends_on", {})),
    (rules.volumes_are_named, _set("desk", "volumes", ["./data:/app/data"])),
    (rules.images_are_pinned, _set("grafana", "image", "grafana/grafana:main")),
    (rules.ports_are_of_this_machine, _set("prometheus", "ports", ["9090:9090"])),
    (rules.ports_are_of_this_machine, _set("web", "ports", ["0.0.0.0:8000:8000"])),
    (rules.each_is_watched_or_ends, _set("traces", "healthcheck", {})),
    (rules.none_may_more_than_it_needs, _set("traces", "read_only", "false")),
    (rules.none_may_more_than_it_needs, _set("prometheus", "tmpfs", [])),
    (rules.each_secret_has_one_place, _env("web", "ALPACA_API_KEY", "${ALPACA_API_KEY:-}")),
    (rules.each_secret_has_one_place, _env("grafana", "DB", "${WORKER_DB_PASSWORD:-}")),
    (rules.each_secret_has_one_place, _env("collector", "G", "${GRAFANA_PASSWORD:-}")),
    (rules.no_secret_is_written_here, _env("grafana", "GF_SECURITY_ADMIN_PASSWORD", "admin")),
    (rules.what_is_mounted_is_here, _set("collector", "volumes", ["./deploy/otle:/deploy:ro"])),
    (rules.what_watches_starts_by_its_profile, _set("collector", "profiles", [])),
    (rules.what_watches_starts_by_its_profile, _set("desk", "profiles", ["observability"])),
    (rules.nothing_waits_for_what_a_profile_starts, _set("desk", "depends_on", {"traces": {}})),
)


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_a_planted_fault_is_found(rule: Rule, plant: Callable[[rules.Compose], None]) -> None:
    document = copy.deepcopy(compose())
    plant(document)
    assert rule(document) != []


def test_what_compose_hands_on_is_up_to_date() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert composed(text) == text


def test_every_variable_that_compose_reads_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    used = set(USED.findall((ROOT / "docker-compose.yml").read_text()))
    assert used
    assert {name for name in used if f"\n#{name}=" not in example} == set()


def test_our_services_are_given_only_variables_that_we_know() -> None:
    known = {variable.name for variable in variables()} | {*TEMPORAL, "OTEL_EXPORTER_OTLP_ENDPOINT"}
    given = {name for service, its in services(compose()) if "build" in its for name in its["environment"]}
    assert given - known == set()
    assert set(OWN) <= known
    assert not set(COMPOSE) & known


def test_every_setting_reaches_every_worker() -> None:
    wanted = {variable.name for variable in variables() if not variable.is_secret and variable.name not in OWN}
    for name in WORKERS:
        assert wanted <= set(compose()["services"][name]["environment"]), name


def test_there_is_one_worker_a_queue() -> None:
    assert set(WORKERS.values()) == set(policies.ALL_QUEUES)
    for name, queue in WORKERS.items():
        command = compose()["services"][name]["command"]
        assert command[command.index("--queues") + 1] == queue


def test_a_worker_may_end_in_its_own_time() -> None:
    for name in WORKERS:
        grace = compose()["services"][name]["stop_grace_period"]
        assert timedelta(seconds=int(grace.removesuffix("s"))) > worker.GRACE


def test_temporals_server_and_the_tools_that_make_its_schema_are_of_one_version() -> None:
    ours = compose()["services"]
    tools = {ours[name]["image"].partition(":")[2] for name in ("temporal-schema", "temporal-namespace")}
    assert tools == {ours["temporal"]["image"].partition(":")[2]}


def test_the_image_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name, its in services(compose()):
        assert "build" not in its or its["image"] == f"trading-desk:{version}", name
    assert f'org.opencontainers.image.version="{version}"' in (ROOT / "Dockerfile").read_text()


class Models(BaseSettings):
    """As the models' group looks with keys."""

    effort: str = Field("low", description="How hard.")
    anthropic_api_key: SecretStr | None = Field(None, description="A key.")


class Broker(BaseSettings):
    """As a broker's group looks with keys."""

    api_secret: SecretStr = Field(SecretStr("never-shown"), description="A key.")


def test_a_secret_is_handed_on_to_its_queue_alone() -> None:
    made = handed_on(variables({"LLM_": Models, "ALPACA_": Broker}))
    blocks = {block.partition(":")[0]: block for block in made.split("\nx-")}
    assert blocks["secrets-agents"].splitlines()[1:] == ["  LLM_ANTHROPIC_API_KEY: ${LLM_ANTHROPIC_API_KEY:-}"]
    assert blocks["secrets-orders"].splitlines()[1:] == ["  ALPACA_API_SECRET: ${ALPACA_API_SECRET:-}"]
    assert blocks["secrets-desk"] == "secrets-desk: &secrets-desk {}"
    assert blocks["x-settings"].splitlines()[1:] == ["  LLM_EFFORT: ${LLM_EFFORT:-}"]
    assert "never-shown" not in made


def test_a_secret_that_nobody_has_placed_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="NEWS_API_SECRET is a secret of no queue"):
        handed_on(variables({"NEWS_": Broker}))


def test_temporal_is_told_what_the_embedded_one_is_told() -> None:
    told = yaml.safe_load((ROOT / "deploy" / "temporal" / "dynamic.yaml").read_text())
    assert set(told) == {value.partition("=")[0] for value in FAST}
