"""A worked-in installation to back up: `python -m tests.processes.backed_up seed|facts|act|forge`; JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from django.apps import apps  # noqa: E402  # needs the line above
from django.conf import settings  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from checklists import audit_chain, blob_uses, blobs, triggers  # noqa: E402
from checklists.actions import items, library  # noqa: E402
from checklists.backups import rows  # noqa: E402
from checklists.models import AuditEntry, Evidence, Gate, Note, Person, SignOff, Waiver  # noqa: E402
from tests import signing  # noqa: E402
from tests.conftest import SOURCE  # noqa: E402
from tests.faults import scenes, world  # noqa: E402


def seed() -> int:
    """People, gates, runs, evidence, uploads, signatures, a report's request, odd texts."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world.build(Path(settings.DATA_DIR).parent)
    gate = world.gate("hands")
    signing.approve(gate=gate.pk, role="technical-lead", by=world.person("lead"))
    signing.approve(gate=gate.pk, role="product-owner", by=world.person("product"))
    signing.withdraw(gate=gate.pk, by=world.person("product"), reason="Second thoughts.")
    scenes._everything()
    scenes._complete()
    scenes._ask_for_report()
    items.note(
        gate=gate.pk, key="looked", by=world.person("owner"), text="naïve \N{SNOWMAN} \\ ' \" \n\t 1e400"
    )
    blobs.put(b"nobody's")
    return AuditEntry.objects.count()


def facts() -> dict[str, Any]:
    """What two installations with the same content have in common."""
    tables = {}
    for model in rows.tables():
        if rows.meta(model).label_lower in rows.FILLED:
            continue
        lines = sorted(_sorted(line) for line in list(rows.lines(model, "default"))[1:])
        tables[rows.meta(model).label_lower] = [len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()]
    return {
        "vendor": connection.vendor,
        "tables": tables,
        "blobs": [name for name in blob_uses.used() if hashlib.sha256(blobs.get(name)).hexdigest() == name],
        "triggers": triggers.missing(connection),
        "broken": [str(bad) for bad in audit_chain.verify_all()],
        "live": SignOff.objects.filter(live=True).count(),
        "permissions": sorted(apps.get_model("auth.permission").objects.values_list("codename", flat=True)),
    }


def _sorted(line: bytes) -> bytes:
    # PostgreSQL keeps objects in an order of its own; numbers and texts must be the same.
    return json.dumps(json.loads(line), sort_keys=True).encode()


def act() -> dict[str, Any]:
    """Life goes on: a note, a blob, a signature, each with an id of its own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    gate, by = world.gate("hands"), world.person("owner")
    items.note(gate=gate.pk, key="looked", by=by, text="After the restore.")
    scenes._attach()
    signing.approve(gate=gate.pk, role="product-owner", by=world.person("product"))
    assert Person.objects.create_user("new").pk == Person.objects.order_by("-pk")[0].pk
    return {
        "notes": Note.objects.count(),
        "evidence": Evidence.objects.count(),
        "live": SignOff.objects.filter(live=True).count(),
        "broken": [str(bad) for bad in audit_chain.verify_all()],
        "gates": Gate.objects.count(),
        "waivers": Waiver.objects.count(),
    }


def write(seconds: str) -> int:
    """Write notes without a pause, while somebody makes a backup; how many."""
    import time

    gate, by, until, count = (
        world.gate("small").pk,
        world.person("lead"),
        time.monotonic() + float(seconds),
        0,
    )
    while time.monotonic() < until:
        items.note(gate=gate, key="issues", by=by, text=f"note {count}")
        blob = ContentFile(f"blob {count}".encode())
        blobs.put(blob)
        count += 1
    return count


def forge() -> int:
    """Somebody changes the audit log, past the triggers."""
    triggers.remove(connection)
    changed = AuditEntry.objects.filter(verb="gate.opened").update(subject="Another gate")
    triggers.install(connection)
    return changed


def publish() -> str:
    """What `manage.py setup` does: a checklist of one's own is enough to be not empty."""
    call_command("migrate", verbosity=0)
    return str(library.publish(source=SOURCE, by=None))


if __name__ == "__main__":
    known = {"seed": seed, "facts": facts, "act": act, "write": write, "forge": forge, "publish": publish}
    print(json.dumps(known[sys.argv[1]](*sys.argv[2:])))
