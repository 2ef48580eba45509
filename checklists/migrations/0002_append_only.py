"""Once installed the triggers of what never changes.

They name columns of later migrations by now, and every `migrate` puts in at its end what is missing
(checklists/triggers.py), so nothing is left to do here.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("checklists", "0001_initial")]
    operations = []
