"""Makes the vectors: what is attacked, how, and what must be found. Run it after changing a form on purpose.

    python -m tests.engine.sealed.make_vectors

Bundles and reports are recipes (world.py says what they mean, attacks.py what is done to the bytes);
envelopes, checkpoints and key files are stored as they are, in base64. Everything follows from names and
constants, so making them again changes nothing.
"""

# ruff: noqa: E501  # a table reads best with each case on its line

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from readiness.engine.sealed import keys
from tests.engine.sealed.named_keys import at, ring, signing_key
from tests.engine.sealed.world import World

HERE = Path(__file__).parent / "vectors"
V, F, N = "verified", "failed", "not-verified"
LEAD, PRODUCT, COMPLIANCE = {"by": "lead"}, {"by": "product"}, {"by": "compliance"}
MAIN = [{"name": "main"}]
FORGER = {"keys": [{"name": "forger"}], "signer": "forger"}
FIRST, SECOND = (
    "signatures/001-technical-lead-approve.dsse.json",
    "signatures/002-product-owner-approve.dsse.json",
)
THREE = [LEAD, PRODUCT, COMPLIANCE]


def first(**more: Any) -> dict[str, Any]:
    """A recipe in which the lead's sign-off is special."""
    return {"sign_offs": [LEAD | more, PRODUCT, COMPLIANCE]}


def bundles() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """Name, recipe, what must be found of some claims; the claim "result" is that of the file."""
    yield "honest, approved", {}, {"result": V, "signatures": V, "log": V, "evidence": V, "checklist": V}
    yield "honest, nobody signed", {"sign_offs": []}, {"result": V, "verdict": V}
    yield "honest, one declined", {"sign_offs": [LEAD | {"decision": "decline"}, PRODUCT]}, {"result": V}
    yield "honest, stale", {"sign_offs": [LEAD | {"state": {"items.1.state": "open"}}]}, {"result": V}
    yield (
        "honest, declined and then approved",
        {"sign_offs": [LEAD | {"decision": "decline"}, PRODUCT, LEAD | {"replaces": 0}]},
        {"result": V},
    )
    yield (
        "honest, withdrawn",
        {"sign_offs": [LEAD, LEAD | {"decision": "withdraw", "replaces": 0}]},
        {"result": V},
    )
    rotated = [{"name": "main", "not_after": 11.5}, {"name": "second", "not_before": 11.5}]
    newer = {"keys": rotated, "trusted": rotated, "signer": "second"}
    signed = [LEAD | {"key": "main"}, PRODUCT | {"key": "main"}, COMPLIANCE]
    yield "honest, key rotated between signatures", newer | {"sign_offs": signed}, {"result": V, "keys": V}
    yield "honest, rotated, only the old key named", newer | {"sign_offs": signed, "trusted": MAIN}, {
        "result": "consistent", "origin": N, "signatures": N,
    }  # fmt: skip
    yield (
        "no key named",
        {"trusted": []},
        {"result": "consistent", "origin": N, "signatures": N, "state": N, "log": V},
    )
    yield from _keys()
    yield from _sign_offs()
    yield from _records()
    yield from _content()
    yield from _prints()


