"""Writes what a scanner would: one medium finding, in SARIF. It ends with 1, because it found something."""

import json
import sys
from pathlib import Path

rule = {"id": "slow-parser", "properties": {"security-severity": "5.3"}}
result = {
    "ruleId": "slow-parser",
    "level": "warning",
    "message": {"text": "The upload parser takes long on hostile input."},
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "config/service.yml"}}}],
}
run = {"tool": {"driver": {"name": "example-scanner", "rules": [rule]}}, "results": [result]}
target = Path(sys.argv[1])
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(json.dumps({"version": "2.1.0", "runs": [run]}), encoding="utf-8")
sys.exit(1)
