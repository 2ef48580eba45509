"""The OpenAPI document: valid, whole, with examples that hold."""

from __future__ import annotations

import re
from collections import Counter

import jsonschema
import pytest
from jsonschema import Draft202012Validator

from checklists.api import document
from checklists.api.root import api as ninja_api
from checklists.api.root import modules
from checklists.models.access import Scope

DOCUMENT = document.build(ninja_api)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
IDS = [name for name, _ in OPERATIONS]
WRITES = [(name, operation) for name, operation in OPERATIONS if not name.startswith("GET")]


def test_served_to_everybody(client):
    """The document holds no data, so it needs no token."""
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert "token" in answer.json()["info"]["description"]


def test_names_are_unique():
    """Each operation has a name of its own."""
    names = Counter(operation["operationId"] for _, operation in OPERATIONS)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_module_takes_part():
    """Modules with routes are found by themselves: what the document lists comes from all of them."""
    assert {"projects", "releases", "gates", "items", "evidence", "signoffs", "reports"} <= set(modules())


@pytest.mark.parametrize("operation", [o for _, o in OPERATIONS], ids=IDS)
def test_operation(operation):
    """Summary, description, scope, security, errors, and an example in each JSON content."""
    assert operation["summary"]
    assert operation["description"]
    assert operation["security"] == [{"BearerToken": []}]
    assert operation["x-scope"] in Scope.values
    assert {401, 403, 404, 429} <= {int(status) for status in operation["responses"]}
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [answer.get("content", {}) for answer in operation["responses"].values()]
    for content in contents:
        for media_type, told in content.items():
            if "json" in media_type:
                validator = Draft202012Validator(
                    {**told["schema"], "components": DOCUMENT["components"]},
                    format_checker=jsonschema.FormatChecker(),
                )
                assert [error.message for error in validator.iter_errors(told["example"])] == []


@pytest.mark.parametrize("operation", [o for _, o in OPERATIONS], ids=IDS)
def test_parameters_have_examples(operation):
    """Whoever tries it out finds a value for everything that is required."""
    missing = [p["name"] for p in operation["parameters"] if p["required"] and "example" not in p]
    assert missing == []
    in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
    path = next(
        path for path, methods in DOCUMENT["paths"].items() if any(o is operation for o in methods.values())
    )
    assert in_path == set(re.findall(r"{(\w+)}", path))


def test_reading_never_needs_more_than_reading():
    """What changes something needs its own scope; a report changes nothing that counts."""
    lax = [name for name, operation in WRITES if operation["x-scope"] == "read"]
    assert lax == ["POST /api/v1/gates/{pk}/reports"]


def test_nothing_signs():
    """No operation signs, ticks, decides on a waiver or votes."""
    told = " ".join(f"{name} {operation['operationId']}" for name, operation in WRITES)
    assert not re.search(r"sign|tick|approve|vote|drop|members", told)


def test_no_secret_leaves():
    """No shape has a field for a password, a mail address or a token."""
    fields = {
        name for shape in DOCUMENT["components"]["schemas"].values() for name in shape.get("properties", {})
    }
    assert not {f for f in fields if re.search(r"mail|password|token|hash$|secret", f)}
