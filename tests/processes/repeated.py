"""The same request from many threads at once: `python -m tests.processes.repeated HOME`; figures as JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402  # needs the line above
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from checklists import audit, clock  # noqa: E402
from checklists.actions import tokens  # noqa: E402
from checklists.models import Evidence, IdempotencyKey, Person  # noqa: E402
from tests.processes.writers import prepare  # noqa: E402

SENDERS, KEYS = 6, 5


def send(token: str, gate: int, number: int) -> list[tuple[int, str, bool]]:
    """Attach one link for each key; every sender sends the very same requests."""
    client = Client(raise_request_exception=False)
    answers = []
    for key in range(KEYS):
        answer = client.post(
            f"/api/v1/gates/{gate}/items/shared/links",
            json.dumps({"url": f"https://ci.example/{key}"}),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": f"key-{key}",
                "Host": "localhost",
            },
        )
        answers.append((answer.status_code, answer.content.decode(), "Idempotent-Replayed" in answer.headers))
    connections.close_all()
    return answers


def main(home: Path) -> dict[str, object]:
    """Figures for the test to judge."""
    gate = prepare(home)
    call_command("createcachetable", verbosity=0)
    until = clock.now() + timedelta(days=1)
    _, token = tokens.create(by=Person.objects.get(), name="ci", scopes=["push"], expires_at=until)
    with ThreadPoolExecutor(SENDERS) as pool:
        done = list(pool.map(lambda number: send(token, gate.pk, number), range(SENDERS)))
    by_key = list(zip(*done, strict=True))
    return {
        "vendor": connection.vendor,
        "statuses": Counter(str(status) for answers in done for status, _, _ in answers),
        "bodies": [len({body for _, body, _ in answers}) for answers in by_key],
        "first": [sum(not replayed for _, _, replayed in answers) for answers in by_key],
        "links": Evidence.objects.count(),
        "keys": IdempotencyKey.objects.filter(status=201).count(),
        "unfinished": IdempotencyKey.objects.filter(status=None).count(),
        "broken": [bad.why for bad in audit.verify_all()],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
