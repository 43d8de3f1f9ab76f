"""What the Kubernetes manifests must keep, one rule a function; each answers with what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from console.compose import queue_of
from console.variables import variables
from tests.deploy.rules import ROOT
from worker import GRACE
from workflows import policies

KUBERNETES = ROOT / "deploy" / "kubernetes"
PART = "app.kubernetes.io/component"
WATCHED = {"desk", "agents", "backtests"}
"""What is scaled by its backlog; `orders` is not."""
Manifest = dict[str, Any]
Manifests = list[Manifest]
Rule = Callable[[Manifests], list[str]]


def manifests() -> Manifests:
    """Everything that the base and one build are made of, as it is written; secrets as their example has them."""
    files = [*(KUBERNETES / "base").glob("*.yaml"), *(KUBERNETES / "workers").glob("*.yaml")]
    found = [one for file in sorted(files) for one in yaml.safe_load_all(file.read_text())]
    return [one for one in found if "apiVersion" in one and one["kind"] != "Kustomization"]


def of_kind(found: Manifests, kind: str) -> Iterator[tuple[str, Manifest]]:
    yield from ((one["metadata"]["name"], one) for one in found if one["kind"] == kind)


def pods(found: Manifests) -> Iterator[tuple[str, Manifest]]:
    """The template of every pod, by the name of what makes it."""
    for kind in ("Deployment", "Job"):
        yield from ((name, one["spec"]["template"]) for name, one in of_kind(found, kind))


def containers(found: Manifests) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(found):
        spec = pod["spec"]
        yield from ((name, one) for one in [*spec["containers"], *spec.get("initContainers", ())])


def none_may_more_than_it_needs(found: Manifests) -> list[str]:
    wrong = []
    for name, pod in pods(found):
        spec, says = pod["spec"], pod["spec"].get("securityContext", {})
        if not (says.get("runAsNonRoot") is True and says.get("runAsUser") == says.get("runAsGroup") == 10001):
            wrong.append(f"{name}: runs as somebody else")
        if says.get("seccompProfile") != {"type": "RuntimeDefault"}:
            wrong.append(f"{name}: every call of the kernel")
        if spec.get("automountServiceAccountToken") is not False or spec.get("serviceAccountName") != name:
            wrong.append(f"{name}: talks to the cluster")
        wrong += [f"{name}: {each}" for each in ("hostNetwork", "hostPID", "hostIPC") if spec.get(each)]
        wrong += [f"{name}: mounts {each['name']}" for each in spec.get("volumes", ()) if "emptyDir" not in each]
    for name, one in containers(found):
        says = one.get("securityContext", {})
        if says.get("allowPrivilegeEscalation") is not False or says.get("privileged"):
            wrong.append(f"{name}: may gain privileges")
        if says.get("readOnlyRootFilesystem") is not True:
            wrong.append(f"{name}: can write to its root")
        if says.get("capabilities") != {"drop": ["ALL"]}:
            wrong.append(f"{name}: keeps capabilities")
    return wrong


def each_has_bounds_and_probes(found: Manifests) -> list[str]:
    jobs = {name for name, _ in of_kind(found, "Job")}
    wrong = []
    for name, one in containers(found):
        given = one.get("resources", {})
        if not (given.get("requests", {}).keys() >= {"cpu", "memory"} and "memory" in given.get("limits", {})):
            wrong.append(f"{name}: no bounds")
        missing = {"startupProbe", "readinessProbe", "livenessProbe"} - one.keys()
        wrong += [f"{name}: no {probe}" for probe in sorted(missing) if name not in jobs]
    return wrong


def a_worker_may_end_in_its_own_time(found: Manifests) -> list[str]:
    return [
        name
        for name, pod in pods(found)
        if name in policies.ALL_QUEUES and pod["spec"].get("terminationGracePeriodSeconds", 30) < 2 * GRACE.seconds
    ]


def there_is_a_deployment_a_queue(found: Manifests) -> list[str]:
    wrong, deployments = [], dict(of_kind(found, "Deployment"))
    for queue in policies.ALL_QUEUES:
        if queue not in deployments:
            wrong.append(f"{queue}: nobody serves it")
            continue
        [one] = deployments[queue]["spec"]["template"]["spec"]["containers"]
        if one["args"][:3] != ["worker.py", "--queues", queue]:
            wrong.append(f"{queue}: serves another")
    return wrong


def selectors_find_what_they_mean(found: Manifests) -> list[str]:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(found)}
    wrong = [
        f"{name}: selects other pods"
        for name, one in of_kind(found, "Deployment")
        if not one["spec"]["selector"]["matchLabels"].items() <= labels[name].items()
    ]
    parts = {each[PART] for each in labels.values()}
    for name, one in of_kind(found, "Service"):
        wrong += [name] * (one["spec"]["selector"][PART] not in parts)
    for name, one in of_kind(found, "PodDisruptionBudget"):
        wrong += [name] * (one["spec"]["selector"]["matchLabels"][PART] not in parts)
    for name, one in of_kind(found, "NetworkPolicy"):
        wrong += [f"{name}: {part} is nobody" for part in chosen(one["spec"]["podSelector"]) - parts]
    return wrong


def chosen(selector: Manifest) -> set[str]:
    """The parts that a selector names; none for all."""
    single = {selector.get("matchLabels", {}).get(PART)} - {None}
    return single.union(*(one["values"] for one in selector.get("matchExpressions", ())))


def each_secret_has_one_place(found: Manifests) -> list[str]:
    """What Compose says of them holds here, too: a secret's keys are of one queue, and that part alone is given it."""
    held = {name: set(one["stringData"]) for name, one in of_kind(found, "Secret")}
    wrong = [f"{name}: {key} has a value" for name, one in of_kind(found, "Secret") for key in written(one)]
    known = {each.name: each for each in variables()}
    for secret, keys in held.items():
        for key in keys - {"DB_USER", "DB_PASSWORD", "TEMPORAL_API_KEY"}:
            wrong += [f"{secret}: holds {key}"] * (key not in known or queue_of(known[key]) != secret)
    for name, one in containers(found):
        given = {each["secretRef"]["name"] for each in one["envFrom"] if "secretRef" in each}
        wrong += [f"{name}: no such secret: {each}" for each in given - set(held)]
        wrong += [f"{name}: is given {each}" for each in given & set(policies.ALL_QUEUES) if each != name]
        wrong += [f"{name}: is given the owner's"] * ("owner" in given and name != "migrations")
        wrong += [f"{name}: env says more"] * ("env" in one)
    return wrong


