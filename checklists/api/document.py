"""The API's OpenAPI document: what ninja derives from the views; with errors, headers, scopes, examples."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from pydantic.json_schema import models_json_schema

from checklists.api.door import BearerToken
from checklists.api.problems import KINDS, MEDIA_TYPE
from checklists.api.repeats import HEADER, STREAM
from checklists.api.shapes import ProblemShape

REF = "#/components/schemas/"
READING = (400, 401, 403, 404, 422, 429, 500, 503)
WRITING = (*READING, 409, 413, 415)
ABOUT = (
    "Readiness for pipelines. Every request carries a token: `Authorization: Bearer rdy_…`. A token may do"
    " what its scopes and its person's roles both allow, and never signs. Lists come in pages: follow `next`."
    " Times are UTC. Errors are problem details (RFC 9457): read `detail` and `advice`."
)
TAGGED = "gate_one", "release_gate"


@cache
def build(api: NinjaAPI) -> dict[str, Any]:
    """The document of an API."""
    made: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    made["info"] |= {"description": ABOUT}
    made["servers"] = [{"url": settings.PUBLIC_URL}]
    schemas = made["components"]["schemas"]
    _, defined = models_json_schema([(ProblemShape, "serialization")], ref_template=f"{REF}{{model}}")
    schemas.update(defined["$defs"])
    for methods in made["paths"].values():
        for method, operation in methods.items():
            _complete(operation, method, schemas)
    for operation, scope in _scopes(api):
        for methods in made["paths"].values():
            for one in methods.values():
                if one["operationId"] == operation:
                    one["x-scope"] = scope
                    one["description"] = f"{one.get('description', '')}\n\nScope: `{scope}`.".strip()
    return made


def _scopes(api: NinjaAPI) -> list[tuple[str, str]]:
    return [
        (api.get_openapi_operation_id(operation), callback.scope.value)
        for router in api._get_bound_routers()  # noqa: SLF001  # ninja offers no list of its operations
        for view in router.path_operations.values()
        for operation in view.operations
        for callback in operation.auth_callbacks
        if isinstance(callback, BearerToken)
    ]


def _complete(operation: dict[str, Any], method: str, schemas: dict[str, Any]) -> None:
    for status in READING if method == "get" else WRITING:
        operation["responses"].setdefault(status, _problem(status))
    for parameter in operation["parameters"]:
        _plain(parameter)
    body = operation.get("requestBody", {}).get("content", {})
    for media_type, content in body.items():
        if media_type == "multipart/form-data":
            _fields(content["schema"])
    operation["parameters"] += _headers(operation, method, body)
    answers = [
        answer.get("content", {}) for status, answer in operation["responses"].items() if int(status) < 300
    ]
    for contents in (body, *answers):
        for media_type, content in contents.items():
            if "example" not in content and "json" in media_type:
                content["example"] = sample(content["schema"], schemas)


def _headers(operation: dict[str, Any], method: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    if method == "post" and STREAM not in body:
        key = {"type": "string", "pattern": "^[!-~]{1,200}$"}
        found.append((HEADER, "The same key and request get the same answer", "deploy-7f3a", key))
    if operation["operationId"] in TAGGED:
        operation["responses"][304] = {"description": "Nothing changed"}
        found.append(("If-None-Match", "The ETag of an earlier answer", '"1.41"', {"type": "string"}))
    return [
        {
            "in": "header",
            "name": name,
            "required": False,
            "description": words,
            "schema": schema,
            "example": example,
        }
        for name, words, example, schema in found
    ]


def _fields(schema: dict[str, Any]) -> None:
    """A form has no null either: what is not given is left out."""
    for name, part in schema["properties"].items():
        kinds = [kind for kind in part.get("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            schema["properties"][name] = {**kinds[0], "title": part.get("title", name)}


def _plain(parameter: dict[str, Any]) -> None:
    """In an address there is no null, and OpenAPI's `examples` of a parameter are another thing."""
    schema = parameter["schema"] = dict(parameter["schema"])
    told = [
        value for value in (*schema.pop("examples", ()), *parameter.pop("examples", ())) if value is not None
    ]
    if told:
        parameter["example"] = told[0]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= kinds[0]
        schema.pop("default", None)
        parameter["schema"] = schema


def _problem(status: int) -> dict[str, Any]:
    kind, title = KINDS[status]
    example: dict[str, Any] = {
        "type": f"urn:readiness:problem:{kind}",
        "title": title,
        "status": status,
        "detail": "What was wrong with this request.",
        "instance": "/api/v1/projects",
    }
    if status == 422:
        example["errors"] = [{"field": "version", "message": "Field required"}]
    return {
        "description": title,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{REF}ProblemShape"}, "example": example}},
    }


def sample(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An example of a schema, from the examples of its fields."""
    told = schema.get("examples") or schema.get("enum")
    if told:
        return told[0]
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].removeprefix(REF)], schemas)
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], schemas)
    if "properties" in schema:
        return {name: sample(part, schemas) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [sample(schema["items"], schemas)]
    return schema.get("default")


def view(api: NinjaAPI) -> Any:
    """The view of /api/v1/openapi.json, open to everybody: it holds no data."""

    def openapi(request: HttpRequest) -> HttpResponse:
        answer = JsonResponse(build(api))
        answer["Cache-Control"] = "public, max-age=300"
        return answer

    return openapi
