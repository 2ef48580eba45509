"""VEX: statements that a vulnerability does no harm here, in OpenVEX or CycloneDX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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
    versions_of,
)

_OPENVEX = "https://openvex.dev/ns"
_IDENTIFIERS = ("purl", "cpe23", "cpe22", "@cpe23", "@cpe22")  # the schema and the prose differ
_STATUSES = ("not_affected", "affected", "fixed", "under_investigation")


@dataclass(frozen=True, slots=True)
class Product:
    """Names of one thing that is spoken of, and its single versions; None: every version."""

    names: tuple[str, ...]
    versions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Names of one vulnerability and the products that are spoken of.

    `reason` says why it does no harm there, or is "" when the statement does not say so; `harmful` when it
    says the opposite, or that nobody knows yet. `at` is when it was made, None where that is not said.
    """

    ids: frozenset[str]
    products: tuple[Product, ...]
    reason: str
    harmful: bool = False
    at: datetime | None = None

    def covers(self, advisory: Advisory, product: str) -> bool:
        """Whether the advisory is meant: an id in common, and its package (or the whole `product`) named.

        Single versions limit only what is cleared: a warning is heard for every version.
        """
        if not self.ids.intersection(advisory.ids):
            return False
        return any(
            (self.harmful or each.versions is None or advisory.version in each.versions)
            and any((product and name == product) or same_package(advisory, name) for name in each.names)
            for each in self.products
        )


def read(data: Any, file: str) -> list[Statement]:
    """The statements of a VEX document. Raises BadContent for anything but OpenVEX and CycloneDX."""
    if isinstance(data, Mapping) and soft(data, "@context").startswith(_OPENVEX):
        made = _time(data, file)
        return [_openvex(each, file, made) for each in objects(data, "statements", file)]
    if isinstance(data, Mapping) and data.get("bomFormat") == "CycloneDX":
        return list(_cyclonedx(data, file))
    raise BadContent(f"{file} is neither OpenVEX nor CycloneDX.", "Write the VEX document as JSON.")


def verdict(advisory: Advisory, statements: list[Statement], product: str) -> str:
    """The reason to set an advisory aside, or "" when there is none or a statement contradicts it.

    A later statement replaces an earlier one, where each of them says when it was made.
    """
    meant = [each for each in statements if each.covers(advisory, product)]
    times = [each.at for each in meant if each.at is not None]
    if times and len(times) == len(meant):
        meant = [each for each in meant if each.at == max(times)]
    if any(each.harmful for each in meant):
        return ""
    return next((each.reason for each in meant if each.reason), "")


def _time(holder: Mapping[str, Any], file: str) -> datetime | None:
    said = soft(holder, "last_updated") or soft(holder, "timestamp")
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise BadContent(f"{file} has the time {said[:40]!r}.", "Write it as 2027-01-31T09:30:00Z.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _openvex(entry: Mapping[str, Any], file: str, made: datetime | None) -> Statement:
    status = text(entry, "status", file)
    if status not in _STATUSES:
        raise BadContent(f"{file} has the unknown status {status[:40]!r}.", f"Known: {', '.join(_STATUSES)}.")
    named = entry.get("vulnerability")
    if isinstance(named, Mapping):
        ids = [text(named, "name", file), *texts(named, "aliases")]
    else:
        ids = [text(entry, "vulnerability", file)]
    products = tuple(Product(_identifiers(each, file)) for each in _products(entry, file))
    why = soft(entry, "justification") or soft(entry, "impact_statement")
    reason = f"not_affected: {why}" if status == "not_affected" and why else ""
    reason = "fixed" if status == "fixed" else reason
    harmful = status in ("affected", "under_investigation")
    return Statement(frozenset(ids), products, reason, harmful, _time(entry, file) or made)


def _products(entry: Mapping[str, Any], file: str) -> Iterator[Mapping[str, Any]]:
    # Version 0.0.1 lists texts, subcomponents beside them; where there are any, only those are meant.
    beside = list(_components(entry, "subcomponents", file))
    if beside:
        yield from beside
        return
    for product in _components(entry, "products", file):
        inner = list(_components(product, "subcomponents", file))
        yield from inner or [product]


def _components(holder: Mapping[str, Any], name: str, file: str) -> Iterator[Mapping[str, Any]]:
    listed = holder.get(name)
    if listed is None:
        return
    for each in listed if isinstance(listed, list) else [None]:
        component = {"@id": each} if isinstance(each, str) else each
        if not isinstance(component, Mapping):
            raise BadContent(f"{file} names a product that is neither text nor object.", "")
        yield component


def _identifiers(product: Mapping[str, Any], file: str) -> tuple[str, ...]:
    known = product.get("identifiers")
    found = [soft(product, "@id"), *(soft(known, kind) for kind in _IDENTIFIERS)]
    if not any(found):
        raise BadContent(f"{file} names a product without @id and identifiers.", "Write its purl there.")
    return tuple(filter(None, found))


def _cyclonedx(data: Mapping[str, Any], file: str) -> Iterator[Statement]:
    parts = components_of(data, file)
    for found in objects(data, "vulnerabilities", file):
        others = [soft(each, "id") for each in objects(found, "references", file, needed=False)]
        ids = frozenset(filter(None, [text(found, "id", file), *others]))
        products = []
        for each in objects(found, "affects", file, needed=False):
            ref = soft(each, "ref")
            names = tuple(filter(None, (ref, soft(parts.get(ref), "purl"))))
            products.append(Product(names, versions_of(each, file)))
        harmful = soft(found.get("analysis"), "state") in ("exploitable", "in_triage")
        yield Statement(ids, tuple(products), settled(found.get("analysis")), harmful)
