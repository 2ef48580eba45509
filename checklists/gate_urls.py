"""Routes of the gate's pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.views import evidence, gate, items, reports, score, signoff

ITEM = "gates/<int:pk>/items/<str:key>/"

gate_urls: list[URLPattern] = [
    path("gates/<int:pk>/", gate.gate, name="gate"),
    path("gates/<int:pk>/changes", gate.changes, name="gate-changes"),
    path("gates/<int:pk>/run", gate.run_all, name="gate-run"),
    path("gates/<int:pk>/look", gate.look_again, name="gate-look"),
    path("gates/<int:pk>/score/", score.page, name="gate-score"),
    path("gates/<int:pk>/export", gate.export, name="gate-export"),
    path("gates/<int:pk>/reports/new", reports.report_request, name="report-request"),
    path("gates/<int:pk>/evidence/<int:piece>/", evidence.download, name="evidence-download"),
    path("gates/<int:pk>/withdraw", signoff.withdraw, name="sign-withdraw"),
    path("gates/<int:pk>/sign/<slug:role>/", signoff.page, name="sign"),
    path("gates/<int:pk>/sign/<slug:role>/approve", signoff.approve, name="sign-approve"),
    path("gates/<int:pk>/sign/<slug:role>/decline", signoff.decline, name="sign-decline"),
    path("gates/<int:pk>/sign/<slug:role>/drop", signoff.drop, name="role-drop"),
    path("gates/<int:pk>/sign/<slug:role>/restore", signoff.restore, name="role-restore"),
    path(ITEM, items.page, name="item"),
    path(f"{ITEM}body", items.body, name="item-body"),
    path(f"{ITEM}history", items.history, name="item-history"),
    path(f"{ITEM}tick", items.tick, name="item-tick"),
    path(f"{ITEM}reopen", items.reopen, name="item-reopen"),
    path(f"{ITEM}not-applicable", items.not_applicable, name="item-not-applicable"),
    path(f"{ITEM}partial", items.partial, name="item-partial"),
    path(f"{ITEM}note", items.note, name="item-note"),
    path(f"{ITEM}run", items.run, name="item-run"),
    path(f"{ITEM}evidence", evidence.attach, name="item-attach"),
    path(f"{ITEM}evidence/<int:piece>/remove", evidence.remove, name="item-evidence-remove"),
]
