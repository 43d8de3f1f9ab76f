"""What a Compose file must keep, one rule a function; each answers with what breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKERS = {"desk": "desk", "orders": "orders", "agents": "agents", "backtests": "backtests"}
JOBS = {"temporal-schema", "temporal-namespace", "migrations"}
# It writes its configuration into its own folder as it starts, and holds no secret.
WRITES_AT_HOME = {"temporal-ui"}
# Its one folder that can be written to is a volume, because its spans outlive it.
KEEPS_ITS_TMP = {"traces"}
# No shell, no program to ask it with: Prometheus does.
WITHOUT_A_SHELL = {"collector"}
WATCHING = {"web", "prometheus", "grafana", "collector", "traces"}
EXACT = re.compile(r"^[a-z0-9./-]+:v?\d+(\.\d+)+[\w.-]*(@sha256:[0-9a-f]{64})?$")
USED = re.compile(r"\$\{(\w+)")

Compose = dict[str, Any]
Rule = Callable[[Compose], list[str]]


def compose() -> Compose:
    """The repository's own, every anchor and merge resolved."""
    document: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


def services(document: Compose) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from document["services"].items()


def images_are_pinned(document: Compose) -> list[str]:
    return [
        f"{name}: {its['image']}"
        for name, its in services(document)
        if not EXACT.match(its.get("image", "")) or "latest" in its["image"]
    ]


def ports_are_of_this_machine(document: Compose) -> list[str]:
    return [
        f"{name}: {port}"
        for name, its in services(document)
        for port in its.get("ports", ())
        if not str(port).startswith("127.0.0.1:")
    ]


def each_is_watched_or_ends(document: Compose) -> list[str]:
    """A service has a health check of its own or that of our image; a job has an end that others wait for."""
    awaited = {
        other
        for _, its in services(document)
        for other, how in its.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    wrong = [f"{name}: nobody waits for its end" for name in JOBS - awaited]
    for name, its in services(document):
        watched = "test" in its.get("healthcheck", {}) or ("build" in its and "healthcheck" not in its)
        if name not in JOBS | WITHOUT_A_SHELL and not watched:
            wrong.append(f"{name}: no health check")
    return wrong


def none_may_more_than_it_needs(document: Compose) -> list[str]:
    wrong = []
    for name, its in services(document):
        if "ALL" not in its.get("cap_drop", ()):
            wrong.append(f"{name}: keeps capabilities")
        if "no-new-privileges:true" not in its.get("security_opt", ()):
            wrong.append(f"{name}: may gain privileges")
        if its.get("privileged") or its.get("network_mode") or its.get("pid"):
            wrong.append(f"{name}: shares the host's")
        own_tmp = "/tmp" in its.get("tmpfs", ()) or name in KEEPS_ITS_TMP  # noqa: S108  a mount's name
        if name not in WRITES_AT_HOME and not (its.get("read_only") is True and own_tmp):
            wrong.append(f"{name}: can write to its root")
        wrong += [f"{name}: mounts {volume}" for volume in its.get("volumes", ()) if "docker.sock" in str(volume)]
    return wrong


_CHANNELS_SECRETS = ("WEBHOOK_URL", "SMTP_URL", "_URLS", "_KEY", "KEY_ID", "TOKEN")


def each_secret_has_one_place(document: Compose) -> list[str]:
    """A model's key is the agents', a broker's the orders', a channel the desk's; the owner's is the migrations'."""
    holders = {
        "DB_PASSWORD": {"postgres", "migrations"},
        "TEMPORAL_DB_PASSWORD": {"postgres", "temporal", "temporal-schema"},
        "WORKER_DB_PASSWORD": {"postgres", "web", *WORKERS},
        "GRAFANA_PASSWORD": {"grafana"},
    }
    wrong = []
    for name, its in services(document):
        for variable, value in its.get("environment", {}).items():
            if variable.startswith("LLM_") and "KEY" in variable and name != "agents":
                wrong.append(f"{name}: has {variable}")
            if variable.startswith("ALPACA_") and ("KEY" in variable or "SECRET" in variable):
                holder = "desk" if variable.startswith("ALPACA_DATA_") else "orders"
                wrong += [f"{name}: has {variable}"] if name != holder else []
            if variable.startswith("ALERT_") and variable.endswith(_CHANNELS_SECRETS):
                wrong += [f"{name}: has {variable}"] if name != "desk" else []
            wrong += [
                f"{name}: uses {used}"
                for used in USED.findall(str(value))
                if used in holders and name not in holders[used]
            ]
        wrong += [f"{name}: env_file hands everything on"] * ("env_file" in its)
    return wrong


def what_watches_starts_by_its_profile(document: Compose) -> list[str]:
    """The desk itself is in no profile; whatever only looks at it is in one."""
    wrong = []
    for name, its in services(document):
        wanted = {"observability"} if name in WATCHING else set()
        wrong += [name] * (set(its.get("profiles", ())) - {"web"} != wanted)
    return wrong


def nothing_waits_for_what_a_profile_starts(document: Compose) -> list[str]:
    """Else the desk alone would not start."""
    return [
        f"{name} waits for {other}"
        for name, its in services(document)
        for other in its.get("depends_on", {})
        if name not in WATCHING and document["services"][other].get("profiles")
    ]


def no_secret_is_written_here(document: Compose) -> list[str]:
    return [
        f"{name}: {variable}"
        for name, its in services(document)
        for variable, value in its.get("environment", {}).items()
        if re.search(r"PASSWORD|PWD|_KEY|SECRET|TOKEN", variable) and not str(value).startswith("${")
    ]


def each_comes_back(document: Compose) -> list[str]:
    """A service after any end but an operator's, a job while it fails, not for ever."""
    return [
        name
        for name, its in services(document)
        if its.get("restart") != ("on-failure:5" if name in JOBS else "unless-stopped")
    ]


def workers_wait_for_what_they_need(document: Compose) -> list[str]:
    needed = {"postgres": "service_healthy"} | dict.fromkeys(
        ("migrations", "temporal-namespace"), "service_completed_successfully"
    )
    return [
        name
        for name in WORKERS
        if {on: how["condition"] for on, how in document["services"][name]["depends_on"].items()} != needed
    ]


def what_is_mounted_is_here(document: Compose) -> list[str]:
    """Docker makes an empty folder, owned by root, of a path that is not there."""
    bound = [
        str(volume).partition(":")[0]
        for _, its in services(document)
        for volume in its.get("volumes", ())
        if str(volume).startswith("./")
    ]
    return [path for path in bound if not (ROOT / path).exists()]


def volumes_are_named(document: Compose) -> list[str]:
    """State lies in a named volume; what is bound from the host is only read."""
    wrong = []
    for name, its in services(document):
        for volume in its.get("volumes", ()):
            if isinstance(volume, dict):
                read_only, source = volume.get("read_only", False), str(volume["source"])
            else:
                read_only, source = str(volume).endswith(":ro"), str(volume).partition(":")[0]
            if not read_only and source not in document["volumes"]:
                wrong.append(f"{name}: {volume}")
    return wrong


RULES: tuple[Rule, ...] = (
    images_are_pinned,
    ports_are_of_this_machine,
    each_is_watched_or_ends,
    none_may_more_than_it_needs,
    each_secret_has_one_place,
    no_secret_is_written_here,
    each_comes_back,
    workers_wait_for_what_they_need,
    volumes_are_named,
    what_is_mounted_is_here,
    what_watches_starts_by_its_profile,
    nothing_waits_for_what_a_profile_starts,
)