def _keys() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    yield (
        "all signed anew by a forger who encloses a key",
        FORGER,
        {"result": "consistent", "origin": N, "report": N},
    )
    both = [{"name": "forger"}, {"name": "main"}]
    yield "a forger encloses the true key too", FORGER | {"keys": both}, {"result": "consistent", "origin": N}
    yield "a forger keeps the true sign-offs", {
        **FORGER, "keys": both, "sign_offs": [one | {"key": "main"} for one in THREE],
    }, {"result": "consistent", "origin": N, "signatures": V}  # fmt: skip
    yield (
        "manifest signed by a forger",
        {"bundle_signer": "forger", "keys": both},
        {"result": "consistent", "origin": N},
    )
    yield "report's statement signed by a forger", {"report_signer": "forger", "keys": both}, {
        "result": "consistent", "origin": N, "report": N,
    }  # fmt: skip
    yield (
        "a sign-off by another key",
        first(key="forger"),
        {"result": "consistent", "signatures": N, "keys": N},
    )
    renamed = {"signatures.0.keyid": signing_key("main").id}
    yield "a sign-off by another key under the true key's name", first(key="forger", envelope=renamed), {
        "result": F, "signatures": F, "keys": F,
    }  # fmt: skip
    early = [{"name": "main", "not_before": 10.5}]
    yield (
        "a sign-off before the key was used",
        {"keys": early, "trusted": early},
        {"result": F, "signatures": F, "keys": F},
    )
    late = [{"name": "main", "not_after": 30}]
    yield (
        "report signed after the key was retired",
        {"keys": late, "trusted": late},
        {"result": F, "origin": F, "keys": F},
    )
    old = [{"name": "old", "not_after": 10.5}, {"name": "main"}]
    yield "a sign-off after its key was retired", {
        "keys": old, "trusted": old, "sign_offs": [LEAD, PRODUCT | {"key": "old"}],
    }, {"result": F, "signatures": F}  # fmt: skip
    gone = [{"name": "old", "revoked_at": 10.5}, {"name": "main"}]
    yield "a sign-off after its key was revoked", {
        "keys": gone, "trusted": gone, "sign_offs": [LEAD, PRODUCT | {"key": "old"}],
    }, {"result": F, "signatures": F}  # fmt: skip
    yield "a sign-off before its key was revoked, the log signed by another key", {
        "keys": gone, "trusted": gone, "sign_offs": [LEAD | {"key": "old"}, PRODUCT],
    }, {"result": V, "signatures": V}  # fmt: skip
    later = [{"name": "old", "revoked_at": 500}, {"name": "main"}]
    alone = {"keys": later, "trusted": later, "sign_offs": [LEAD | {"key": "old"}], "note_signer": "old"}
    yield (
        "a revoked key's sign-off, vouched for by itself alone",
        alone,
        {"result": "consistent", "signatures": N},
    )
    vouching = [LEAD | {"key": "old", "checkpoint": "main"}, PRODUCT]
    yield "a revoked key's sign-off, vouched for by an earlier checkpoint", alone | {"sign_offs": vouching}, {
        "signatures": V, "checkpoint": N, "result": "consistent",
    }  # fmt: skip
    yield "the file admits that its key was revoked, the named key does not say so", {
        "keys": [{"name": "main", "revoked_at": 500}],
    }, {"result": "consistent", "origin": N, "signatures": N}  # fmt: skip
    yield "report by a revoked key", {"keys": later, "trusted": later, "report_signer": "old"}, {
        "result": "consistent", "origin": N,
    }  # fmt: skip
    both = [
        {"name": "forger", "installation": "other.example"},
        {"name": "main", "installation": "ready.example"},
    ]
    yield "signed by another installation, whose key is named too", FORGER | {"trusted": both}, {
        "result": "consistent", "origin": N, "signatures": N, "checkpoint": N, "keys": N,
    }  # fmt: skip
    yield "the key named with its installation", {"trusted": both}, {"result": V, "origin": V}
    yield "no enclosed keys", {"files": {"keys/keys.json": "{}"}}, {"result": F, "keys": F}


def _sign_offs() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    bad = {"result": F, "signatures": F}
    for name, value in {
        "gate": 8, "installation": "other.example", "project": "other", "release": "1.5.0", "environment": "staging",
    }.items():  # fmt: skip
        yield f"a sign-off of another {name}", first(say={name: value}), bad
    yield "a sign-off on another checklist", first(say={"checklist": "small@1.0.1 sha256:" + "0" * 64}), bad
    for name, value in {
        "role": "compliance", "person": 13, "name": "product", "meaning": "I approve nothing.",
        "signed_at": at(9).isoformat(timespec="microseconds"), "comment": "Not what I said.", "criteria": ["All of it"],
    }.items():  # fmt: skip
        logged = {"role": "subject", "person": "actor_id", "name": "actor_name", "signed_at": "at"}
        yield (
            f"another {name} than the log records",
            first(log={logged.get(name, f"data.{name}"): value}),
            bad,
        )
        yield f"{name} changed after signing", first(then={f"predicate.{name}": value}), bad
    yield "state changed after signing", first(then={"subject.0.digest.sha256": "0" * 64}), bad
    yield "a decision that nobody signs", first(say={"decision": "maybe"}), bad
    yield "a role that nobody signs in", first(say={"role": "owner"}, log={"subject": "owner"}), bad
    yield "a field more in a sign-off", first(say={"expires": "never"}), bad
    yield "a field less in a sign-off", first(say={"checklist": None}), bad
    yield "no credentials in a sign-off", first(say={"credential.methods": []}), bad
    yield "credentials that nobody has", first(say={"credential.methods": ["trust"]}), bad
    yield "other credentials than the log records", first(log={"data.methods": ["passkey"]}), bad
    yield "a short challenge", first(say={"credential.challenge": "00"}), bad
    twice = PRODUCT | {"say": {"credential.challenge": _challenge(0)}}
    yield "one challenge for two sign-offs", {"sign_offs": [LEAD, twice, COMPLIANCE]}, bad
    yield (
        "the subject of another gate",
        first(statement={"subject.0.name": "gate:8 fraud/1.4.0/production"}),
        bad,
    )
    yield (
        "a sign-off of another predicate type",
        first(statement={"predicateType": "urn:readiness:report:v1"}),
        bad,
    )
    yield (
        "a sign-off of another statement type",
        first(statement={"_type": "https://in-toto.io/Statement/v0.1"}),
        bad,
    )
    yield "payload type changed", first(envelope={"payloadType": "application/json"}), bad
    yield "an unsigned field in the envelope", first(envelope={"note": "trust me"}), bad
    yield (
        "two signatures",
        first(envelope={"signatures": [{"keyid": "a", "sig": "AAAA"}, {"keyid": "b", "sig": "AAAA"}]}),
        bad,
    )
    yield "no signature", first(envelope={"signatures": []}), bad
    yield (
        "a signature of zeros",
        first(envelope={"signatures.0.sig": base64.b64encode(bytes(64)).decode()}),
        bad,
    )
    yield "base64 that is not canonical", first(envelope={"signatures.0.sig": "AB=="}), bad
    yield "a sign-off that is not in the log", first(log=False), bad
    yield "a sign-off logged as another decision", first(log={"verb": "gate.declined"}), bad
    yield "a sign-off logged for another state", first(log={"data.digest": "sha256:" + "0" * 64}), bad
    yield "sign-offs exchanged", {"exchange": [FIRST, SECOND]}, bad
    yield "a sign-off left out", {"files": {FIRST: None}}, bad
    withdrawn = {"sign_offs": [LEAD, PRODUCT, COMPLIANCE, LEAD | {"decision": "withdraw", "replaces": 0}]}
    yield (
        "a withdrawal left out",
        withdrawn | {"files": {"signatures/004-technical-lead-withdraw.dsse.json": None}},
        bad,
    )
    yield "a sign-off withdrawn by somebody else", {
        "sign_offs": [LEAD, PRODUCT | {"decision": "withdraw", "replaces": 0}],
    }, bad  # fmt: skip
    yield "a sign-off replaced twice", {
        "sign_offs": [LEAD, LEAD | {"replaces": 0}, LEAD | {"replaces": 0}],
    }, bad  # fmt: skip
    yield "one person with two sign-offs that count", {"sign_offs": [LEAD, LEAD]}, bad
    yield (
        "one person in two roles",
        {"sign_offs": [LEAD, LEAD | {"role": "product-owner"}]},
        bad | {"duties": F},
    )
    yield "who attached evidence signs as product owner", {
        "sign_offs": [LEAD, {"by": "maker", "role": "product-owner"}, COMPLIANCE],
    }, {"result": F, "duties": F}  # fmt: skip
    yield "who created the release signs as compliance", {"content": {"release.by": "compliance"}}, {
        "result": "consistent", "duties": N,
    }  # fmt: skip
    yield "the report leaves a sign-off out", {"content": {"signatures": []}}, bad
    yield "the report prints another name", {"content": {"signatures.0.name": "Somebody Else"}}, bad
    yield "the report prints another meaning", {"content": {"signatures.0.meaning": "I looked at it."}}, bad
    yield "the report prints another time", {"content": {"signatures.0.signed_at": at(0).isoformat()}}, bad
    yield "the report prints a stale sign-off as valid", {
        "sign_offs": [LEAD | {"state": {"items.1.state": "open"}}], "content": {"signatures.0.state": "valid"},
    }, bad  # fmt: skip


