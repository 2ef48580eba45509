"""What the template prints of a stored snapshot: lines, counts and bounds, worked out beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checklists import charts
from checklists.reports.entries import WORDS
from checklists.reports.legible import legible, shorten

CHARTS_IN_PRINT = 60
WAIVERS_IN_PRINT = 60
SAID_ON_PAGE_ONE = 200
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
    words += [_count(states["invalid"], "invalid signature")] if states["invalid"] else []
    alone = len(words) == 1 and states["valid"]
    return (" and ".join(words) or "nobody has signed") + (" on this exact state" if alone else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def approvers(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One line for each role, and one for each further signature in it."""
    for role in report["roles"]:
        signed = [s for s in report["signatures"] if s["role"] == role["role"]]
        for one in signed:
            yield {"title": role["title"], "signature": one, "state": one["state"], "said": short(one)}
        if not signed:
            yield {
                "title": role["title"],
                "signature": None,
                "state": role["state"],
                "dropped": role["dropped"],
            }


def short(signature: Mapping[str, Any]) -> str:
    """What was signed, for page one: what was confirmed in detail stands with the signature."""
    said, confirmed, _ = signature["meaning"].partition(" and I confirmed: ")
    if confirmed:
        number = len(signature["criteria"])
        said += f"; {number} {'criterion' if number == 1 else 'criteria'} confirmed"
    return shorten(said, SAID_ON_PAGE_ONE).removesuffix(".") + ("" if len(said) > SAID_ON_PAGE_ONE else ".")


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
