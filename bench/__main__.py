"""All figures that the product promises, measured one after the other in one run.

python -m bench          all of them
python -m bench pdf      one of them: the name after `bench_`

Each line says what was measured, the baseline measured beside it, their ratio, and the limit. Exit code 1
when one is missed. Times are only worth something on a machine that does nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The quick ones first; each is a process of its own, because each has its own database and settings.
ORDER = (
    "first_load", "gate_page", "api", "tick", "latency", "checkpoint", "scan", "start", "import", "index",
    "hash", "history", "pdf", "command", "log", "run_all", "sparse", "push", "deploy",
    "audit", "signoff", "verify",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Run the benches of these names, or all. 1 when a figure is missed, 2 for a name that is none."""
    unknown = [name for name in names if name not in ORDER]
    if unknown:
        print(f"There is no figure {', '.join(unknown)}. There are: {', '.join(ORDER)}.", file=sys.stderr)
        return 2
    busy, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(
        f"{cores} cores, load {busy:.1f}{' (busy: expect longer times)' if busy > cores / 2 else ''}",
        flush=True,
    )
    codes = [_run(name) for name in names or ORDER]
    return 1 if any(codes) else 0


def _run(name: str) -> int:
    command = [sys.executable, "-m", f"bench.bench_{name}"]
    return subprocess.run(command, cwd=HERE.parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
