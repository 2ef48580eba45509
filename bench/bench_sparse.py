"""A run with a file of 10 GB: memory of the whole command, its time beside bare hashing, and Ctrl-C.

python -m bench sparse
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figure import say

SIZE, LIMIT_MB, LIMIT_STOP_S = 10 << 30, 300, 2.0
LIST = "# Size\n\n- [ ] The file is there\n  ```yaml check\n  file: {path: big.bin}\n  ```\n"
COMMAND = [sys.executable, "-m", "readiness", "check"]


def main() -> int:
    """Print two lines; 0 when both figures hold."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        run.mkdir()
        with (run / "big.bin").open("wb") as file:
            file.truncate(SIZE)
        (Path(folder) / "list.md").write_text(LIST, encoding="utf-8")
        command = [*COMMAND, str(run), "--checklist", str(Path(folder) / "list.md")]
        return memory(command, run) | interrupt(command)


def memory(command: list[str], run: Path) -> int:
    """The command's peak memory; it hashes the file for the index and again for the check."""
    for _ in range(2):  # the first time fills the page cache
        start = time.perf_counter()
        with (run / "big.bin").open("rb") as file:
            hashlib.file_digest(file, "sha256")
        bare = time.perf_counter() - start
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    ours = time.perf_counter() - start
    if status:
        sys.exit(f"the command ended with {os.waitstatus_to_exitcode(status)}")
    peak = usage.ru_maxrss / 1024
    return say(
        "check of a run with a sparse file of 10 GB",
        f"{peak:.0f} MB of memory, {ours:.1f} s (it is hashed twice)",
        against=f"bare hashing, once {bare:.1f} s",
        ratio=ours / bare,
        limit=f"needs < {LIMIT_MB} MB",
        holds=peak < LIMIT_MB,
    )


def interrupt(command: list[str]) -> int:
    """How long the command goes on after Ctrl-C."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    start = time.perf_counter()
    process.send_signal(signal.SIGINT)
    code = process.wait()
    took = time.perf_counter() - start
    return say(
        "Ctrl-C while it hashes",
        f"{took * 1000:.0f} ms, exit code {code}",
        against="one chunk of 1 MB hashes in about 1 ms",
        ratio=took * 1000,
        limit=f"needs < {LIMIT_STOP_S:g} s and 130",
        holds=took < LIMIT_STOP_S and code == 130,
    )


if __name__ == "__main__":
    sys.exit(main())
