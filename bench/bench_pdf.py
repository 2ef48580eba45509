"""Signed reports: the example's gate beside bare WeasyPrint on the same HTML, and one of 300 items.

Ours is all that a worker does between the row and the stored bytes: what is attached, the statement, PDF/A-3a
in the confined child, the signature. Bare WeasyPrint attaches the same files in a fresh process. Rounds
alternate in one run; the worker has imported pyHanko when it started.

python -m bench pdf
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench.figure import say
from bench.place import example_gate, prepare

ROUNDS, RATIO, LIMIT_S = 7, 1.3, 2.0
ITEMS, MEASUREMENTS, MANY_ROUNDS, MANY_RATIO, MANY_S, MANY_MB = 300, 10_000, 3, 1.3, 12.0, 500
BARE = """
import sys, weasyprint
from pathlib import Path
folder = Path(sys.argv[1])
attachments = [weasyprint.Attachment(filename=file, name=file.name) for file in folder.glob("attached/*")]
weasyprint.HTML(filename=folder / "report.html").write_pdf(
    folder / "bare.pdf", pdf_variant="pdf/a-3a", attachments=attachments)
"""


def main() -> int:
    """Print two lines; 0 when all figures hold."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        row = example()
        return few(folder, row) | many(folder, row)


def few(folder: Path, row: Any) -> int:
    """24 items."""
    size, ours, theirs, ratio = compared(folder, row, ROUNDS)
    return say(
        f"signed report of 24 items, {size / 1000:.0f} kB",
        f"confined and signed {ours:.2f} s",
        against=f"bare WeasyPrint {theirs:.2f} s",
        ratio=ratio,
        limit=f"needs < {LIMIT_S:.0f} s, a ratio ≤ {RATIO}",
        holds=ratio <= RATIO and ours < LIMIT_S,
    )


def many(folder: Path, row: Any) -> int:
    """300 items with 10,000 measurements, and the largest child that it took."""
    multiply(row.snapshot)
    _render(row)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    size, ours, theirs, ratio = compared(folder, row, MANY_ROUNDS)
    return say(
        f"signed report of {ITEMS} items, {size / 1000:.0f} kB",
        f"{ours:.2f} s, child {memory:.0f} MB",
        against=f"bare WeasyPrint {theirs:.2f} s",
        ratio=ratio,
        limit=f"needs < {MANY_S:.0f} s, < {MANY_MB} MB, a ratio ≤ {MANY_RATIO}",
        holds=ours < MANY_S and memory < MANY_MB and ratio <= MANY_RATIO,
    )


def compared(folder: Path, row: Any, rounds: int) -> tuple[int, float, float, float]:
    """Bytes, seconds of ours and theirs, and the median ratio of the pairs."""
    from checklists.reports import attached, html
    from readiness.engine.sealed import pdf_sign  # as a worker does when it starts

    assert pdf_sign
    (folder / "report.html").write_text(html.render(row.snapshot), encoding="utf-8")
    (folder / "attached").mkdir(exist_ok=True)
    for file in attached.of(row):
        (folder / "attached" / Path(file.name).name).write_bytes(file.data)
    pairs = [(_seconds(lambda: _render(row)), _seconds(lambda: bare(folder))) for _ in range(rounds)]
    ours, theirs = median(a for a, _ in pairs), median(b for _, b in pairs)
    return len(_render(row)), ours, theirs, median(a / b for a, b in pairs)


def _render(row: Any) -> bytes:
    from checklists.reports import sealing

    return sealing.render(row, seconds=120)[0]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def bare(folder: Path) -> None:
    """WeasyPrint alone, with this machine's fonts."""
    subprocess.run([sys.executable, "-c", BARE, str(folder)], check=True, stderr=subprocess.DEVNULL)


def example() -> Any:
    """A report on the example's gate, asked for after all its checks ran."""
    from checklists.actions import reports

    gate = example_gate()
    return reports.request(gate=gate.pk, by=gate.opened_by)


def multiply(snapshot: dict[str, Any]) -> None:
    """The same items again and again, until there are 300 with 10,000 measurements."""
    numbers, sections = count(1), snapshot["sections"]
    known = [(section, item) for section in sections for item in section["items"] if item["checks"]]
    for section in sections:
        section["items"] = []
    for number in range(ITEMS):
        section, item = known[number * len(known) // ITEMS]
        copy = json.loads(json.dumps(item)) | {"number": next(numbers), "title": f"{item['title']} {number}"}
        measured = copy["checks"][0]["measurements"] or [_measurement()]
        many = (measured * MEASUREMENTS)[: MEASUREMENTS // ITEMS + 1]
        copy["checks"][0]["measurements"] = [
            {**one, "name": f"{one['name']} {n}"} for n, one in enumerate(many)
        ]
        section["items"].append(copy)


def _measurement() -> dict[str, Any]:
    return {"name": "Size", "value": 3, "observed": "3", "expected": "", "ok": True, "source": "a.json"}


if __name__ == "__main__":
    sys.exit(main())
