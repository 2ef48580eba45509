"""`readiness check` on the example, the whole process, against loading the libraries that it needs.

python -m bench command
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from bench.figure import say
from bench.place import ROOT

ROUNDS, LIMIT_S = 5, 2.0
OURS = ["-m", "readiness", "check", str(ROOT / "examples" / "digits-classifier")]
BARE = ["-c", "import onnxruntime, numpy"]


def main() -> int:
    """Print one line; 0 when the figure holds."""
    pairs = [(timed(OURS), timed(BARE)) for _ in range(ROUNDS)]
    ours, bare = median(a for a, _ in pairs), median(b for _, b in pairs)
    return say(
        "readiness check on the example",
        f"{ours:.2f} s",
        against=f"python importing onnxruntime and numpy {bare:.2f} s",
        ratio=median(a / b for a, b in pairs),
        limit=f"needs < {LIMIT_S:.0f} s",
        holds=ours < LIMIT_S,
    )


def timed(arguments: list[str]) -> float:
    """Seconds of one Python process; it must succeed."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
