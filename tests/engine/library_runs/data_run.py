"""The example run of a validation, and what goes wrong with one."""

from __future__ import annotations

import json

from tests.engine.library_runs.content import ROOT, Files


def files(good: bool) -> Files:  # one of a table of functions
    folder = ROOT / "examples" / "customer-churn" / "validation"
    files: Files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    if good:
        return files
    train = files["data/train.csv"] + b"".join(files["data/eval.csv"].splitlines(keepends=True)[1:])
    decision = json.loads(files["decision.json"]) | {
        "status": "FAIL",
        "passed": False,
        "recommendation": "NO",
    }
    decision["checks"] = decision["checks"] | {"regression": {"status": "FAIL"}}
    manifest = json.loads(files["manifest.json"])
    manifest["contracts"][0] |= {"max_null_ratio": 9}
    return files | {
        "data/train.csv": train.replace(b"\n", b"\nC99999,ada.lovelace@mail.test,1,1,1,1,1\n", 1),
        "decision.json": decision,
        "manifest.json": manifest,
        "environment.json": {"seed": "none"},
    }
