"""Spoils every write of every scene: `python -m tests.faults [--most N] [--broken] [--json] [SCENE …]`.

Exit code 1 when one of them matters; with --broken, when one of the wrong ways of writing is not seen.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import strace
from tests.faults.place import Place


def main(home: Path, given: argparse.Namespace) -> int:
    """Sweep and print; the exit code."""
    place = Place(home)
    place.configure()
    import django  # only now: its settings are the place's

    django.setup()
    from django.conf import settings

    from tests.faults import sweep
    from tests.faults.broken import BROKEN
    from tests.faults.scenes import SCENES

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    sweep.prepare(place)
    every = BROKEN if given.broken else SCENES
    found, began = dict[str, sweep.Swept](), time.monotonic()
    for name in given.scenes or every:
        found[name] = sweep.sweep(place, name, every[name], most=given.most)
        print(found[name], flush=True)
        for problem in found[name].wrong[:3] if not given.broken else ():
            print(f"  {problem}")
    reached = sum(one.reached for one in found.values())
    wrong = {name: [problem[:400] for problem in one.wrong] for name, one in found.items()}
    count = sum(map(len, wrong.values()))
    print(f"{reached} faults injected in {time.monotonic() - began:.0f} s, {count} violations")
    if given.json:
        print(json.dumps({"reached": reached, "wrong": wrong}))
    good = all(wrong.values()) if given.broken else not any(wrong.values())
    return 0 if good and reached else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--most", type=int, default=0, help="points of each scene; all by default")
    parser.add_argument(
        "--broken", action="store_true", help="ways of writing that are wrong, to see them seen"
    )
    parser.add_argument("--json", action="store_true", help="figures on the last line")
    if why := strace.missing():
        sys.exit(why)
    with tempfile.TemporaryDirectory(prefix="readiness-faults-") as folder:
        sys.exit(main(Path(folder), parser.parse_args()))