def _challenge(number: int) -> str:
    import hashlib

    return hashlib.sha256(f"challenge {number}".encode()).hexdigest()


def _records() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    log = {"result": F, "log": F}
    yield "an entry edited", {"entries": {"set": {"0.content.actor_name": "nobody"}}}, log
    yield "an entry taken out", {"entries": {"drop": [1]}}, log
    yield "entries exchanged", {"entries": {"swap": [0, 1]}}, log
    yield "an entry of another log", {"entries": {"set": {"1.content.stream": "gate:8"}}}, log
    yield "the first entry cut off", {"entries": {"skip": 1}}, {"result": "consistent", "log": N}
    yield "the log cut off after the report", {"entries": {"keep": 4}}, {"result": F, "signatures": F}
    cut = {"entries": {"drop": [1], "again": True}}
    yield (
        "the log written anew as a whole, by the installation itself",
        cut,
        {"result": V, "log": V, "outside": N},
    )
    yield (
        "… against a checkpoint that was kept",
        cut | {"outside": [{"entries": 5, "at": 13}]},
        {"result": F, "outside": F},
    )
    yield "… against one that was kept of its beginning", cut | {"outside": [{"entries": 2, "at": 2}]}, {
        "result": F, "outside": F,
    }  # fmt: skip
    yield "entries before a kept checkpoint cut off", {
        "entries": {"keep": 4}, "sign_offs": [LEAD, PRODUCT], "outside": [{"length": 9, "head": "11" * 32, "at": 13}],
    }, {"result": F, "outside": F}  # fmt: skip
    yield "a kept checkpoint agrees", {"outside": [{"entries": 3, "at": 11}]}, {"result": V, "outside": V}
    yield "a kept checkpoint of the same length with another head, newer", {
        "outside": [{"length": 5, "head": "ff" * 32, "at": 99}],
    }, {"result": F, "outside": F}  # fmt: skip
    yield "a kept checkpoint agrees, another is newer", {
        "outside": [{"entries": 3, "at": 11}, {"length": 9, "head": "11" * 32, "at": 99}],
    }, {"result": V, "outside": V}  # fmt: skip
    yield "a kept checkpoint is newer", {"outside": [{"length": 9, "head": "11" * 32, "at": 99}]}, {
        "result": "consistent", "outside": N,
    }  # fmt: skip
    yield (
        "a kept checkpoint of another log",
        {"outside": [{"entries": 3, "stream": "gate:8"}]},
        {"result": "consistent", "outside": N},
    )
    yield "a kept checkpoint of another installation", {"outside": [{"entries": 3, "installation": "other.example"}]}, {
        "result": "consistent", "outside": N,
    }  # fmt: skip
    yield (
        "a kept checkpoint by a forger",
        {"outside": [{"entries": 3, "key": "forger"}]},
        {"result": "consistent", "outside": N},
    )
    head = {"result": F, "checkpoint": F}
    yield "the checkpoint of another log", {"note": {"stream": "gate:8"}}, head
    yield "the checkpoint of another installation", {"note": {"installation": "other.example"}}, head
    yield "a checkpoint that is too short", {"note": {"length": 4}}, head
    yield "a checkpoint that is too long", {"note": {"length": 9}}, head
    yield "a checkpoint with another head", {"note": {"head": "22" * 32}}, head
    yield "the checkpoint signed by a forger", {"note_signer": "forger", "keys": [{"name": "main"}, {"name": "forger"}]}, {
        "result": "consistent", "checkpoint": N,
    }  # fmt: skip
    until = [{"name": "main"}, {"name": "old", "not_after": 40}]
    yield (
        "the checkpoint after its key was retired",
        {"note_signer": "old", "keys": until, "trusted": until},
        head,
    )
    contrary = {"files": {"audit/checkpoints/3.txt": _note_text()}}
    yield "an earlier checkpoint contradicts the log", contrary, head
    yield "the report prints another end of the log", {"content": {"audit.head": "5:" + "33" * 32}}, log
    yield "the report prints another entry", {"content": {"audit.entries.1.who": "nobody"}}, log
    yield "the report prints another entry's hash", {"content": {"audit.entries.1.hash": "44" * 32}}, log
    yield "no log", {"files": {"audit/log.jsonl": ""}}, {"result": F}


