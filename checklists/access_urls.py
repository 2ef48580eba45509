"""Routes of tokens, service accounts, and the page about the API."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.views import access, api_page

ACCESS = "projects/<slug:slug>/access"

access_urls: list[URLPattern] = [
    path("api/", api_page.page, name="api-page"),
    path("account/tokens", access.own, name="tokens"),
    path("account/tokens/<int:pk>/revoke", access.revoke, name="token-revoke"),
    path(ACCESS, access.project, name="access"),
    path(f"{ACCESS}/accounts", access.account_create, name="access-account"),
    path(f"{ACCESS}/accounts/<int:pk>/tokens", access.account_token, name="access-token"),
    path(f"{ACCESS}/accounts/<int:pk>/deactivate", access.account_deactivate, name="access-deactivate"),
    path(f"{ACCESS}/tokens/<int:pk>/revoke", access.token_revoke, name="access-revoke"),
]
