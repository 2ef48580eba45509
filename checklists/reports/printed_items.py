"""The items of a report as they are printed: the foremost of everything, and how much was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

EVIDENCE_IN_PRINT = 200
MOST_TABLES = 100


@dataclass(frozen=True, slots=True)
class Room:
    """How many lines of each sort one item may take, so that hundreds of items stay a readable report.

    `in_tables`: measurements have a table in each item; beyond MOST_TABLES items a line.
    """

    measurements: int
    files: int
    kept: int
    notes: int
    in_tables: bool

    @classmethod
    def among(cls, items: int) -> Self:
        """The shares of one among so many: a small checklist shows much of each, a large one the foremost."""

        def share(most: int, least: int, whole: int) -> int:
            return max(least, min(most, whole // max(1, items)))

        return cls(
            measurements=share(40, 4, 1500),
            files=share(20, 2, 800),
            kept=share(40, 2, 1000),
            notes=share(20, 1, 400),
            in_tables=items <= MOST_TABLES,
        )


def printed(section: Mapping[str, Any], room: Room) -> dict[str, Any]:
    return {"title": section["title"], "items": [_item(item, room) for item in section["items"]]}


def _item(item: Mapping[str, Any], room: Room) -> dict[str, Any]:
    measured = [m for check in item["checks"] for m in _together(check["measurements"])]
    files = list({f["path"]: f for check in item["checks"] for f in check["files"]}.values())
    return {
        **item,
        "measured": foremost(measured, room.measurements),
        "in_tables": room.in_tables,
        "more_measured": max(0, len(measured) - room.measurements),
        "files": files[: room.files],
        "more_files": max(0, len(files) - room.files),
        "kept": list(_kept(item["checks"], room.kept)),
        "evidence": item["evidence"][: room.notes],
        "more_evidence": max(0, len(item["evidence"]) - room.notes),
        "notes": item["notes"][-room.notes :],
        "more_notes": max(0, len(item["notes"]) - room.notes),
        "isolated": _isolated(item["checks"]),
        "remarks": [c for c in item["checks"] if c["outcome"] != "PASS" and c["message"] != item["observed"]],
    }


def _kept(checks: Iterable[Mapping[str, Any]], most: int) -> Iterator[dict[str, Any]]:
    left = most
    for kept in (kept for check in checks for kept in check.get("kept", ())):
        lines = kept["lines"][:left]
        left -= len(lines)
        yield {**kept, "lines": lines, "more": kept["more"] + len(kept["lines"]) - len(lines)}


def evidence(report: Mapping[str, Any]) -> dict[str, Any]:
    """Every piece with its item, and the name under which it is attached: `{rows, more, attached}`."""
    names = {file["sha256"]: file["name"] for file in report.get("sealed", {}).get("attached", ())}
    rows = [
        {**piece, "number": item["number"], "attached": names.get(piece["sha256"], "")}
        for section in report["sections"]
        for item in section["items"]
        for piece in item["evidence"]
    ]
    more = max(0, len(rows) - EVIDENCE_IN_PRINT)
    return {"rows": rows[:EVIDENCE_IN_PRINT], "more": more, "attached": len(names)}


def foremost(measurements: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """At most that many, in their order; those that failed are the last to be left out."""
    by_weight = sorted(range(len(measurements)), key=lambda n: measurements[n].get("ok") is not False)
    return [measurements[n] for n in sorted(by_weight[:most])]


def _isolated(checks: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Kinds by the isolation that their processes reached; snapshots of before it was told have none."""
    kinds: dict[str, dict[str, None]] = {}
    for check in checks:
        if check.get("isolation"):
            kinds.setdefault(check["isolation"], {})[check["kind"]] = None
    return [{"kinds": ", ".join(names), "level": level} for level, names in kinds.items()]


def _together(measurements: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Neighbours that read alike in the same file ("complete", "complete", …) as one line."""

    def alike(one: Mapping[str, Any]) -> tuple[Any, ...]:
        word = one["observed"] if one["ok"] and isinstance(one["value"], str | bool) else id(one)
        return word, one["expected"], str(one["source"]).partition(" · ")[0]

    for (_, _, source), run in groupby(measurements, key=alike):
        same = list(run)
        if len(same) == 1:
            yield same[0]
        else:
            names = ", ".join(one["name"] for one in same)
            yield {**same[0], "name": names, "source": source, "together": len(same)}
