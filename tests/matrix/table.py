"""Which right each page and each operation of the API needs: reviewed by people, complete by the test.

A new address fails the matrix until it stands here under one heading.
"""

from __future__ import annotations

from checklists.permissions import Act

EVERYBODY, ACCOUNTS = "everybody, signed in or not", "everybody with an account"
# What one's own deed or role opens, whatever else the table says: the roles that the world's rows name.
MINE_AS_CONTRIBUTOR = frozenset({"contributor"})  # a token, a line of an inbox, a waiver, a proposal
SIGNS_AS_PRODUCT_OWNER = frozenset({"product-owner"})
DROPS_PRODUCT_OWNER = frozenset({"owner", "product-owner"})
PROPOSER_OR_OWNER = frozenset({"owner", "contributor"})
REVOKES_A_WAIVER = frozenset({"owner", "contributor", "product-owner", "compliance"})

Rule = Act | str | frozenset[str]

_PAGES: dict[Rule, str] = {
    EVERYBODY: """
        GET healthz, GET readyz, POST theme, GET invitation, POST invitation, GET keys, GET keys-json,
        GET keys-pem""",
    ACCOUNTS: """
        GET home, GET project-list, GET project-create, POST project-create, GET checklist-list,
        GET checklist, GET audit-log, GET audit-export-csv, GET audit-export-jsonl,
        GET audit-checkpoints, GET tokens, POST tokens, GET api-page, GET inbox, POST inbox-read,
        GET inbox-preferences, POST inbox-preferences, GET verify, POST verify""",
    MINE_AS_CONTRIBUTOR: "POST waiver-submit, POST waiver-withdraw",
    SIGNS_AS_PRODUCT_OWNER: "POST sign-approve, POST sign-decline",
    DROPS_PRODUCT_OWNER: "POST role-drop, POST role-restore",
    PROPOSER_OR_OWNER: "POST proposal-withdraw",
    REVOKES_A_WAIVER: "POST waiver-revoke",
    # sign-withdraw: one's own signature only, whoever asks; who has none is told so.
    Act.READ: """
        GET project, GET people, GET release, GET gate,
        GET gate-changes, GET gate-score, GET item, GET item-body,
        GET item-history, GET sign, GET change-list, GET proposal, GET decision, GET release-deployment,
        GET policy, GET stages, GET schedule-list, GET rehearsal-list, GET rehearsal-log, GET waiver,
        GET waiver-list, GET release-plan, GET release-manifest, GET release-manifests, GET release-scorecard,
        GET release-scorecards, GET report-list, GET audit-checkpoint,
        POST sign-withdraw""",
    Act.EXPORT: "POST gate-export, POST report-request, GET report, GET report-bundle, GET evidence-download",
    Act.CREATE_RELEASE: """
        GET release-create, POST release-create, POST gate-open, POST release-stages, GET gate-upgrade,
        POST gate-upgrade, POST gate-look""",
    Act.RUN_CHECKS: "POST gate-run, POST item-run",
    Act.TICK: "POST item-tick, POST item-reopen, POST item-partial",
    Act.NOT_APPLICABLE: "POST item-not-applicable",
    Act.ATTACH: "POST item-attach, POST item-evidence-remove",
    Act.NOTE: "POST item-note",
    Act.MEMBERS: """
        POST member-add, POST member-remove, POST member-end, POST invitation-new, POST invitation-revoke,
        POST second-factor""",
    Act.PARAMETERS: "POST release-parameters, POST policy, POST control-on, POST board",
    Act.ENVIRONMENTS: "POST environment-add",
    Act.ASK_WAIVER: "GET waiver-new, POST waiver-new, GET waiver-edit, POST waiver-edit",
    Act.DECIDE_WAIVER: "POST waiver-approve, POST waiver-reject",
    Act.REHEARSE: "POST rehearsal-record, POST rehearsal-remediate",
    Act.REGISTER: "POST release-scorecard-new, POST release-manifest-assemble, POST release-plan",
    Act.DECIDE_DEPLOYMENT: "POST release-decide",
    Act.DEPLOY: "POST release-deploy, POST deployment-roll-out, POST deployment-roll-back",
    Act.PROPOSE: "GET change-new, POST change-new",
    Act.VOTE: "POST proposal-vote, POST proposal-activate",
    Act.STAGES: "POST stages, POST schedule-add, POST schedule-stop",
    Act.TOKENS: """
        GET access, POST access-account, POST access-token, POST access-deactivate, POST access-revoke""",
    Act.WEBHOOKS: """
        GET webhook-list, POST webhook-add, POST webhook-channels, GET webhook, POST webhook-change,
        POST webhook-stop, POST webhook-start, POST webhook-ping, POST webhook-secret, POST webhook-again""",
}
# Rows of one's own outside any project: to everybody else they are not there.
_OWN_ROWS = "POST token-revoke, POST inbox-open"

_OPERATIONS: dict[Rule, str] = {
    ACCOUNTS: "project_list, gate_list",
    MINE_AS_CONTRIBUTOR: "waiver_withdraw",
    Act.READ: """
        run_list, run_one, decision_list, decision_one, deployment_list, evidence_list, evidence_one,
        gate_one,
        gate_changes, item_list, item_one, manifest_list, manifest_one, project_one, scorecard_list,
        scorecard_one, rehearsal_list, rehearsal_one, rehearsal_log, release_gate, release_list, release_one,
        artifact_list, report_list, report_one, signoff_list, signoff_one, waiver_list, waiver_one,
        upload_one,
        upload_missing""",
    Act.EXPORT: "report_request, report_content, report_bundle, evidence_content",
    Act.CREATE_RELEASE: """
        release_create, gate_open, declare, upload_open, file_put, batch, complete""",
    Act.RUN_CHECKS: "checks_run, results",
    Act.ATTACH: "evidence_attach, link_attach",
    Act.ASK_WAIVER: "waiver_ask",
    Act.REHEARSE: "rehearsal_record, rehearsal_remediate",
    Act.REGISTER: "manifest_register, manifest_assemble, plan_set, scorecard_register",
    Act.DECIDE_DEPLOYMENT: "decision_ask",
    Act.DEPLOY: "deployment_report, deployment_roll_out, deployment_roll_back",
}


def _spread(table: dict[Rule, str]) -> dict[str, Rule]:
    told = [(name.strip(), rule) for rule, names in table.items() for name in names.split(",")]
    spread = dict(told)
    assert len(spread) == len(told), "an address stands under two headings"
    return spread


PAGES = _spread(_PAGES)
OWN_ROWS = {name.strip() for name in _OWN_ROWS.split(",")}
OPERATIONS = _spread(_OPERATIONS)