def _prints() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """What the installation itself prints otherwise than state, log and sign-offs have it."""

    def printed(
        found: str, name: str, fields: dict[str, Any], **more: Any
    ) -> tuple[str, dict[str, Any], dict[str, str]]:
        return f"the report prints {name}", {"content": fields, **more}, {"result": F, found: F}

    item = "sections.0.items.0"
    checked = f"{item}.checks.0"
    more = {
        "name": "Recall",
        "unit": "%",
        "limit": None,
        "ok": None,
        "value": 99,
        "source": "",
        "observed": "99 %",
        "expected": "",
    }
    honest = World().report["sections"][0]["items"][0]["checks"][0]["measurements"]
    yield printed(
        "verdict",
        "an open gate as approved in words",
        {"verdict.name": "Approved for production"},
        sign_offs=[LEAD],
    )
    yield printed(
        "verdict", "an approval for another environment", {"verdict.name": "Approved for production and more"}
    )
    yield printed(
        "verdict",
        "a dropped role with a reason",
        {"roles.1.dropped": {"reason": "Not needed.", "by": "", "at": ""}},
    )
    yield printed("verdict", "fewer items than there are", {"verdict.total": 1})
    yield printed(
        "verdict", "an earlier stage", {"gate.earlier": [{"stage": "Readiness", "verdict": "approved"}]}
    )
    yield printed(
        "state", "another name of the project", {"project": {"slug": "fraud", "name": "Another model"}}
    )
    yield printed("state", "another date that is planned", {"release.planned_for": "2026-04-01"})
    yield printed("state", "somebody else as who decided", {"sections.0.items.1.decided.by": "lead"})
    yield printed("state", "a pipeline that ran nothing", {f"{item}.reported_by": "ci"})
    yield printed("checks", "a measurement that was not signed", {f"{checked}.measurements": [*honest, more]})
    yield printed("checks", "a measurement in other words", {f"{checked}.measurements.0.observed": "99.9 %"})
    yield printed("checks", "a limit in other words", {f"{checked}.measurements.0.expected": "≥ 10 %"})
    yield printed("checks", "a final figure that nobody measured", {"final.accuracy.value": "99.9 %"})
    yield printed("checks", "a final target that nobody set", {"final.target.value": "≥ 10 %"})
    yield printed("checks", "a missed target as met", {"final.met.value": "no"})
    yield printed("checks", "another date of deployment", {"final.deployment.value": "2026-04-01"})
    entries = World().report["audit"]["entries"]
    yield printed("log", "no entries", {"audit.entries": []})
    yield printed("log", "the log without one entry", {"audit.entries": [*entries[:1], *entries[2:]]})
    yield printed("log", "the log without its end", {"audit.entries": entries[:-1]})
    yield printed("log", "an earlier end of the log", {
        "audit.entries": entries[:2], "audit.length": 2, "audit.head": f"2:{entries[1]['hash']}",
    })  # fmt: skip
    yield printed("log", "an entry at another time", {"audit.entries.1.at": at(3).isoformat()})
    yield printed("log", "an entry about something else", {"audit.entries.1.subject": "accuracy"})
    waiver = {
        "id": 1, "item": "issues", "rule": "", "state": "approved", "expires_at": at(99).isoformat(),
        "reason": "", "risk": "", "mitigation": "", "scope": "",
    }  # fmt: skip
    yield printed("log", "a waiver that nobody approved", {"waivers": [waiver]})
    replaced = [LEAD | {"decision": "decline"}, PRODUCT, LEAD | {"replaces": 0}]
    yield printed("signatures", "no past sign-offs", {"history.entries": []}, sign_offs=replaced)
    yield printed(
        "signatures",
        "a past sign-off otherwise",
        {"history.entries.0.comment": "All good."},
        sign_offs=replaced,
    )
    yield printed(
        "signatures",
        "a replaced one as withdrawn",
        {"history.entries.0.state": "withdrawn"},
        sign_offs=replaced,
    )
    yield printed("signatures", "more past sign-offs than there are", {"history.more": 1}, sign_offs=replaced)
    yield from _beside()


