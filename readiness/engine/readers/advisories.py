"""Advisories: one vulnerability of one package, whatever tool reports it, and what identifies a package."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from readiness.engine.errors import BadContent

SEVERITIES = ("critical", "high", "medium", "low", "unknown")
_WORDS = {
    "critical": "critical", "high": "high", "important": "high", "medium": "medium", "moderate": "medium",
    "low": "low", "negligible": "low", "info": "low", "informational": "low", "none": "low",
}  # fmt: skip
AGAIN = "Write the report again, as JSON."


@dataclass(frozen=True, slots=True)
class Advisory:
    """One vulnerability of one package. `ids`: its names, the scanner's own first; `severity` one of
    SEVERITIES. `ref` and `purl` identify the component where the report says so.
    """

    ids: tuple[str, ...]
    severity: str
    package: str = ""
    version: str = ""
    fixed: str = ""
    purl: str = ""
    ref: str = ""

    @property
    def id(self) -> str:
        """The scanner's own name for it."""
        return self.ids[0]


@dataclass(slots=True)
class Scan:
    """A read report. `scanned`: how many packages or targets were looked at, None where it is not said;
    `skipped`: what was left out, with the reason; `set_aside`: what the report itself calls harmless;
    `unproven`: nothing in it says that anybody looked for vulnerabilities.
    """

    tool: str
    advisories: list[Advisory] = field(default_factory=list)
    scanned: int | None = None
    skipped: list[str] = field(default_factory=list)
    set_aside: list[tuple[Advisory, str]] = field(default_factory=list)
    unproven: bool = False


def severity(word: Any, score: Any = None) -> str:
    """A severity by its word, else by its CVSS score (9 critical, 7 high, 4 medium), else "unknown"."""
    known = _WORDS.get(word.lower()) if isinstance(word, str) else None
    if known:
        return known
    try:
        number = float(score) if type(score) in (str, int, float) else math.nan
    except ValueError:
        number = math.nan
    if not 0 < number <= 10:
        return "unknown"
    return next(
        name for name, least in (("critical", 9), ("high", 7), ("medium", 4), ("low", 0)) if number >= least
    )


def worst(severities: Iterable[str]) -> str:
    """The worst of several severities; "unknown" only where nothing else is known."""
    seen = set(severities)
    return next((name for name in SEVERITIES if name in seen), "unknown")


def objects(holder: Any, name: str, file: str, *, needed: bool = True) -> Iterator[Mapping[str, Any]]:
    """The objects of a list. Raises BadContent where there is no list, or something else in it."""
    listed = holder.get(name)
    if listed is None and not needed:
        return
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise BadContent(f"{file}: {name} is no list of objects.", AGAIN)
    yield from listed


def text(holder: Mapping[str, Any], name: str, file: str) -> str:
    """A text that must be there. Raises BadContent."""
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise BadContent(f"{file} holds an entry without {name}.", AGAIN)
    return value


def soft(holder: Any, name: str) -> str:
    """A text that may be missing."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value if isinstance(value, str) else ""


def texts(holder: Mapping[str, Any], name: str) -> list[str]:
    """The texts of a list that may be missing."""
    listed = holder.get(name)
    return [each for each in listed if isinstance(each, str) and each] if isinstance(listed, list) else []


def components_of(data: Mapping[str, Any], file: str) -> dict[str, Mapping[str, Any]]:
    """All components of a CycloneDX document by `bom-ref`, nested ones and the primary one included."""
    found: dict[str, Mapping[str, Any]] = {}
    metadata = data.get("metadata")
    primary = metadata.get("component") if isinstance(metadata, Mapping) else None
    left = [primary] if isinstance(primary, Mapping) else []
    left += objects(data, "components", file, needed=False)
    while left:
        part = left.pop()
        found[soft(part, "bom-ref") or f"#{len(found)}"] = part
        left += objects(part, "components", file, needed=False)
    return found


def settled(analysis: Any) -> str:
    """Why a CycloneDX analysis says that nothing is to be done; "" when it does not, or gives no reason."""
    state, detail = soft(analysis, "state"), soft(analysis, "detail")
    if state in ("resolved", "resolved_with_pedigree", "false_positive"):
        return f"{state}: {detail}" if detail else state
    why = soft(analysis, "justification") or detail
    return f"{state}: {why}" if state == "not_affected" and why else ""


def versions_of(affected: Any, file: str) -> tuple[str, ...] | None:
    """The single versions that a CycloneDX `affects` entry clears; None where it speaks of every version.

    Ranges are not understood, and versions that are said to be affected are not cleared.
    """
    listed = list(objects(affected, "versions", file, needed=False))
    if not listed:
        return None
    cleared = [each for each in listed if soft(each, "status") in ("", "unaffected")]
    return tuple(filter(None, (soft(each, "version") for each in cleared)))


def same_package(advisory: Advisory, product: str) -> bool:
    """Whether a product's identifier (purl, `bom-ref`, BOM-Link) names the advisory's package.

    Without a version every version is meant.
    """
    plain = unquote(product.rpartition("#")[2]) if product.startswith("urn:cdx:") else product
    if plain == advisory.ref and plain:
        return True
    name, version = _split(plain)
    own, own_version = _split(advisory.purl)
    if not own:
        own, own_version = advisory.package.lower(), advisory.version
        name = name.rpartition("/")[2]
    return bool(name) and _folded(name) == _folded(own) and version in ("", own_version)


def _split(purl: str) -> tuple[str, str]:
    """`pkg:type/namespace/name@version?qualifiers` as (type/namespace/name, version)."""
    if not purl.startswith("pkg:"):
        return "", ""
    path, at, version = purl[4:].partition("?")[0].partition("#")[0].rpartition("@")
    return (unquote(path), unquote(version)) if at else (unquote(version), "")


def _folded(name: str) -> str:
    return name.lower().replace("_", "-").strip("/")
