"""Triggers that keep audit log, published checklists and snapshots append-only; the shared cache's table is made
by `createcachetable`."""

from django.db import migrations

from checklists import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("checklists", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