def written(secret: Manifest) -> list[str]:
    return [key for key, value in secret["stringData"].items() if value and key != "DB_USER"]


def every_secret_has_a_place(found: Manifests) -> list[str]:
    held = {key for _, one in of_kind(found, "Secret") for key in one["stringData"]}
    return [each.name for each in variables() if each.is_secret and each.name not in held]


def settings_are_known_and_no_secrets(found: Manifests) -> list[str]:
    known, wrong = {each.name: each for each in variables()}, []
    for name, one in of_kind(found, "ConfigMap"):
        for key, value in one["data"].items():
            if not key.startswith("TEMPORAL_") and (key not in known or known[key].is_secret):
                wrong.append(f"{name}: {key}")
            wrong += [f"{name}: {key} is no text"] * (not isinstance(value, str))
    return wrong


def what_waits_is_scaled(found: Manifests) -> list[str]:
    wrong, scaled = [], dict(of_kind(found, "ScaledObject"))
    wrong += [f"{name}: is not what is scaled" for name in WATCHED ^ set(scaled)]
    for name, one in scaled.items():
        spec, [trigger] = one["spec"], one["spec"]["triggers"]
        if not spec["scaleTargetRef"]["name"] == trigger["metadata"]["taskQueue"] == name:
            wrong.append(f"{name}: scales another by it")
        if spec["minReplicaCount"] < 1 or spec["maxReplicaCount"] <= spec["minReplicaCount"]:
            wrong.append(f"{name}: from {spec['minReplicaCount']} to {spec['maxReplicaCount']}")
        if not all(isinstance(value, str) for value in trigger["metadata"].values()):
            wrong.append(f"{name}: the metadata of a trigger are texts")
    for name, one in of_kind(found, "Deployment"):
        wrong += [f"{name}: a count besides"] * (name in scaled and "replicas" in one["spec"])
    return wrong


def nothing_passes_that_is_not_named(found: Manifests) -> list[str]:
    rules = dict(of_kind(found, "NetworkPolicy"))
    wall = rules.get("nothing", {}).get("spec", {})
    wrong = ["the wall is open"] * (wall != {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    for name, one in rules.items():
        for way in one["spec"].get("egress", ()):
            blocks = [each["ipBlock"] for each in way.get("to", ()) if "ipBlock" in each]
            wrong += [f"{name}: also this house" for block in blocks if "10.0.0.0/8" not in block.get("except", ())]
            wrong += [f"{name}: any port"] * ("ports" not in way)
        if any("ipBlock" in each for way in one["spec"].get("egress", ()) for each in way.get("to", ())):
            outside = chosen(one["spec"]["podSelector"])
            wrong += [f"{name}: lets out {outside or 'all'}"] * (outside != set(policies.QUEUES))
    return wrong


RULES: tuple[Rule, ...] = (
    none_may_more_than_it_needs,
    each_has_bounds_and_probes,
    a_worker_may_end_in_its_own_time,
    there_is_a_deployment_a_queue,
    selectors_find_what_they_mean,
    each_secret_has_one_place,
    every_secret_has_a_place,
    settings_are_known_and_no_secrets,
    what_waits_is_scaled,
    nothing_passes_that_is_not_named,
)
