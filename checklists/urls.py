"""Routes of the app."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.access_urls import access_urls
from checklists.deployment_urls import deployment_urls
from checklists.gate_urls import gate_urls
from checklists.governance_urls import governance_urls
from checklists.people_urls import people_urls
from checklists.proof_urls import proof_urls
from checklists.views import audit, health, home, library, projects, releases, reports

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("theme", home.theme, name="theme"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("projects/", projects.project_list, name="project-list"),
    path("projects/new", projects.project_create, name="project-create"),
    path("projects/<slug:slug>/", projects.project, name="project"),
    path("projects/<slug:slug>/members", projects.member_add, name="member-add"),
    path("projects/<slug:slug>/members/<int:pk>/remove", projects.member_remove, name="member-remove"),
    path("projects/<slug:slug>/environments", projects.environment_add, name="environment-add"),
    path("projects/<slug:slug>/releases/new", releases.release_create, name="release-create"),
    path("releases/<int:pk>/", releases.release, name="release"),
    path("releases/<int:pk>/parameters", releases.release_parameters, name="release-parameters"),
    path("releases/<int:pk>/gates", releases.gate_open, name="gate-open"),
    path("checklists/", library.checklist_list, name="checklist-list"),
    path("checklists/<slug:slug>/<str:version>/", library.checklist, name="checklist"),
    path("audit/", audit.audit_log, name="audit-log"),
    path("audit/export.csv", audit.audit_export, {"form": "csv"}, name="audit-export-csv"),
    path("audit/export.jsonl", audit.audit_export, {"form": "jsonl"}, name="audit-export-jsonl"),
    path("audit/checkpoints", audit.audit_checkpoints, name="audit-checkpoints"),
    path("audit/checkpoints/<int:pk>.txt", audit.audit_checkpoint, name="audit-checkpoint"),
    path("gates/<int:pk>/reports/", reports.report_list, name="report-list"),
    path("gates/<int:pk>/reports/<int:number>/", reports.report, name="report"),
    *gate_urls,
    *access_urls,
    *deployment_urls,
    *governance_urls,
    *people_urls,
    *proof_urls,
]