def _beside() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """What lies in the file beside what was signed, and whose work it is."""
    yield "a withdrawal of nothing", {"sign_offs": [LEAD, PRODUCT | {"decision": "withdraw"}]}, {
        "result": F, "signatures": F,
    }  # fmt: skip
    late = dict.fromkeys(("reason", "risk", "mitigation", "owner", "scope"), "x") | {
        "expires_at": "9999-12-31T23:59:59-12:00"
    }
    yield "a waiver until the end of time", {
        "sign_offs": [], "snapshot": {"items.1.state": "open", "items.1.waiver": late},
    }, {"result": F, "verdict": F}  # fmt: skip
    whole = {"result": F, "file-whole": F}
    yield "a file that no bundle holds", {"files": {"DECISION.txt": "Approved by the board."}}, whole
    yield (
        "evidence that nobody signed",
        {"files": {f"evidence/{_sha256('Fine.')}": "Fine."}},
        {"result": F, "evidence": F},
    )
    index = '{"evidence":[]}'
    yield (
        "a list of the evidence that leaves it out",
        {"files": {"evidence/index.json": index}},
        {"result": F, "evidence": F},
    )
    yield "a report of another kind", {"content": {"kind": "other"}}, {"result": F, "report": F}
    yield "a report of another version", {"content": {"schema_version": 2}}, {"result": F, "report": F}
    results = '{"item":"%s","results":[]}'
    for name, path, key in (("twice for one", "000-accuracy", "accuracy"), ("for no", "009-x", "robustness")):
        yield (
            f"results {name} item",
            {"files": {f"results/{path}.json": results % key}},
            {"result": F, "checks": F},
        )
    pushed = {"content": {"release.pushed_by": "product"}}
    yield "who pushed the files signs as product owner", pushed, {"result": "consistent", "duties": N}
    own = {"sign_offs": [LEAD, {"by": "maker", "role": "product-owner"}, COMPLIANCE]}
    hidden = {"snapshot": {"items.1.evidence.0.by": "lead"}}
    yield (
        "who attached evidence under another name signs as product owner",
        own | hidden,
        {"result": F, "duties": F},
    )
    piece = World().state["items"][1]["evidence"][0]
    namesake = piece | {"sha256": _sha256("Fine."), "by": "lead"}
    yield "who attached evidence signs as product owner, another file has its name", own | {
        "snapshot": {"items.1.evidence": [piece, namesake]}, "files": {f"evidence/{_sha256('Fine.')}": "Fine."},
    }, {"result": F, "duties": F}  # fmt: skip


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def _note_text() -> str:
    return World().own_note({"length": 3, "head": "55" * 32, "at": 12}).decode()


