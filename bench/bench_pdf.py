"""The report of the example's gate: our confined rendering beside bare WeasyPrint on the same HTML.

Both start a fresh process and give PDF/A-3a with the same attachment; rounds alternate in one run.

python -m bench pdf
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.figure import say
from bench.place import example_gate, prepare

ROUNDS, RATIO, LIMIT_S = 7, 1.3, 2.0
BARE = """
import sys, weasyprint
attachment = weasyprint.Attachment(filename=sys.argv[2], name="report.json", relationship="Data")
weasyprint.HTML(filename=sys.argv[1]).write_pdf(
    sys.argv[3], pdf_variant="pdf/a-3a", attachments=[attachment])
"""


def main() -> int:
    """Print one line; 0 when both figures hold."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        snapshot = example()
        from checklists.reports import html, pdf
        from readiness.engine import seal

        (folder / "report.html").write_text(html.render(snapshot), encoding="utf-8")
        (folder / "report.json").write_bytes(seal.canonical(snapshot))
        pairs = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            size = len(pdf.render(snapshot, seconds=60))
            ours = time.perf_counter() - start
            pairs.append((ours, bare(folder)))
    ours, theirs = median(a for a, _ in pairs), median(b for _, b in pairs)
    ratio = median(a / b for a, b in pairs)
    return say(
        f"report of 24 items, {size / 1000:.0f} kB",
        f"confined {ours:.2f} s",
        against=f"bare WeasyPrint {theirs:.2f} s",
        ratio=ratio,
        limit=f"needs < {LIMIT_S:.0f} s, a ratio ≤ {RATIO}",
        holds=ratio <= RATIO and ours < LIMIT_S,
    )


def bare(folder: Path) -> float:
    """Seconds of WeasyPrint alone, with this machine's fonts."""
    start = time.perf_counter()
    names = [str(folder / name) for name in ("report.html", "report.json", "bare.pdf")]
    subprocess.run([sys.executable, "-c", BARE, *names], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def example() -> dict[str, Any]:
    """The stored snapshot of a report on the example's gate, all its checks run."""
    from checklists import clock
    from checklists.loaded import load
    from checklists.reports.content import build

    gate = example_gate()
    loaded, at = load(gate.pk), clock.now()
    return build(loaded, loaded.judge(at), at=at, by=gate.opened_by)


if __name__ == "__main__":
    sys.exit(main())
