"""A file of ten gigabytes costs time, not memory: hashed as an artifact, and kept by a backup's container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# By default as much as a run of all tests has time for; `make faults` takes the ten.
GIGABYTES = int(os.environ.get("READINESS_HUGE_GB", "2"))
MOST_MB = 300
# VmHWM and not ru_maxrss, which begins with what the process that started this one had.
INDEX = """
import json, sys
from pathlib import Path
from readiness.engine.indexing import index
told = []
(entry,) = index(Path(sys.argv[1]), lambda done, total: told.append(done))
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) // 1024
print(json.dumps({"size": entry.size, "told": len(told), "mb": peak}))
"""
TAR = """
import json, sys
from pathlib import Path
from readiness.engine.sealed import tar
path = Path(sys.argv[1]) / "huge.bin"
def chunks():
    with path.open("rb") as file:
        while chunk := file.read(tar.CHUNK):
            yield chunk
with Path("/dev/null").open("wb") as out:
    tar.write(out, "huge.bin", path.stat().st_size, chunks())
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) // 1024
print(json.dumps({"size": path.stat().st_size, "told": 2, "mb": peak}))
"""


def measured(program: str, folder: Path) -> dict[str, int]:
    """What the program says of a sparse file in that folder."""
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(GIGABYTES << 30)
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_artifact_is_hashed_as_a_stream(tmp_path):
    """The index of a run with a huge file: its whole size, with progress, in bounded memory."""
    found = measured(INDEX, tmp_path)
    assert found["size"] == GIGABYTES << 30
    assert found["told"] > 1
    assert found["mb"] < MOST_MB


def test_backup_streams(tmp_path):
    """The container of backups writes a huge file piece by piece."""
    assert measured(TAR, tmp_path)["mb"] < MOST_MB
