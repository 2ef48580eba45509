"""60 MB of JSON Lines and CSV, as training data looks: how fast personal data and secrets are found in it.

python -m bench scan
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.figure import say
from readiness.engine.scan import Scan, scan_run
from readiness.engine.target import RunDirectory

SIZE, ROUNDS, NEEDED = 30_000_000, 3, 20.0
EVERY = 200  # one row in so many holds an address and a telephone number
TEXT = """
the model was trained on images of digits and its accuracy on the test set is 97.3 % after 12 epochs; see
https://host.org/a/b?c=1 for version 2.10.3, password rules and order 20240517-000123, he said @noon
"""
WORDS = TEXT.split()


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        planted = write(Path(folder) / "train.jsonl", json_lines) + write(
            Path(folder) / "train.csv", csv_lines
        )
        run = RunDirectory(Path(folder))
        rates = [(timed(lambda: hashed(run)), timed(lambda: scanned(run, planted))) for _ in range(ROUNDS)]
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
    hashing, scanning = (median(pair[n] for pair in rates) for n in (0, 1))
    return say(
        f"scan of {size:.0f} MB of JSON Lines and CSV, {planted} values in it",
        f"{size / scanning:.0f} MB/s a core, {scanning:.2f} s",
        against=f"hashing the same files {size / hashing:.0f} MB/s",
        ratio=scanning / hashing,
        limit=f"needs ≥ {NEEDED:.0f} MB/s",
        holds=size / scanning >= NEEDED,
    )


def timed(call: Callable[[], object]) -> float:
    """Seconds of processor time, which others on the machine do not lengthen."""
    start = time.process_time()
    call()
    return time.process_time() - start


def hashed(run: RunDirectory) -> None:
    """What every check of a file does."""
    for path in ("train.jsonl", "train.csv"):
        with run.open(path):
            pass


def scanned(run: RunDirectory, planted: int) -> Scan:
    """The scan, which must find what was planted and nothing else."""
    scan = scan_run(run, ["train.jsonl", "train.csv"])
    if scan.by_type != {"email": planted // 2, "phone": planted // 2}:
        sys.exit(f"planted {planted}, found {scan.by_type}")
    return scan


def write(path: Path, lines: Callable[[random.Random], Iterator[str]]) -> int:
    """A file of about 30 MB; how many values were planted."""
    size = rows = 0
    with path.open("w") as file:
        for line in lines(random.Random(1)):
            size += file.write(line)
            rows += 1
            if size >= SIZE:
                break
    return 2 * ((rows + EVERY - 1) // EVERY)


def person(row: int) -> tuple[str, str]:
    """An address and a number in one row of two hundred."""
    return ("", "") if row % EVERY else (f"p{row}.doe@corp.io", f"+1 (555) 223-{row % 10_000:04d}")


def json_lines(make: random.Random) -> Iterator[str]:
    """Text, embeddings, labels, identifiers and times."""
    row = 0
    while True:
        mail, phone = person(row)
        record = {
            "id": make.getrandbits(62),
            "uuid": f"550e8400-e29b-41d4-a716-{row:012d}",
            "text": " ".join(make.choices(WORDS, k=40)),
            "embedding": [make.random() for _ in range(12)],
            "label": make.choice(("cat", "dog")),
            "at": f"2024-05-17T07:{row % 60:02d}:09.123456Z",
            "contact": mail,
            "call": phone,
        }
        yield json.dumps(record) + "\n"
        row += 1


def csv_lines(make: random.Random) -> Iterator[str]:
    """Numbers, hashes and pixels."""
    row = 0
    while True:
        mail, phone = person(row)
        numbers = ",".join(f"{make.gauss(0, 1):.9g}" for _ in range(10))
        pixels = ",".join(str(make.randrange(256)) for _ in range(28))
        key = make.getrandbits(128)
        yield f"{row},{1714978089000 + row},{key:032x},{numbers},{pixels},{mail},{phone}\r\n"
        row += 1


if __name__ == "__main__":
    sys.exit(main())