def _content() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    verdict = {"result": F, "verdict": F}
    lying = {"content": {"verdict.state": "approved", "verdict.approved": True}}
    yield "approved without a sign-off", lying | {"sign_offs": [LEAD, PRODUCT]}, verdict
    yield "approved with an open item", lying | {"snapshot": {"items.1.state": "open"}}, verdict
    yield "approved with an item waived for ever", lying | {"snapshot": {"items.1.state": "waived"}}, verdict
    yield "a mandatory item not applicable", lying | {"snapshot": {"items.1.state": "na"}}, verdict
    yield (
        "approved though declined",
        lying | {"sign_offs": [LEAD | {"decision": "decline"}, PRODUCT]},
        verdict,
    )
    yield "a role said to have signed", {"sign_offs": [LEAD], "content": {"roles.1.state": "valid"}}, verdict
    yield "blockers left out", {"sign_offs": [LEAD], "content": {"verdict.blockers": []}}, verdict
    yield "a count embellished", {"content": {"verdict.counts.passed": 9}}, verdict
    yield (
        "a state that does not exist",
        {"content": {"signed.snapshot.items.0.state": "great"}},
        verdict | {"state": F},
    )
    state = {"result": F, "state": F}
    yield "an item printed otherwise", {"content": {"sections.0.items.1.reason": "All good."}}, state
    yield "a failed item printed as passed", {
        "snapshot": {"items.1.state": "failed"}, "content": {"sections.0.items.1.state": "passed"},
    }, state  # fmt: skip
    yield "an item not printed", {"content": {"sections.0.items": []}}, state
    yield "evidence printed under another name", {
        "content": {"sections.0.items.1.evidence": [{"kind": "link", "name": "x", "sha256": "", "url": "", "by": "x"}]},
    }, state  # fmt: skip
    yield "another release printed", {"content": {"release.version": "2.0.0"}}, state
    yield "a moved bar hidden", {"snapshot": {"parameters.bar_moved_after_result": True}, "content": {
        "parameters.bar_moved_after_result": False}}, state  # fmt: skip
    yield "the snapshot changed in the report", {"content": {"signed.snapshot.environment": "staging"}}, state
    yield "another snapshot.json", {"files": {"snapshot.json": "{}"}}, state
    yield (
        "a signed state under another's name",
        {"files": {f"signatures/snapshots/{'6' * 64}.json": "{}"}},
        state,
    )
    yield "another digest stated", {"statement": {"digest": "sha256:" + "0" * 64}}, state | {"report": F}
    report = {"result": F, "report": F}
    for name, value in {
        "gate": 8, "verdict": "open", "checkpoint": "1:" + "0" * 64, "certificates": ["0" * 64], "attached": {},
        "made_at": at(61).isoformat(), "certificates.0": "0" * 64,
    }.items():  # fmt: skip
        expected = (
            {"result": F, "checkpoint": F}
            if name == "checkpoint"
            else {"result": F}
            if name == "gate"
            else report
        )
        yield f"another {name} stated of the report", {"statement": {name: value}}, expected
    yield (
        "the statement is about another report.json",
        {"report_envelope": {"subject.0.digest.sha256": "0" * 64}},
        report,
    )
    yield "the report's statement is of another type", {
        "report_envelope": {"predicateType": "urn:readiness:audit-bundle:v1"},
    }, {"result": F, "origin": F}  # fmt: skip
    yield "another file attached to the PDF", {"attached": {"evil.txt": "hello"}}, report
    yield "evidence in the PDF exchanged", {"attached": {"evidence/issues": "id,severity\n"}}, report
    yield "an attached file missing in the PDF", {"attached": {"evidence/issues": None}}, report
    yield "the PDF dated otherwise", {"pdf_minute": 59}, report
    yield "the PDF signed by another certificate", {"signatory": "forger"}, report
    yield "another results file", {"files": {"results/001-accuracy.json": '{"item":"accuracy","results":[]}'}}, {
        "result": F, "checks": F,
    }  # fmt: skip
    yield "no results", {"files": {"results/001-accuracy.json": None}}, {"result": F, "checks": F}
    yield (
        "another outcome printed",
        {"content": {"sections.0.items.0.checks.0.outcome": "WARN"}},
        {"result": F, "checks": F},
    )
    yield "another measurement printed", {
        "content": {"sections.0.items.0.checks.0.measurements": [
            {"name": "Accuracy", "unit": "%", "limit": {"op": ">=", "value": 80}, "ok": True, "value": 99,
             "source": "metrics.json"}]},
    }, {"result": F, "checks": F}  # fmt: skip
    evidence = next(path for path in World().files() if re.fullmatch("evidence/[0-9a-f]{64}", path))
    yield "evidence exchanged", {"files": {evidence: "other"}}, {"result": F, "evidence": F}
    yield "evidence missing", {"files": {evidence: None}}, {"result": F, "evidence": F}
    yield (
        "evidence exchanged after the manifest",
        {"later": {evidence: "other"}},
        {"result": F, "file-whole": F},
    )
    yield (
        "another checklist",
        {"files": {"checklist.md": "# Easy\n- [ ] Nothing\n"}},
        {"result": F, "checklist": F},
    )
    whole = {"result": F, "file-whole": F}
    yield "a file more than the manifest lists", {"later": {"extra.txt": "x"}}, whole
    yield "a file less than the manifest lists", {"later": {"VERIFY.md": None}}, whole
    yield "a manifest with another size", {"manifest": {"files.0.size": 1}}, whole
    yield "a manifest of another kind", {"manifest": {"kind": "zip"}}, whole
    yield "a manifest of another gate", {"manifest": {"gate": 8}}, whole
    yield "the bundle's statement is about another report", {"bundle": {"report": 4}, "manifest": {"report": 4}}, {
        "result": F, "origin": F,
    }  # fmt: skip


BYTES_OF_BUNDLE = (
    "comment", "local extra", "reordered", "repacked", "deflated", "duplicate", "zip64", "prepended", "appended",
    "truncated",
)  # fmt: skip
BYTES_OF_REPORT = (
    "appended", "truncated", "increment", "upper case", "padding", "unsigned attribute", "byte range", "unsigned",
    "first line",
)  # fmt: skip


