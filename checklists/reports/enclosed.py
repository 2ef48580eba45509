"""What a bundle encloses of the database: which rows, as they were when the report was asked for.

The report's snapshot says most of it already; ids of rows that never change say the rest. So a bundle can be
built again at any later time, and is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.text import slugify

from checklists.errors import Refused
from checklists.loaded import LoadedGate
from checklists.models import Report, SignOff
from readiness.engine import seal

MOST_NAMED = 3
LARGEST = 2**53 - 1


def enclosed(loaded: LoadedGate) -> dict[str, Any]:
    """`{runs: {item key: id}, signoffs: [id], address}`: each item's latest run, every sign-off ever given.

    `address` is the installation's. Runs in the transaction of the act that asks for the report; one query.
    """
    ids = SignOff.objects.filter(gate=loaded.gate.pk).order_by("pk").values_list("pk", flat=True)
    runs = {item.key: item.row.run_id for item in loaded.items if item.row.run_id}
    return {"runs": runs, "signoffs": list(ids), "address": settings.PUBLIC_URL}


def items(snapshot: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The items of a report's snapshot, in the order of the checklist."""
    for section in snapshot["sections"]:
        yield from section["items"]


def pieces(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every piece of evidence that counted at that moment, with its item's key."""
    for item in items(snapshot):
        for piece in item["evidence"]:
            yield item["key"], piece


def files(snapshot: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The evidence files by SHA-256: a file that is attached twice lies in a bundle once."""
    return {piece["sha256"]: piece for _, piece in pieces(snapshot) if piece["kind"] == "file"}


def require_size(snapshot: Mapping[str, Any]) -> None:
    """Raises Refused where the evidence is more than a bundle may hold, with the largest files."""
    found = sorted(files(snapshot).values(), key=lambda piece: -piece["size"])
    total, most = sum(piece["size"] for piece in found), settings.BUNDLE_MAX_BYTES
    if total <= most:
        return
    named = ", ".join(f"{piece['name']} {piece['size'] / 1e6:.0f} MB" for piece in found[:MOST_NAMED])
    raise Refused(
        f"The evidence of this gate has {total / 1e6:.0f} MB in {len(found)} files; a bundle holds at most "
        f"{most / 1e6:.0f} MB. The largest: {named}.",
        "Ask for the report without the bundle, or have the operator raise READINESS_BUNDLE_MAX_MB.",
    )


def bundle_name(report: Report) -> str:
    """A name for the download, from plain characters only."""
    release = report.gate.release
    version = release.version.replace(".", "-")
    slug = slugify(f"{release.project.slug} {version} {report.gate.environment.name}")
    return f"readiness-audit-{slug[:100]}-report-{report.pk}.zip"


def canonical(content: dict[str, Any]) -> bytes:
    """Canonical JSON. Checks of anybody may have noted integers that JSON does not hold: they become text."""
    try:
        return seal.canonical(content)
    except seal.NotCanonicalError:
        return seal.canonical(_exact(content))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return str(value) if type(value) is int and abs(value) > LARGEST else value
