"""The Kubernetes manifests, by rules: there is no cluster where the tests run."""

from __future__ import annotations

import copy
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.temporal.versions import BUILD, DEPLOYMENT
from tests.deploy import manifests as rules
from tests.deploy.manifests import KUBERNETES, RULES, WATCHED, Manifest, Manifests, Rule, containers, manifests, of_kind
from tests.deploy.rules import ROOT
from workflows import policies

KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="no kubectl here")
DESK, A_BUILD = KUBERNETES / "overlays" / "one-desk", KUBERNETES / "overlays" / "one-desk" / "build"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_manifests_keep_every_rule(rule: Rule) -> None:
    assert rule(manifests()) == []


Plant = Callable[[Manifest], object]


def _in(kind: str, name: str, plant: Plant) -> Callable[[Manifests], None]:
    def planted(found: Manifests) -> None:
        [one] = [one for each, one in of_kind(found, kind) if each == name]
        plant(one.get("spec", one))

    return planted


def _pod(name: str, key: str, value: Any) -> Callable[[Manifests], None]:
    return _in("Deployment", name, lambda spec: spec["template"]["spec"].update({key: value}))


def _container(name: str, key: str, value: Any) -> Callable[[Manifests], None]:
    return _in("Deployment", name, lambda spec: spec["template"]["spec"]["containers"][0].update({key: value}))


def _without(kind: str, name: str) -> Callable[[Manifests], None]:
    def taken(found: Manifests) -> None:
        found[:] = [one for one in found if (one["kind"], one["metadata"]["name"]) != (kind, name)]

    return taken


PLANTED: tuple[tuple[Rule, Callable[[Manifests], None]], ...] = (
    (rules.none_may_more_than_it_needs, _pod("orders", "securityContext", {"runAsNonRoot": True})),
    (rules.none_may_more_than_it_needs, _pod("orders", "automountServiceAccountToken", value=True)),
    (rules.none_may_more_than_it_needs, _pod("web", "hostNetwork", value=True)),
    (rules.none_may_more_than_it_needs, _pod("desk", "volumes", [{"name": "tmp", "hostPath": {"path": "/"}}])),
    (rules.none_may_more_than_it_needs, _container("agents", "securityContext", {})),
    (rules.each_has_bounds_and_probes, _container("desk", "livenessProbe", None)),
    (rules.each_has_bounds_and_probes, _container("desk", "resources", {"requests": {"cpu": "1"}})),
    (rules.a_worker_may_end_in_its_own_time, _pod("orders", "terminationGracePeriodSeconds", 20)),
    (rules.there_is_a_deployment_a_queue, _without("Deployment", "backtests")),
    (rules.there_is_a_deployment_a_queue, _container("agents", "args", ["worker.py", "--queues", "orders"])),
    (
        rules.selectors_find_what_they_mean,
        _in("Deployment", "desk", lambda spec: spec["selector"].update(matchLabels={rules.PART: "orders"})),
    ),
    (
        rules.selectors_find_what_they_mean,
        _in("NetworkPolicy", "web", lambda spec: spec["podSelector"].update(matchLabels={rules.PART: "www"})),
    ),
    (rules.each_secret_has_one_place, _container("desk", "envFrom", [{"secretRef": {"name": "orders"}}])),
    (rules.each_secret_has_one_place, _container("web", "envFrom", [{"secretRef": {"name": "owner"}}])),
    (rules.each_secret_has_one_place, _container("agents", "envFrom", [{"secretRef": {"name": "models"}}])),
    (rules.each_secret_has_one_place, _container("agents", "env", [{"name": "LLM_OPENAI_API_KEY", "value": "x"}])),
    (rules.each_secret_has_one_place, _in("Secret", "desk", lambda it: it["stringData"].update(ALPACA_API_KEY=""))),
    (rules.each_secret_has_one_place, _in("Secret", "orders", lambda it: it["stringData"].update(ALPACA_API_KEY="PK"))),
    (rules.every_secret_has_a_place, _without("Secret", "agents")),
    (
        rules.settings_are_known_and_no_secrets,
        _in("ConfigMap", "settings", lambda it: it["data"].update(DESK_NAME="x")),
    ),
    (rules.settings_are_known_and_no_secrets, _in("ConfigMap", "settings", lambda it: it["data"].update(DB_PORT=5432))),
    (
        rules.settings_are_known_and_no_secrets,
        _in("ConfigMap", "settings", lambda it: it["data"].update({"DB_PASSWORD": "x"})),
    ),
    (rules.what_waits_is_scaled, _without("ScaledObject", "agents")),
    (rules.what_waits_is_scaled, _in("ScaledObject", "desk", lambda spec: spec.update(minReplicaCount=0))),
    (rules.what_waits_is_scaled, _in("Deployment", "desk", lambda spec: spec.update(replicas=3))),
    (rules.nothing_passes_that_is_not_named, _without("NetworkPolicy", "nothing")),
    (
        rules.nothing_passes_that_is_not_named,
        _in("NetworkPolicy", "vendors", lambda spec: spec["podSelector"].clear()),
    ),
    (
        rules.nothing_passes_that_is_not_named,
        _in("NetworkPolicy", "vendors", lambda spec: spec["egress"][0]["to"][0]["ipBlock"].pop("except")),
    ),
)


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_a_planted_fault_is_found(rule: Rule, plant: Callable[[Manifests], None]) -> None:
    found = copy.deepcopy(manifests())
    plant(found)
    for _, one in containers(found):
        for probe in [key for key, value in one.items() if value is None]:
            del one[probe]
    assert rule(found) != []


