"""All routes: the app's pages, sign-in, the read-only admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler500 = "checklists.views.errors.server_error"

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("checklists.urls")),
]
