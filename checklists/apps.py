"""The Django app: gates, acts, pages and reports."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class ChecklistsConfig(AppConfig):
    """Registers the system checks and keeps the append-only triggers standing after migrations."""

    name = "checklists"
    verbose_name = "Readiness"

    def ready(self) -> None:
        from checklists import checks, triggers  # both need the models, which are only loaded now

        checks.register_all()
        pre_migrate.connect(triggers.before_migrate, sender=self)
        post_migrate.connect(triggers.after_migrate, sender=self)
