"""Routes of members and invitations."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.views import invitation, people

PROJECT = "projects/<slug:slug>/"
INVITATION = "invitations/<str:secret>"

people_urls: list[URLPattern] = [
    path(f"{PROJECT}people/", people.people, name="people"),
    path(f"{PROJECT}people/invite", people.invite, name="invitation-new"),
    path(f"{PROJECT}people/invitations/<int:pk>/revoke", people.revoke, name="invitation-revoke"),
    path(f"{PROJECT}members/<int:pk>/end", people.member_end, name="member-end"),
    path(INVITATION, invitation.invitation, name="invitation"),
]
