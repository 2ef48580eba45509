"""The report's HTML: a pure function of the stored snapshot. One document, no reference to anything outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from checklists import charts
from checklists.reports.content import KIND, SCHEMA_VERSION
from checklists.reports.entries import WORDS
from checklists.reports.legible import legible
from readiness.engine.errors import ResultError

TEMPLATE = "reports/report.html"
BLOCKERS_ON_PAGE_ONE = 5
FILES_IN_PRINT = 20
MEASUREMENTS_IN_PRINT = 40
CHARTS_IN_PRINT = 60
_ORDER = ("passed", "warned", "failed", "open", "na", "waived")
_TONES = {"approved": "good", "blocked": "bad", "declined": "bad", "ready": "wait", "open": "wait"}


def render(snapshot: Mapping[str, Any]) -> str:
    """The whole document. Raises ResultError for a snapshot of another kind or a newer version."""
    known = snapshot.get("kind") == KIND and snapshot.get("schema_version") == SCHEMA_VERSION
    if not known:
        raise ResultError(
            f"This report's snapshot has version {snapshot.get('schema_version')!r}; "
            f"this Readiness reads version {SCHEMA_VERSION}.",
            "Use the Readiness version that made it, or a newer one.",
        )
    report = legible({k: v for k, v in snapshot.items() if k != "signed"})
    items = [item for section in report["sections"] for item in section["items"]]
    digest = snapshot["signed"]["digest"]
    return render_to_string(
        TEMPLATE,
        {
            "r": report,
            "style": _style(),
            "digest": digest,
            "short_digest": f"{digest[:15]}…{digest[-4:]}",
            "tone": _TONES[report["verdict"]["state"]],
            "headline": _headline(report),
            "blockers": report["verdict"]["blockers"][:BLOCKERS_ON_PAGE_ONE],
            "more_blockers": max(0, len(report["verdict"]["blockers"]) - BLOCKERS_ON_PAGE_ONE),
            "final": list(report["final"].values()),
            "approvers": list(_approvers(report)),
            "bar": _bar(Counter(item["state"] for item in items)),
            "summary": [_section(section) for section in report["sections"]],
            "sections": [_printed(section) for section in report["sections"]],
            "charts": list(_charts(snapshot)),
            "stale": [s for s in report["signatures"] if s["state"] == "stale"],
            "dropped": [role for role in report["roles"] if role["dropped"]],
            "left_out": [item for item in items if item["state"] == "na" and not item["role"]],
            "created": snapshot["generated"]["at"],
            "size": _size(report["artifact"]["bytes"]),
        },
    )


@cache
def _style() -> SafeString:
    path = finders.find("report.css")
    if not path:
        raise ResultError("The report's style sheet is missing.", "Install Readiness again.")
    return mark_safe(Path(str(path)).read_text(encoding="utf-8"))  # noqa: S308  # our own file


def _headline(report: Mapping[str, Any]) -> str:
    """The sentence under the verdict: how many, what is missing."""
    verdict = report["verdict"]
    counts, total = verdict["counts"], verdict["total"]
    parts = [f"{total - counts['open']} of {total} items are decided"]
    parts += [f"{counts['failed']} failed"] if counts["failed"] else []
    parts += [f"{verdict['warnings']} passed with a warning"] if verdict["warnings"] else []
    parts += [f"{counts['na']} not applicable"] if counts["na"] else []
    states = Counter(s["state"] for s in report["signatures"])
    words = [
        _count(states[key], noun)
        for key, noun in (
            ("valid", "valid signature"),
            ("declined", "signature declines"),
            ("stale", "stale signature"),
        )
        if states[key]
    ]
    signed = f"{' and '.join(words)} on this exact state" if states["valid"] or states["declined"] else ""
    if states["stale"]:
        signed = f"{' and '.join(words)}"
    return f"{', '.join(parts)}; {signed or 'nobody has signed'}."


def _count(number: int, noun: str) -> str:
    if noun.endswith("declines"):
        return f"{number} signature{'' if number == 1 else 's'} declining"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _approvers(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One line for each role, and one for each further signature in it."""
    for role in report["roles"]:
        signed = [s for s in report["signatures"] if s["role"] == role["role"]]
        for one in signed:
            yield {"title": role["title"], "signature": one, "state": one["state"]}
        if not signed:
            yield {"title": role["title"], "signature": None, "state": role["state"], "dropped": role["dropped"]}


def _bar(counts: Counter[str]) -> list[dict[str, Any]]:
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


def _section(section: Mapping[str, Any]) -> dict[str, Any]:
    counts = Counter(item["state"] for item in section["items"])
    settled = sum(counts[state] for state in ("passed", "warned", "na", "waived"))
    failed = [item["title"] for item in section["items"] if item["state"] == "failed"]
    undecided = counts["open"]
    words = "complete" if settled == len(section["items"]) else ""
    if not words:
        parts = [f"{len(failed)} failed"] if failed else []
        parts += [f"{undecided} open"] if undecided else []
        words = ", ".join(parts)
    tone = "good" if words == "complete" else "bad" if failed else "wait"
    return {
        "title": section["title"],
        "settled": settled,
        "total": len(section["items"]),
        "words": words,
        "tone": tone,
    }


def _printed(section: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": section["title"], "items": [_item(item) for item in section["items"]]}


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    measured = [m for check in item["checks"] for m in _together(check["measurements"])]
    files = list({f["path"]: f for check in item["checks"] for f in check["files"]}.values())
    return {
        **item,
        "measured": measured[:MEASUREMENTS_IN_PRINT],
        "more_measured": max(0, len(measured) - MEASUREMENTS_IN_PRINT),
        "files": files[:FILES_IN_PRINT],
        "more_files": max(0, len(files) - FILES_IN_PRINT),
        "remarks": [c for c in item["checks"] if c["outcome"] != "PASS" and c["message"] != item["observed"]],
    }


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
            yield {**same[0], "name": ", ".join(one["name"] for one in same), "source": source}


def _charts(snapshot: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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


def _size(number: int) -> str:
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"
