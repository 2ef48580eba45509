"""CycloneDX bills of materials: JSON and XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from readiness.engine.errors import BadContent
from readiness.engine.readers import xml
from readiness.engine.readers.advisories import objects, soft
from readiness.engine.readers.boms import Bom, Component, distinct

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
_NAMESPACE = "http://cyclonedx.org/schema/bom/"


def from_json(data: Mapping[str, Any], file: str) -> Bom:
    """A document of `bomFormat` CycloneDX. Raises BadContent."""
    metadata = data.get("metadata")
    primary = metadata.get("component") if isinstance(metadata, Mapping) else None
    return Bom(
        "CycloneDX",
        _version(soft(data, "specVersion"), file),
        _component(primary, file) if isinstance(primary, Mapping) else None,
        distinct(_parts(data, file)),
    )


def _version(version: str, file: str) -> str:
    if version not in VERSIONS:
        raise BadContent(
            f"{file} is CycloneDX of the version {version[:20] or 'none'}, which is not known here.",
            f"Known are {VERSIONS[0]} to {VERSIONS[-1]}.",
        )
    return version


def _parts(holder: Mapping[str, Any], file: str) -> Iterator[Component]:
    for part in objects(holder, "components", file, needed=False):
        if soft(part, "type") != "file":
            yield _component(part, file)
        yield from _parts(part, file)


def _component(part: Mapping[str, Any], file: str) -> Component:
    name = soft(part, "name")
    if not name:
        raise BadContent(f"{file} holds a component without name.", "Write the bill of materials again.")
    licences = [
        licence for each in objects(part, "licenses", file, needed=False) for licence in _licence(each)
    ]
    digests = [each for each in objects(part, "hashes", file, needed=False) if soft(each, "content")]
    return Component(name, soft(part, "version"), soft(part, "purl"), tuple(licences), len(digests))


def _licence(entry: Mapping[str, Any]) -> list[str]:
    inner = entry.get("license")
    return [said for said in (soft(entry, "expression"), soft(inner, "id") or soft(inner, "name")) if said]


def from_xml(content: bytes, file: str) -> Bom:
    """A `<bom>` in CycloneDX's namespace. Raises BadContent."""
    root = xml.parse(content, file, roots=("bom",), what="a CycloneDX document")
    namespace = root.tag.rpartition("}")[0].lstrip("{")
    if not namespace.startswith(_NAMESPACE):
        raise BadContent(f"{file} is XML of the namespace {namespace[:80]!r}, not CycloneDX.", "")
    metadata = next(xml.children(root, "metadata"), None)
    primary = next(xml.children(metadata, "component"), None) if metadata is not None else None
    return Bom(
        "CycloneDX",
        _version(namespace.removeprefix(_NAMESPACE), file),
        _element(primary, file) if primary is not None else None,
        distinct(_elements(root, file)),
    )


def _elements(holder: Element, file: str) -> Iterator[Component]:
    for components in xml.children(holder, "components"):
        for part in xml.children(components, "component"):
            if part.get("type") != "file":
                yield _element(part, file)
            yield from _elements(part, file)


def _element(part: Element, file: str) -> Component:
    name = xml.text(part, "name")
    if not name:
        raise BadContent(f"{file} holds a component without name.", "Write the bill of materials again.")
    licences: list[str] = []
    for listed in xml.children(part, "licenses"):
        licences += [
            xml.text(each, "id") or xml.text(each, "name") for each in xml.children(listed, "license")
        ]
        licences += [(each.text or "").strip() for each in xml.children(listed, "expression")]
    digests = [h for listed in xml.children(part, "hashes") for h in xml.children(listed, "hash") if h.text]
    kept = tuple(filter(None, licences))
    return Component(name, xml.text(part, "version"), xml.text(part, "purl"), kept, len(digests))
