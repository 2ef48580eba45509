"""Verifying an audit log of 300,000 rows, beside reading the same rows and hashing the same bytes alone.

python -m bench audit
"""

from __future__ import annotations

import gc
import hashlib
import random
import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import place
from bench.figure import say, timed

ROWS, LIMIT_ROWS, LIMIT_RATIO, TRIES = 300_000, 100_000, 4.0, 3
STREAM = "project:1"


def main() -> int:
    """Print two lines; 0 when both hold."""
    with tempfile.TemporaryDirectory() as folder:
        place.prepare(Path(folder))
        fill()
        from checklists import audit_chain

        gc.freeze()
        bare, whole = [], []
        for _ in range(TRIES):
            bare.append(timed(read_and_hash))
            whole.append(timed(lambda: complain(audit_chain.verify(STREAM))))
        base, ours = min(bare), min(whole)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rate = ROWS / ours
        return say(
            f"audit log of {ROWS:,} rows verified",
            f"{ours:.2f} s, {rate:,.0f} rows/s, {memory} MB of memory",
            against=f"reading the rows and one SHA-256 over each {base:.2f} s",
            ratio=ours / base,
            limit=f"limit {LIMIT_ROWS:,} rows/s and {LIMIT_RATIO:.0f} times",
            holds=rate >= LIMIT_ROWS and ours / base <= LIMIT_RATIO,
        )


def complain(broken: object) -> None:
    """A log that does not verify is no measurement."""
    if broken is not None:
        sys.exit(f"the log does not verify: {broken}")


def read_and_hash() -> None:
    """The least that any verification does: every column of every row read, its bytes through SHA-256."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor_id, actor_name, CAST(at AS TEXT), data, revision, seq, subject, verb, previous,"
            " hash FROM checklists_auditentry WHERE stream = %s ORDER BY seq",
            [STREAM],
        )
        while rows := cursor.fetchmany(2000):
            for row in rows:
                said = f"{row[0]}{row[1]}{row[2]}{row[3]}{row[4]}{row[5]}{row[6]}{row[7]}{row[8]}"
                hashlib.sha256(said.encode()).hexdigest()


def fill() -> None:
    """Entries as acts write them: texts, states before and after, and every tenth with a fraction."""
    from checklists import audit
    from checklists.models import AuditEntry, AuditStream
    from readiness.engine import seal

    pick, previous = random.Random(5), audit.GENESIS
    start, made = datetime(2026, 1, 1, tzinfo=UTC), []
    for seq in range(1, ROWS + 1):
        entry = AuditEntry(
            stream=STREAM, seq=seq, at=start + timedelta(seconds=seq, microseconds=seq % 7),
            actor_id=pick.randrange(40), actor_name="Zoë Wright", verb="item.ticked", subject="accuracy",
            revision=seq % 1000, previous=previous, data=said(pick, seq),
        )  # fmt: skip
        entry.hash = previous = seal.chain(previous, audit.content(entry))
        made.append(entry)
    AuditEntry.objects.bulk_create(made, batch_size=5000)
    AuditStream.objects.create(name=STREAM, length=ROWS, head=previous)


def said(pick: random.Random, seq: int) -> dict:
    """What an entry says."""
    found = {"before": {"state": "open"}, "after": {"state": "passed", "confirmed": [0, 1]}}
    found |= {"from": {"door": "page", "address": f"10.0.0.{pick.randrange(250)}"}}
    return found | ({"observed": pick.random() * 100} if seq % 10 == 0 else {"comment": "Looked at it."})


if __name__ == "__main__":
    sys.exit(main())
