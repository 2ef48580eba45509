"""Signing the example's gate of 24 items: the request, beyond what hashing the password costs.

python -m bench signoff
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.figure import say
from bench.place import cpu_ms, decide_all, example_gate, prepare

ROUNDS, MOST_MS = 8, 150
PASSWORD = "only-for-the-benchmark"  # of an account that lives as long as this process


def main() -> int:
    """Print one line; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        from django.core.management import call_command

        call_command("createcachetable", verbosity=0)
        gate = example_gate()
        decide_all(gate)
        return measure(gate.pk)


def measure(gate: int) -> int:
    """Whole requests, each with its own form; the hash by itself in the same run. CPU time of both."""
    from django.test import Client

    from checklists.models import Person

    lead = Person.objects.get(username="lead")
    lead.set_password(PASSWORD)
    lead.save()
    client = Client(headers={"host": "localhost"})
    client.force_login(lead)
    hashing = min(cpu_ms(lambda: lead.check_password(PASSWORD)) for _ in range(ROUNDS))
    times = [sign(client, gate, lead) for _ in range(ROUNDS)]
    beyond = min(times) - hashing
    return say(
        "sign-off, 24 items",
        f"{beyond:.0f} ms beyond the password",
        against=f"hashing it {hashing:.0f} ms",
        ratio=beyond / hashing,
        limit=f"needs < {MOST_MS} ms",
        holds=beyond < MOST_MS,
    )


def sign(client, gate: int, lead) -> float:
    """Approve, and take it back without being measured; ms of the approving request."""
    from checklists import challenges, clock
    from checklists.actions import signoffs
    from checklists.credentials import Given
    from checklists.loaded import load
    from checklists.models import SignOff

    loaded = load(gate)
    digest = loaded.judge(clock.now()).digest
    bound = challenges.Bound(person=lead.pk, gate=gate, role="technical-lead", digest=digest)
    criteria = signoffs.role_criteria(loaded, bound.role)
    sent = {
        "digest": digest,
        "challenge": challenges.make(bound),
        "password": PASSWORD,
        "confirmed": list(range(len(criteria))),
    }

    def post() -> None:
        answer = client.post(f"/gates/{gate}/sign/{bound.role}/approve", sent)
        assert answer.status_code == 303, answer.content.decode()[:2000]

    took = cpu_ms(post)
    assert SignOff.objects.filter(live=True).count() == 1
    given, again = Given(password=PASSWORD), challenges.make(bound)
    signoffs.withdraw(gate=gate, by=lead, given=given, challenge=again, reason="For the next round.")
    return took


if __name__ == "__main__":
    sys.exit(main())
