"""Routes for whoever verifies: bundles, the page that verifies a file, the public keys."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.views import bundles, keys, verify

proof_urls: list[URLPattern] = [
    path("gates/<int:pk>/reports/<int:number>/bundle", bundles.bundle, name="report-bundle"),
    path("verify/", verify.page, name="verify"),
    path("keys/", keys.page, name="keys"),
    path("keys/keys.json", keys.as_json, name="keys-json"),
    path("keys/<slug:key_id>.pem", keys.as_pem, name="keys-pem"),
]