def reports() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """The same for PDFs, and what is done to their bytes."""
    yield "honest report", {}, {"result": V, "checks": N, "checklist": N, "evidence": V}
    yield "honest report without its evidence", {
        "attached": {"evidence/issues": None}, "statement": {"attached.evidence/issues": None},
    }, {"result": V, "evidence": N}  # fmt: skip
    yield "room behind the signature filled with zeros", {"bytes": "roomy"}, {"result": V}
    yield "report without a named key", {"trusted": []}, {"result": "consistent", "origin": N}
    yield (
        "report signed anew by a forger",
        FORGER | {"bytes": "signed by another"},
        {"result": F, "report": F},
    )
    yield "report by a forger throughout", FORGER, {"result": "consistent", "origin": N}
    for name in BYTES_OF_REPORT:
        yield f"report, {name}", {"bytes": name}, {"result": F, "file-whole": F}
    yield "report signed by another certificate", {"bytes": "signed by another"}, {"result": F, "report": F}
    yield "report with a second certificate", {"bytes": "second certificate"}, {"result": F, "report": F}
    yield "report without its log", {"attached": {"audit.jsonl": None}}, {"result": F, "file-whole": F}
    yield (
        "report whose sign-offs were left out",
        {"attached": {"signatures.jsonl": ""}},
        {"result": F, "signatures": F},
    )
    yield "report with a file that no report has", {
        "attached": {"DECISION": "Approved."}, "statement": {"attached.DECISION": _sha256("Approved.")},
    }, {"result": F, "report": F}  # fmt: skip
    yield "report with evidence that nobody signed", {
        "attached": {"evidence/board": "Approved."}, "statement": {"attached.evidence/board": _sha256("Approved.")},
    }, {"result": F, "evidence": F}  # fmt: skip
    yield "report with another report.json", {"attached": {"report.json": "{}"}}, {"result": F}


