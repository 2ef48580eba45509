"""Asks for 2000 scores, and writes how long each took, as `readiness run` reads it."""

import json
import sys
import time
from pathlib import Path

from service import score

times, failed, count = [], 0, 2000
for number in range(count):
    started = time.perf_counter()
    failed += not 0 < score({"support_calls": number % 10, "tenure_months": number % 60}) < 1
    times.append(1000 * (time.perf_counter() - started))
times.sort()
latency = {f"p{p}": times[count * p // 100 - 1] for p in (50, 95, 99)}
target = Path(sys.argv[1])
target.parent.mkdir(parents=True, exist_ok=True)
document = {"requests": count, "error_rate": failed / count, "latency_ms": latency}
target.write_text(json.dumps(document), encoding="utf-8")
