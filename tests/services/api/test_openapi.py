import json
import re

from services.api.app import openapi


def operations(document):
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_document_in_the_repository_is_current(root):
    stored = json.loads((root / "docs" / "openapi.json").read_text())
    assert stored == json.loads(json.dumps(openapi())), "write it anew: ascension serve --out docs/openapi.json"


def test_operations_can_be_told_apart_and_understood():
    found = operations(openapi())
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+[A-Z][A-Za-z]+", name) for name in names)
    assert [operation["operationId"] for operation in found if not operation.get("description")] == []


def test_every_body_has_an_example():
    document = openapi()
    bodies = set()
    for operation in operations(document):
        said = [operation.get("requestBody", {}), *operation["responses"].values()]
        bodies |= {schema for one in said for schema in re.findall(r"schemas/(\w+)", json.dumps(one))}
    made = {"Problem", "VideoCreated"} | {name for name in bodies if name.startswith("Page")}  # of others
    lacking = {name for name in bodies if "examples" not in document["components"]["schemas"][name]}
    assert lacking <= made


def test_errors_are_problems_with_an_example():
    for operation in operations(openapi()):
        for status, answer in operation["responses"].items():
            if status >= "400" and operation["operationId"] != "isReady":
                content = answer["content"]["application/problem+json"]
                assert (list(answer["content"]), content["example"]["status"]) == (["application/problem+json"], int(status))


def test_all_but_operators_need_a_key():
    document = openapi()
    free = {
        path for path, methods in document["paths"].items() for operation in methods.values() if not operation.get("security")
    }
    assert free == {"/livez", "/readyz", "/metrics"}
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
