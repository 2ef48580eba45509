"""What a pipeline asks again and again: may this release go? Against a plain Django JSON view of one query.

The gate is the example's, 24 items with their real results; everything but the network counts: middleware,
token, limits, the decision anew, JSON. `unchanged` is the same question with the ETag of the last answer.

python -m bench api
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from bench.figure import say
from bench.place import cpu_ms, decide_all, example_gate, prepare, queries

ROUNDS, WARM = 60, 5
LIMIT_MS, LIMIT_UNCHANGED_MS = 15.0, 5.0
MOST_QUERIES, MOST_UNCHANGED = 10, 3


def main() -> int:
    """Print one line for the answer and one for 304; 0 when both hold."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        from django.core.management import call_command

        call_command("createcachetable", verbosity=0)
        gate = example_gate()
        decide_all(gate)
        return measure(gate)


def measure(gate) -> int:
    """Best of many rounds that take turns."""
    from django.test import Client

    release = gate.release
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {token(gate.opened_by)}"})
    address = f"/api/v1/projects/{release.project.slug}/releases/{release.version}/gate"
    address += f"?environment={gate.environment.name}"
    plain_address = plain_view(gate)
    tag = client.get(address).headers["ETag"]

    def whole() -> object:
        return client.get(address)

    def unchanged() -> object:
        return client.get(address, headers={"if-none-match": tag})

    def plain() -> object:
        return client.get(plain_address)

    for _ in range(WARM):
        assert whole().status_code == plain().status_code == 200
        assert unchanged().status_code == 304
    asked = [queries(one) for one in (whole, unchanged)]
    best = [float("inf")] * 3
    for _ in range(ROUNDS):
        best = [min(so_far, cpu_ms(one)) for so_far, one in zip(best, (whole, unchanged, plain), strict=True)]
    against = f"plain JSON view of one query {best[2]:.2f} ms"
    return max(
        say(
            "gate status, 24 items",
            f"{best[0]:.1f} ms, {asked[0]} queries",
            against=against,
            ratio=best[0] / best[2],
            limit=f"needs < {LIMIT_MS:.0f} ms, ≤ {MOST_QUERIES} queries",
            holds=best[0] < LIMIT_MS and asked[0] <= MOST_QUERIES,
        ),
        say(
            "gate status, unchanged (304)",
            f"{best[1]:.1f} ms, {asked[1]} queries",
            against=against,
            ratio=best[1] / best[2],
            limit=f"needs < {LIMIT_UNCHANGED_MS:.0f} ms, ≤ {MOST_UNCHANGED} queries",
            holds=best[1] < LIMIT_UNCHANGED_MS and asked[1] <= MOST_UNCHANGED,
        ),
    )


def token(person) -> str:
    """A token that reads, with a limit that the rounds do not reach."""
    from django.conf import settings

    from checklists import clock
    from checklists.actions import tokens

    settings.API_RATE = 1_000_000
    until = clock.now() + timedelta(days=1)
    return tokens.create(by=person, name="bench", scopes=["read"], expires_at=until)[1]


def plain_view(gate) -> str:
    """The same gate's row as JSON, as a Django view is usually written."""
    from django.http import JsonResponse
    from django.urls import clear_url_caches, path

    from checklists.models import Gate
    from readiness import urls

    def view(request) -> JsonResponse:
        found = Gate.objects.select_related("release__project", "environment").get(pk=gate.pk)
        return JsonResponse(
            {
                "id": found.pk,
                "verdict": found.verdict,
                "digest": found.digest,
                "revision": found.revision,
                "release": found.release.version,
                "project": found.release.project.slug,
                "environment": found.environment.name,
                "summary": found.summary,
            }
        )

    urls.urlpatterns.insert(0, path("plain-status", view))
    clear_url_caches()
    return "/plain-status"


if __name__ == "__main__":
    sys.exit(main())