@pytest.mark.parametrize("folder", ["base", "workers"])
def test_a_kustomization_names_each_file_beside_it(folder: str) -> None:
    place = KUBERNETES / folder
    says = yaml.safe_load((place / "kustomization.yaml").read_text())
    named = {*says["resources"], *says.get("configurations", ())}
    beside = {file.name for file in place.glob("*.yaml")} - {"kustomization.yaml", "secrets.example.yaml"}
    assert named == beside


def test_the_overlay_is_of_this_version_everywhere_that_it_says_one() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    desk, build = (yaml.safe_load((place / "kustomization.yaml").read_text()) for place in (DESK, A_BUILD))
    assert {one["newTag"] for says in (desk, build) for one in says["images"]} == {version}
    assert build["nameSuffix"] == f"-{version.replace('.', '-')}"
    made = {one["name"]: dict(each.split("=", 1) for each in one["literals"]) for one in build["configMapGenerator"]}
    assert made["build"] == {DEPLOYMENT: "trading-desk", BUILD: version}
    assert build["labels"] == [{"pairs": {"app.kubernetes.io/version": version}, "includeSelectors": True}]
    assert desk["namespace"] == build["namespace"] != "default"


def built(place: Path) -> Manifests:
    assert KUBECTL is not None
    done = subprocess.run([KUBECTL, "kustomize", str(place)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@needs_kubectl
def test_a_build_is_whole_and_beside_another_of_other_names() -> None:
    found = built(A_BUILD)
    suffix = yaml.safe_load((A_BUILD / "kustomization.yaml").read_text())["nameSuffix"]
    assert {name.removesuffix(suffix) for name, _ in of_kind(found, "Deployment")} == set(policies.ALL_QUEUES)
    assert all(
        name.endswith(suffix) for kind in ("Deployment", "Job", "ScaledObject") for name, _ in of_kind(found, kind)
    )
    [build] = [one for name, one in of_kind(found, "ConfigMap") if name.startswith("build-")]
    for name, one in of_kind(found, "ScaledObject"):
        [trigger] = one["spec"]["triggers"]
        assert one["spec"]["scaleTargetRef"]["name"] == name
        assert trigger["metadata"]["workerDeploymentName"] == build["data"][DEPLOYMENT]
        assert trigger["metadata"]["workerDeploymentBuildId"] == build["data"][BUILD]
        assert "filled in" not in trigger["metadata"].values()
    for name, one in containers(found):
        maps = {each["configMapRef"]["name"] for each in one["envFrom"] if "configMapRef" in each}
        assert (build["metadata"]["name"] in maps) is (not name.startswith("migrations"))
        assert "settings" in maps


@needs_kubectl
def test_every_object_of_a_desk_is_in_its_namespace_with_its_labels() -> None:
    for one in [*built(DESK), *built(A_BUILD)]:
        if one["kind"] != "Namespace":
            assert one["metadata"]["namespace"] == "trading-desk"
        if one["kind"] != "ConfigMap":
            assert one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "trading-desk"
    assert {one["kind"] for one in built(DESK)}.isdisjoint({"Secret"})


@needs_kubectl
def test_where_scaling_looks_is_where_the_workers_are() -> None:
    [settings] = [one["data"] for name, one in of_kind(built(DESK), "ConfigMap") if name == "settings"]
    scaled = dict(of_kind(built(A_BUILD), "ScaledObject"))
    assert len(scaled) == len(WATCHED)
    for one in scaled.values():
        looks = one["spec"]["triggers"][0]["metadata"]
        assert (looks["endpoint"], looks["namespace"]) == (settings["TEMPORAL_ADDRESS"], settings["TEMPORAL_NAMESPACE"])