def envelopes() -> Iterator[dict[str, str]]:
    """Envelopes as bytes; the reader refuses each, but the first."""
    good = World().sign_offs[0]
    loaded = json.loads(good)
    payload = base64.b64decode(loaded["payload"])

    def with_payload(data: bytes) -> bytes:
        return json.dumps(
            loaded | {"payload": base64.b64encode(data).decode()}, separators=(",", ":")
        ).encode()

    swapped = json.dumps(dict(reversed(loaded.items())), separators=(",", ":")).encode()
    cases = {
        "an envelope": (good, "read"),
        "with a space": (good.replace(b":", b": ", 1), "refused"),
        "with a line's end": (good + b"\n", "refused"),
        "with a mark at the beginning": (b"\xef\xbb\xbf" + good, "refused"),
        "with its keys in another order": (swapped, "refused"),
        "with a key twice": (good.replace(b'{"payload"', b'{"payloadType":"x","payload"', 1), "refused"),
        "with an escape": (good.replace(b"vnd", rb"\u0076nd", 1), "refused"),
        "with base64 for URLs": (good.replace(b'"payload":"', b'"payload":"-_', 1), "refused"),
        "with base64 without its end": (good.replace(b"=", b"", 1), "refused"),
        "with a payload that is not canonical": (with_payload(payload.replace(b":", b": ", 1)), "refused"),
        "with a payload that has a key twice": (
            with_payload(payload.replace(b'{"_type"', b'{"_type":"x","_type"', 1)), "refused",
        ),
        "with two subjects": (
            with_payload(payload.replace(b'"subject":[', b'"subject":[{"digest":{"sha256":"00"},"name":"x"},', 1)),
            "refused",
        ),
        "with a digest in upper case": (
            with_payload(re.sub(rb'"sha256":"([0-9a-f]{64})"', lambda m: b'"sha256":"' + m[1].upper() + b'"', payload, count=1)),
            "refused",
        ),
        "with another digest beside": (
            with_payload(payload.replace(b'{"sha256"', b'{"sha1":"00","sha256"', 1)), "refused",
        ),
        "with a payload that is a list": (with_payload(b"[]"), "refused"),
        "with a payload that is no JSON": (with_payload(b"\xff\xfe"), "refused"),
        "of half its length": (good[: len(good) // 2], "refused"),
        "of nothing": (b"", "refused"),
        "nested for ever": (b"[" * 5000, "refused"),
        "of a number that is none": (good.replace(b'"payload":"', b'"payload":NaN,"x":"', 1), "refused"),
    }  # fmt: skip
    for name, (data, found) in cases.items():
        yield {
            "name": f"an envelope {name}" if name != "an envelope" else name,
            "data": _text(data),
            "expect": found,
        }


def checkpoints() -> Iterator[dict[str, str]]:
    """Checkpoints as bytes."""
    good = World().note
    lines = good.split(b"\n")
    cases = {
        "as it is": (good, "read"),
        "without its last line's end": (good[:-1], "refused"),
        "with a line more": (good + b"\n", "refused"),
        "with a second signature": (good + lines[-2] + b"\n", "refused"),
        "with another name in the signature": (
            good.replace("— ready".encode(), "— steady".encode()),
            "refused",
        ),
        "with a hyphen for the dash": (good.replace("—".encode(), b"-"), "refused"),
        "with a length that begins with zero": (good.replace(lines[1], b"0" + lines[1], 1), "refused"),
        "with a negative length": (good.replace(lines[1], b"-1", 1), "refused"),
        "with a shorter hash": (good.replace(lines[2], b"AAAA", 1), "refused"),
        "with a time without a zone": (good.replace(b"+00:00", b"", 1), "refused"),
        "with a time of another form": (good.replace(b"T", b" ", 1), "refused"),
        "with another extension line": (good.replace(b"\n\n", b"\nevil\n\n", 1), "refused"),
        "with CR and LF": (good.replace(b"\n", b"\r\n"), "refused"),
        "with an origin that is a path": (good.replace(b"ready.example", b"../ready"), "refused"),
        "of another stream's form": (good.replace(b"gate:7", b"gate:07"), "refused"),
        "with base64 that is not canonical": (good.replace(b"=\n", b"\n", 1), "refused"),
    }
    for name, (data, found) in cases.items():
        yield {"name": f"a checkpoint {name}", "data": _text(data), "expect": found}


def key_files() -> Iterator[dict[str, str]]:
    """Key files as bytes."""
    good = json.dumps(ring([{"name": "main", "not_before": 0}]).to_dict("ready.example")).encode()
    pem = keys.pem(signing_key("main").public)
    other = signing_key("forger").id.encode()
    cases = {
        "in JSON": (good, "read"),
        "in PEM": (pem, "read"),
        "of two keys in PEM": (pem + keys.pem(signing_key("forger").public), "read"),
        "with a private key": (signing_key("main").pem(), "refused"),
        "with a private key behind a public one": (pem + signing_key("main").pem(), "refused"),
        "with another key's id": (good.replace(signing_key("main").id.encode(), other), "refused"),
        "with a key twice": (pem + pem, "refused"),
        "without a key": (b'{"kind":"readiness-keys","schema_version":1,"keys":[]}', "refused"),
        "of another version": (good.replace(b'"schema_version": 1', b'"schema_version": 2'), "refused"),
        "of another kind": (good.replace(b"readiness-keys", b"other-keys"), "refused"),
        "of another algorithm": (good.replace(b"ed25519", b"ed448"), "refused"),
        "with a time without a zone": (good.replace(b"+00:00", b""), "refused"),
        "that does not say whose they are": (good.replace(b'"ready.example"', b"7"), "refused"),
        "of nothing": (b"", "refused"),
        "of a certificate": (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "refused"),
        "broken in the middle": (pem.replace(b"MCow", b"XXXX"), "refused"),
    }
    for name, (data, found) in cases.items():
        yield {"name": f"a key file {name}", "data": _text(data), "expect": found}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


# What only `readiness verify` sees: the single file says in its help what it does not look at.
BLIND = {
    "signed by another installation, whose key is named too",
    "a sign-off on another checklist", "a role that nobody signs in", "a field more in a sign-off",
    "a field less in a sign-off", "no credentials in a sign-off", "a short challenge",
    "the subject of another gate", "an earlier checkpoint contradicts the log", "a moved bar hidden",
    "a signed state under another's name", "a manifest with another size", "a manifest of another kind",
    "a manifest of another gate", "no enclosed keys", "a file that no bundle holds",
    "credentials that nobody has", "other credentials than the log records", "a waiver until the end of time",
    "a list of the evidence that leaves it out", "a report of another kind", "a report of another version",
    "results twice for one item", "results for no item", "a withdrawal of nothing",
    "the file admits that its key was revoked, the named key does not say so",
    "a sign-off before its key was revoked, the log signed by another key",
    "a revoked key's sign-off, vouched for by an earlier checkpoint",
}  # fmt: skip
PRINTED = ("printed", "prints", "leaves a sign-off out")


def _blind(name: str) -> bool:
    return name in BLIND or any(word in name for word in PRINTED)


def _recipes(found: Iterator[tuple[str, dict[str, Any], dict[str, str]]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "recipe": recipe, "expect": expected, **({"blind": True} if _blind(name) else {})}
        for name, recipe, expected in found
    ]


def everything() -> dict[str, list[dict[str, Any]]]:
    """All vectors, by file."""
    whole = {"result": F, "file-whole": F}
    bytes_of_bundle = [(f"bundle, {name}", {"bytes": name}, whole) for name in BYTES_OF_BUNDLE]
    return {
        "bundles": _recipes(bundles()) + _recipes(iter(bytes_of_bundle)),
        "reports": _recipes(reports()),
        "envelopes": list(envelopes()),
        "checkpoints": list(checkpoints()),
        "keys": list(key_files()),
    }


def main() -> None:
    """Write all files."""
    HERE.mkdir(exist_ok=True)
    for name, vectors in everything().items():
        text = ",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors)
        (HERE / f"{name}.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
