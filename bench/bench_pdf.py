"""The report of the example's gate: our confined rendering beside bare WeasyPrint on the same HTML.

Both start a fresh process and give PDF/A-3a with the same attachment; rounds alternate in one run.

.venv/bin/python bench/bench_pdf.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
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
        snapshot = example(folder)
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
    holds = ratio <= RATIO and ours < LIMIT_S
    print(
        f"report of 24 items, {size / 1000:.0f} kB: confined / bare WeasyPrint = {ratio:.2f} "
        f"({ours:.2f} s / {theirs:.2f} s, needs ≤ {RATIO} and < {LIMIT_S:.0f} s): "
        f"{'PASS' if holds else 'FAIL'}"
    )
    return 0 if holds else 1


def bare(folder: Path) -> float:
    """Seconds of WeasyPrint alone, with this machine's fonts."""
    start = time.perf_counter()
    names = [str(folder / name) for name in ("report.html", "report.json", "bare.pdf")]
    subprocess.run([sys.executable, "-c", BARE, *names], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def example(folder: Path) -> dict[str, Any]:
    """The snapshot of the example's gate after all its checks have run, from a database of its own."""
    sys.path.insert(0, str(ROOT))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "readiness.settings",
        "READINESS_DATA_DIR": str(folder / "data"),
        "READINESS_RUN_ROOTS": str(ROOT / "examples"),
        "READINESS_SECRET_KEY": "only-for-the-benchmark-" + "0123456789" * 5,
        "DATABASE_URL": f"sqlite:///{folder / 'data' / 'bench.sqlite3'}",
    }
    (folder / "data").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return checked_gate()


def checked_gate() -> dict[str, Any]:
    """Made through the acts, as the demonstration does."""
    from checklists import clock, demo
    from checklists.actions import library, runs
    from checklists.loaded import load
    from checklists.models import Person
    from checklists.reports.content import build
    from readiness.engine import library as builtin

    demo.people()
    library.publish(source=builtin.source(builtin.DEFAULT).decode(), by=None)
    gate = demo.open_gates(demo.project())[0]
    lead = Person.objects.get(username="lead")
    for run in runs.request_all(gate=gate.pk, by=lead):
        claimed = runs.claim(run)
        if claimed:
            runs.finish(run=run, claim=claimed.claim, results=runs.execute(claimed))
    loaded, at = load(gate.pk), clock.now()
    return build(loaded, loaded.judge(at), at=at, by=lead)


if __name__ == "__main__":
    sys.exit(main())
