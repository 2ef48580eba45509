"""Routes of governance: inbox, webhooks, changes, upgrades, and what belongs to releases and stages."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.views import changes, inbox, rehearsals, second_factor, upgrades, waivers, webhooks

PROJECT = "projects/<slug:slug>/"
CHANGES = f"{PROJECT}changes/"

REHEARSALS = f"{PROJECT}rehearsals/"
WAIVERS = "gates/<int:pk>/waivers/"
WAIVER = f"{WAIVERS}<int:number>/"

governance_urls: list[URLPattern] = [
    path(WAIVERS, waivers.waiver_list, name="waiver-list"),
    path(f"{WAIVERS}new", waivers.new, name="waiver-new"),
    path(WAIVER, waivers.waiver, name="waiver"),
    path(f"{WAIVER}edit", waivers.edit, name="waiver-edit"),
    path(f"{WAIVER}submit", waivers.submit, name="waiver-submit"),
    path(f"{WAIVER}withdraw", waivers.withdraw, name="waiver-withdraw"),
    path(f"{WAIVER}approve", waivers.approve, name="waiver-approve"),
    path(f"{WAIVER}reject", waivers.reject, name="waiver-reject"),
    path(f"{WAIVER}revoke", waivers.revoke, name="waiver-revoke"),
    path(REHEARSALS, rehearsals.rehearsal_list, name="rehearsal-list"),
    path(f"{REHEARSALS}record", rehearsals.record, name="rehearsal-record"),
    path(f"{REHEARSALS}<int:number>/remediate", rehearsals.remediate, name="rehearsal-remediate"),
    path(f"{REHEARSALS}<int:number>/log", rehearsals.log, name="rehearsal-log"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read", inbox.inbox_read, name="inbox-read"),
    path("inbox/preferences", inbox.inbox_preferences, name="inbox-preferences"),
    path("inbox/<int:pk>/open", inbox.inbox_open, name="inbox-open"),
    path(f"{PROJECT}webhooks/", webhooks.webhook_list, name="webhook-list"),
    path(f"{PROJECT}webhooks/add", webhooks.webhook_add, name="webhook-add"),
    path(f"{PROJECT}webhooks/channels", webhooks.webhook_channels, name="webhook-channels"),
    path(f"{PROJECT}webhooks/<int:pk>/", webhooks.webhook, name="webhook"),
    path(f"{PROJECT}webhooks/<int:pk>/change", webhooks.webhook_change, name="webhook-change"),
    path(f"{PROJECT}webhooks/<int:pk>/stop", webhooks.webhook_stop, name="webhook-stop"),
    path(f"{PROJECT}webhooks/<int:pk>/start", webhooks.webhook_start, name="webhook-start"),
    path(f"{PROJECT}webhooks/<int:pk>/ping", webhooks.webhook_ping, name="webhook-ping"),
    path(f"{PROJECT}webhooks/<int:pk>/secret", webhooks.webhook_secret, name="webhook-secret"),
    path(f"{PROJECT}webhooks/<int:pk>/<int:delivery>/again", webhooks.webhook_again, name="webhook-again"),
    path(CHANGES, changes.change_list, name="change-list"),
    path(f"{CHANGES}control", changes.control_on, name="control-on"),
    path(f"{PROJECT}second-factor", second_factor.switch, name="second-factor"),
    path(f"{CHANGES}board", changes.board, name="board"),
    path(f"{CHANGES}new/<slug:kind>", changes.change_new, name="change-new"),
    path(f"{CHANGES}<int:pk>/", changes.proposal, name="proposal"),
    path(f"{CHANGES}<int:pk>/vote", changes.proposal_vote, name="proposal-vote"),
    path(f"{CHANGES}<int:pk>/withdraw", changes.proposal_withdraw, name="proposal-withdraw"),
    path(f"{CHANGES}<int:pk>/activate", changes.proposal_activate, name="proposal-activate"),
    path("gates/<int:pk>/upgrade/", upgrades.upgrade, name="gate-upgrade"),
]
