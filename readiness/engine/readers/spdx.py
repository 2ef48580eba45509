"""SPDX 2 documents: JSON and tag-value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import objects, soft, texts
from readiness.engine.readers.boms import Bom, Component, distinct

VERSIONS = ("SPDX-2.1", "SPDX-2.2", "SPDX-2.3")
_DOCUMENT = "SPDXRef-DOCUMENT"
_NOTHING = ("NOASSERTION", "NONE", "")
_TAG = re.compile(r"([A-Za-z]+):[ \t]*(.*)")
_TEXT, _END = "<text>", "</text>"
_PACKAGE = {
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageLicenseConcluded": "licenseConcluded",
    "PackageLicenseDeclared": "licenseDeclared",
}


def from_json(data: Mapping[str, Any], file: str) -> Bom:
    """A document with `spdxVersion`. Raises BadContent."""
    version = soft(data, "spdxVersion")
    if version not in VERSIONS:
        raise BadContent(
            f"{file} is SPDX of the version {version[:20] or 'none'}, which is not known here.",
            f"Known are {', '.join(VERSIONS)}.",
        )
    described = set(texts(data, "documentDescribes"))
    for relation in objects(data, "relationships", file, needed=False):
        own, other = soft(relation, "spdxElementId"), soft(relation, "relatedSpdxElement")
        kind = soft(relation, "relationshipType")
        described |= {other} if (own, kind) == (_DOCUMENT, "DESCRIBES") else set()
        described |= {own} if (other, kind) == (_DOCUMENT, "DESCRIBED_BY") else set()
    packages = [(soft(each, "SPDXID"), _package(each, file)) for each in objects(data, "packages", file)]
    primary = [part for ref, part in packages if ref in described]
    # A document that describes all of its packages has no primary one.
    first = primary[0] if len(primary) == 1 else None
    return Bom("SPDX", version, first, distinct(part for _, part in packages if part is not first))


def _package(entry: Mapping[str, Any], file: str) -> Component:
    name = soft(entry, "name")
    if not name:
        raise BadContent(f"{file} holds a package without name.", "Write the bill of materials again.")
    said = [soft(entry, "licenseConcluded"), soft(entry, "licenseDeclared")]
    licences = tuple(dict.fromkeys(each for each in said if each not in _NOTHING))
    version = soft(entry, "versionInfo")
    refs = objects(entry, "externalRefs", file, needed=False)
    # the type is a word, or the address of its definition
    purls = (soft(r, "referenceLocator") for r in refs if soft(r, "referenceType").split("/")[-1] == "purl")
    purl = next(purls, "")
    digests = [e for e in objects(entry, "checksums", file, needed=False) if soft(e, "checksumValue")]
    return Component(name, "" if version in _NOTHING else version, purl, licences, len(digests))


def from_tags(text: str, file: str) -> Bom:
    """A tag-value document, by way of its JSON form. Raises BadContent naming the line."""
    document: dict[str, Any] = {"packages": [], "relationships": []}
    package: dict[str, Any] | None = None
    for number, tag, value in _tags(text, file):
        if tag == "SPDXVersion":
            if "spdxVersion" in document:
                raise BadContent(f"{file} line {number} states SPDXVersion a second time.", "")
            document["spdxVersion"] = value
        elif tag == "PackageName":
            package = {"name": value, "externalRefs": [], "checksums": []}
            document["packages"].append(package)
        elif tag in ("FileName", "SnippetSPDXID", "LicenseID"):
            package = None
        elif tag == "Relationship":
            own, kind, other = (*value.split(), "", "", "")[:3]
            relation = {"spdxElementId": own, "relationshipType": kind, "relatedSpdxElement": other}
            document["relationships"].append(relation)
        elif package is not None:
            _into(package, tag, value)
    return from_json(document, file)


def _into(package: dict[str, Any], tag: str, value: str) -> None:
    if tag in _PACKAGE:
        package.setdefault(_PACKAGE[tag], value)
    elif tag == "PackageChecksum":
        package["checksums"].append({"checksumValue": value.partition(":")[2].strip()})
    elif tag == "ExternalRef":
        _, kind, locator = (*value.split(), "", "", "")[:3]
        package["externalRefs"].append({"referenceType": kind, "referenceLocator": locator})


def _tags(text: str, file: str) -> Iterator[tuple[int, str, str]]:
    held: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if held is not None:
            held[2].append(line)
            if _END in line:
                yield held[0], held[1], "\n".join(held[2])
                held = None
            continue
        if not line.strip() or line.startswith("#"):
            continue
        match = _TAG.fullmatch(line.strip())
        if match is None:
            raise BadContent(f"{file} line {number} is no SPDX tag: {line[:60]!r}.", "Write `Tag: value`.")
        if _TEXT in match[2] and _END not in match[2]:
            held = (number, match[1], [match[2]])
        else:
            yield number, match[1], match[2].strip()
    if held is not None:
        raise BadContent(f"{file} ends within the text of line {held[0]}.", "Write it again.")
