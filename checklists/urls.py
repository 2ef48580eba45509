"""Routes of the app."""

from __future__ import annotations

from django.urls import URLPattern

from checklists.gate_urls import gate_urls

urlpatterns: list[URLPattern] = [*gate_urls]
