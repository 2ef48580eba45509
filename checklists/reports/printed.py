"""What the template prints of a stored snapshot: lines, counts and bounds, worked out beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from checklists import charts
from checklists.reports.entries import WORDS
from checklists.reports.legible import legible

FILES_IN_PRINT = 20
MEASUREMENTS_IN_PRINT = 40
CHARTS_IN_PRINT = 60
_ORDER = ("passed", "warned", "failed", "open", "na", "waived")


def headline(report: Mapping[str, Any]) -> str:
    """The sentence under the verdict: how many are decided, and what was signed."""
    verdict = report["verdict"]
    counts, total = verdict["counts"], verdict["total"]
    parts = [f"{total - counts['open']} of {total} items are decided"]
    parts += [f"{counts['failed']} failed"] if counts["failed"] else []
    parts += [f"{verdict['warnings']} passed with a warning"] if verdict["warnings"] else []
    parts += [f"{counts['na']} not applicable"] if counts["na"] else []
    parts += [f"{counts['waived']} waived"] if counts["waived"] else []
    return f"{', '.join(parts)}; {_signed(report['signatures'])}."


def _signed(signatures: Iterable[Mapping[str, Any]]) -> str:
    states = Counter(signature["state"] for signature in signatures)
    words = [_count(states["valid"], "valid signature")] if states["valid"] else []
    words += [f"{_count(states['declined'], 'role')} declined it"] if states["declined"] else []
    words += [_count(states["stale"], "stale signature")] if states["stale"] else []
    alone = len(words) == 1 and states["valid"]
    return (" and ".join(words) or "nobody has signed") + (" on this exact state" if alone else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def approvers(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One line for each role, and one for each further signature in it."""
    for role in report["roles"]:
        signed = [s for s in report["signatures"] if s["role"] == role["role"]]
        for one in signed:
            yield {"title": role["title"], "signature": one, "state": one["state"]}
        if not signed:
            yield {
                "title": role["title"],
                "signature": None,
                "state": role["state"],
                "dropped": role["dropped"],
            }


def bar(counts: Counter[str]) -> list[dict[str, Any]]:
    """Parts of the summary bar, widths in percent of it."""
    total = sum(counts.values()) or 1
    return [
        {
            "state": state,
            "width": f"{100 * counts[state] / total:.3f}",
            "words": f"{counts[state]} {WORDS[state].lower()}",
        }
        for state in _ORDER
        if counts[state]
    ]


def summary(section: Mapping[str, Any]) -> dict[str, Any]:
    counts = Counter(item["state"] for item in section["items"])
    settled = sum(counts[state] for state in ("passed", "warned", "na", "waived"))
    failed = [item["title"] for item in section["items"] if item["state"] == "failed"]
    undecided = counts["open"]
    complete = settled == len(section["items"])
    waived = f"{counts['waived']} waived" if counts["waived"] else ""
    words = ", ".join(filter(None, ["complete", waived])) if complete else ""
    if not words:
        parts = [f"{len(failed)} failed"] if failed else []
        parts += [f"{undecided} open"] if undecided else []
        parts += [waived] if waived else []
        words = ", ".join(parts)
    tone = "good" if complete else "bad" if failed else "wait"
    return {
        "title": section["title"],
        "settled": settled,
        "total": len(section["items"]),
        "words": words,
        "tone": tone,
    }


def printed(section: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": section["title"], "items": [_item(item) for item in section["items"]]}


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    measured = [m for check in item["checks"] for m in _together(check["measurements"])]
    files = list({f["path"]: f for check in item["checks"] for f in check["files"]}.values())
    return {
        **item,
        "measured": foremost(measured, MEASUREMENTS_IN_PRINT),
        "more_measured": max(0, len(measured) - MEASUREMENTS_IN_PRINT),
        "files": files[:FILES_IN_PRINT],
        "more_files": max(0, len(files) - FILES_IN_PRINT),
        "kept": [kept for check in item["checks"] for kept in check.get("kept", ())],
        "isolated": _isolated(item["checks"]),
        "remarks": [c for c in item["checks"] if c["outcome"] != "PASS" and c["message"] != item["observed"]],
    }


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


def drawings(snapshot: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    every = (
        (item, chart)
        for section in snapshot["sections"]
        for item in section["items"]
        for chart in item["charts"]
    )
    for number, (item, chart) in enumerate(every):
        if number >= CHARTS_IN_PRINT:
            return
        drawn = charts.svg(legible(chart), standalone=True)
        if drawn:
            title = legible(chart)["title"]
            yield {"title": title, "item": legible(item["title"]), "number": item["number"], "svg": drawn}
