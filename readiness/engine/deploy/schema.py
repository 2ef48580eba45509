"""The JSON Schema of a release manifest, made from the classes that read it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from readiness.engine.deploy.manifest import SCHEMA_VERSION, Manifest

FILE = "docs/schemas/release-manifest.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12; equal to what `reading.convert` accepts, but for artifacts that stand twice."""
    made = msgspec.json.schema(Manifest)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:readiness:release-manifest:v{SCHEMA_VERSION}",
        "title": "Release manifest",
        "$ref": made["$ref"],
        "$defs": made["$defs"],
    }


def dump() -> str:
    """The text of the published file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
