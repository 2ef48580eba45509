"""VEX: statements that a vulnerability does no harm here, in OpenVEX or CycloneDX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers.advisories import (
    Advisory,
    components_of,
    objects,
    same_package,
    settled,
    soft,
    text,
    texts,
)

_OPENVEX = "https://openvex.dev/ns"
_STATUSES = ("not_affected", "affected", "fixed", "under_investigation")


@dataclass(frozen=True, slots=True)
class Statement:
    """Names of one vulnerability and the products that are spoken of.

    `reason` says why it does no harm there, or is "" when the statement does not say so; `harmful` when it
    says the opposite.
    """

    ids: frozenset[str]
    products: tuple[str, ...]
    reason: str
    harmful: bool = False

    def covers(self, advisory: Advisory, product: str) -> bool:
        """Whether the advisory is meant: an id in common, and its package (or the whole `product`) named."""
        if not self.ids.intersection(advisory.ids):
            return False
        return any((product and each == product) or same_package(advisory, each) for each in self.products)


def read(data: Any, file: str) -> list[Statement]:
    """The statements of a VEX document. Raises BadContent for anything but OpenVEX and CycloneDX."""
    if isinstance(data, Mapping) and soft(data, "@context").startswith(_OPENVEX):
        return [_openvex(each, file) for each in objects(data, "statements", file)]
    if isinstance(data, Mapping) and data.get("bomFormat") == "CycloneDX":
        return list(_cyclonedx(data, file))
    raise BadContent(f"{file} is neither OpenVEX nor CycloneDX.", "Write the VEX document as JSON.")


def verdict(advisory: Advisory, statements: list[Statement], product: str) -> str:
    """The reason to set an advisory aside, or "" when there is none or a statement contradicts it."""
    meant = [each for each in statements if each.covers(advisory, product)]
    if any(each.harmful for each in meant):
        return ""
    return next((each.reason for each in meant if each.reason), "")


def _openvex(entry: Mapping[str, Any], file: str) -> Statement:
    status = text(entry, "status", file)
    if status not in _STATUSES:
        raise BadContent(f"{file} has the unknown status {status[:40]!r}.", f"Known: {', '.join(_STATUSES)}.")
    named = entry.get("vulnerability")
    if isinstance(named, Mapping):
        ids = [text(named, "name", file), *texts(named, "aliases")]
    else:
        ids = [text(entry, "vulnerability", file)]
    products = tuple(name for each in _products(entry, file) for name in _identifiers(each, file))
    why = soft(entry, "justification") or soft(entry, "impact_statement")
    reason = f"not_affected: {why}" if status == "not_affected" and why else ""
    reason = "fixed" if status == "fixed" else reason
    return Statement(frozenset(ids), products, reason, harmful=status == "affected")


def _products(entry: Mapping[str, Any], file: str) -> Iterator[Mapping[str, Any]]:
    # Version 0.0.1 of the format lists texts; with subcomponents only those are meant.
    for each in entry.get("products") or []:
        product = {"@id": each} if isinstance(each, str) else each
        if not isinstance(product, Mapping):
            raise BadContent(f"{file} names a product that is neither text nor object.", "")
        inner = list(objects(product, "subcomponents", file, needed=False))
        yield from inner or [product]


def _identifiers(product: Mapping[str, Any], file: str) -> list[str]:
    known = product.get("identifiers")
    purl = soft(known, "purl")
    found = [name for name in (soft(product, "@id"), purl) if name]
    if not found:
        raise BadContent(f"{file} names a product without @id.", "Write its purl there.")
    return found


def _cyclonedx(data: Mapping[str, Any], file: str) -> Iterator[Statement]:
    parts = components_of(data, file)
    for found in objects(data, "vulnerabilities", file):
        refs = [soft(each, "ref") for each in objects(found, "affects", file, needed=False)]
        purls = [soft(parts.get(ref), "purl") for ref in refs]
        harmful = soft(found.get("analysis"), "state") == "exploitable"
        products = tuple(filter(None, [*refs, *purls]))
        reason = settled(found.get("analysis"))
        yield Statement(frozenset([text(found, "id", file)]), products, reason, harmful)
