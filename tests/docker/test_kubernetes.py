from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from ascension_core.platform.database import Database

Document = dict[str, Any]
KUBERNETES = "1.31"
PARTS = ("base", "operators", "example")
IMAGES = {"ascension", "ascension-vision", "ascension-training"}

# What the operators' documentation says of the fields that we use.
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 1}
_TRIGGERS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["type", "metadata"],
        "properties": {"type": {"const": "postgresql"}, "metadata": {"type": "object", "additionalProperties": _TEXT}},
    },
}
CUSTOM = {
    "ScaledObject": {
        "required": ["scaleTargetRef", "triggers"],
        "additionalProperties": False,
        "properties": {
            "scaleTargetRef": {"type": "object", "required": ["name"]},
            "minReplicaCount": {"type": "integer"},
            "maxReplicaCount": _COUNT,
            "cooldownPeriod": _COUNT,
            "triggers": _TRIGGERS,
        },
    },
    "ScaledJob": {
        "required": ["jobTargetRef", "triggers"],
        "additionalProperties": False,
        "properties": {
            "jobTargetRef": {"type": "object", "required": ["template"]},
            "pollingInterval": _COUNT,
            "maxReplicaCount": _COUNT,
            "successfulJobsHistoryLimit": _COUNT,
            "failedJobsHistoryLimit": _COUNT,
            "scalingStrategy": {"properties": {"strategy": {"enum": ["default", "custom", "accurate", "eager"]}}},
            "rollout": {"properties": {"strategy": {"enum": ["default", "gradual"]}}},
            "triggers": _TRIGGERS,
        },
    },
    "Cluster": {
        "required": ["instances", "storage"],
        "properties": {"instances": _COUNT, "storage": {"required": ["size"]}, "bootstrap": {"required": ["initdb"]}},
    },
    "Pooler": {
        "required": ["cluster", "type", "pgbouncer"],
        "properties": {
            "type": {"enum": ["rw", "ro"]},
            "pgbouncer": {"properties": {"poolMode": {"enum": ["session", "transaction"]}}},
        },
    },
    "RabbitmqCluster": {"required": ["replicas"], "properties": {"replicas": _COUNT}},
}


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "docker" / "kubernetes"


@pytest.fixture(scope="module")
def documents(folder: Path) -> list[Document]:
    files = [file for part in PARTS for file in (folder / part).glob("*.yaml") if file.name != "kustomization.yaml"]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


@pytest.fixture(scope="module")
def workloads(documents: list[Document]) -> list[Document]:
    return [d for d in documents if d["kind"] in {"Deployment", "Job", "ScaledJob"}]


def template(document: Document) -> Document:
    """The pod of a workload."""
    spec: Document = document["spec"]
    return dict(spec.get("jobTargetRef", spec)["template"])


def containers(workloads: list[Document]) -> Iterator[Document]:
    return (container for w in workloads for container in template(w)["spec"]["containers"])


def named(documents: list[Document], kind: str) -> dict[str, Document]:
    return {d["metadata"]["name"]: d for d in documents if d["kind"] == kind}


@pytest.mark.parametrize("part", PARTS)
def test_kustomization_names_what_is_there(folder: Path, part: str) -> None:
    kustomization = yaml.safe_load((folder / part / "kustomization.yaml").read_text())
    files = {file.name for file in (folder / part).glob("*.yaml")} - {"kustomization.yaml"}
    listed = set(kustomization["resources"])
    assert {name for name in listed if name.endswith(".yaml")} == files
    assert all((folder / part / name).exists() for name in listed)
    assert {image["name"] for image in kustomization.get("images", ())} <= IMAGES


def test_documents_are_what_kubernetes_takes(documents: list[Document]) -> None:
    for document in documents:
        if document["kind"] not in CUSTOM:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_documents_for_operators_are_what_they_take(documents: list[Document]) -> None:
    custom = [d for d in documents if d["kind"] in CUSTOM]
    assert {d["kind"] for d in custom} == CUSTOM.keys()
    for document in custom:
        jsonschema.validate(document["spec"], {"type": "object", **CUSTOM[document["kind"]]})


def test_pod_of_a_scaled_job_is_what_kubernetes_takes(documents: list[Document]) -> None:
    (scaled,) = named(documents, "ScaledJob").values()
    spec = dict(scaled["spec"]["jobTargetRef"])
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": spec}
    kubernetes_validate.validate(job, KUBERNETES, strict=True)


def test_everything_that_is_referred_to_is_there(documents: list[Document]) -> None:
    deployments = named(documents, "Deployment")
    labels = {name: d["spec"]["template"]["metadata"]["labels"] for name, d in deployments.items()}
    for name, deployment in deployments.items():
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels[name].items()
    for name, service in named(documents, "Service").items():
        assert service["spec"]["selector"].items() <= labels[name].items()
        ports = {port["name"] for port in deployments[name]["spec"]["template"]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for name, budget in named(documents, "PodDisruptionBudget").items():
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels[name].items()
    for scaler in (*named(documents, "HorizontalPodAutoscaler").values(), *named(documents, "ScaledObject").values()):
        assert scaler["spec"]["scaleTargetRef"]["name"] in deployments


def test_pods_are_restricted(workloads: list[Document]) -> None:
    for workload in workloads:
        pod = template(workload)["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
    for container in containers(workloads):
        assert container["image"] in IMAGES
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"].keys() == {"requests", "limits"}


def test_secrets_are_only_referred_to(documents: list[Document], workloads: list[Document]) -> None:
    assert not named(documents, "Secret")
    settings = named(documents, "ConfigMap")["ascension-settings"]["data"]
    assert not [name for name in settings if any(word in name for word in ("SECRET", "KEY", "PASSWORD", "URL"))]
    for container in containers(workloads):
        assert {"secretRef": {"name": "ascension-secrets"}} in container["envFrom"]


def test_commands_are_ours(workloads: list[Document]) -> None:
    import typer.main

    from ascension_core.cli import app

    commands = typer.main.get_group(app).commands
    for container in containers(workloads):
        if container["image"] == "ascension":
            command, *options = container["args"]
            known = {option for parameter in commands[command].params for option in parameter.opts}
            assert {option for option in options if option.startswith("--")} <= known, command


def test_questions_about_the_queue_are_answered_by_our_schema(documents: list[Document], database: Database) -> None:
    database.execute("insert into jobs (kind) values ('vision'), ('training_program'), ('training_program')")
    scalers = {**named(documents, "ScaledObject"), **named(documents, "ScaledJob")}
    counts = {
        name: database.row(scaler["spec"]["triggers"][0]["metadata"]["query"].encode()) for name, scaler in scalers.items()
    }
    assert counts == {"worker-short": {"count": 2}, "worker-long": {"count": 1}}
