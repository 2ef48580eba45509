"""A small installation in memory that makes reports and bundles, honest ones and forged ones.

Everything follows from the recipe: keys from their names, times from constants. So a vector is a recipe and
what must be found; the same recipe gives the same bytes.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pikepdf

from readiness.engine import policy, seal
from readiness.engine.checklist import Requirement
from readiness.engine.sealed import canonical_zip, checkpoint, dsse, log, pdf_sign, statements
from readiness.engine.sealed.keys import Keyring, SigningKey
from readiness.engine.verdict_words import verdict_name
from tests.engine.sealed.named_keys import at, ring, signatory, signing_key

SOURCE = b"""---
title: Small
slug: small
version: 1.0.0
sign_off:
  - {role: technical-lead}
  - {role: product-owner, conditional: true}
  - {role: compliance, conditional: true}
---
# Small

## Measured

- [ ] **Accuracy meets the target** {#accuracy}

  ```yaml check
  metric: {file: metrics.json, key: accuracy, at_least: 80}
  ```

## By people

- [ ] **No critical issue** {#issues}

## Approval

- [ ] **Technical lead** {#approve-lead role=technical-lead}
- [ ] **Product owner** {#approve-product role=product-owner}
- [ ] **Compliance** {#approve-compliance role=compliance}
"""
MOST_ATTACHED = 1 << 20
DAY = "D:20260301000000Z"
EVIDENCE = b"id,severity\n1,low\n"
RESULT: dict[str, Any] = {
    "kind": "metric",
    "params": {"file": "metrics.json", "key": "accuracy", "at_least": 80},
    "finding": {
        "outcome": "PASS",
        "message": "Accuracy 87.6, needs at least 80",
        "measurements": [
            {"name": "Accuracy", "unit": "%", "limit": {"op": ">=", "value": 80}, "ok": True, "value": 87.6,
             "source": "metrics.json", "volatile": False}
        ],
    },
    "files": [{"path": "metrics.json", "sha256": "ab" * 32, "size": 20}],
}  # fmt: skip
PEOPLE = {"lead": 11, "product": 12, "compliance": 13, "maker": 14}
ROLES = {"lead": "technical-lead", "product": "product-owner", "compliance": "compliance"}
VERBS = {"approve": "gate.approved", "decline": "gate.declined", "withdraw": "signoff.withdrawn"}
HONEST: dict[str, Any] = {
    "installation": "ready.example",
    "gate": 7,
    "report": 3,
    "keys": [{"name": "main"}],
    "trusted": [{"name": "main"}],
    "sign_offs": [{"by": "lead"}, {"by": "product"}, {"by": "compliance"}],
}


class World:
    """One gate with its state, sign-offs, log, report and bundle, as the recipe says.

    What a recipe may hold beside HONEST's keys: `snapshot`, `log`, `note`, `content`, `statement`, `manifest`
    (fields to set: `{"a.b.0.c": value}`), `entries` (changes of the log, see `_log`), `files` and `later`
    (files of the bundle by path, before and after the manifest is made; None takes one away), `exchange` (two
    paths), `signer`,
    `note_signer`, `bundle_signer`, `attached` (files attached to the PDF), `signatory`.
    """

    def __init__(self, recipe: Mapping[str, Any] | None = None, *, evidence: bytes = EVIDENCE) -> None:
        self.evidence = evidence
        self.recipe: dict[str, Any] = {**copy.deepcopy(HONEST), **(recipe or {})}
        self.installation, self.gate = self.recipe["installation"], self.recipe["gate"]
        self.state = _set(self._snapshot(), self.recipe.get("snapshot", {}))
        self.digest = seal.digest(self.state)
        self.states = {self.digest[7:]: self.state}
        self.sign_offs: list[bytes] = []
        self.said: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.earlier: dict[int, bytes] = {}
        self._happen()
        self.lines = self._log()
        self.note = self._note(self.recipe.get("note", {}), self._key("note_signer"))
        self.report = _set(self._report(), self.recipe.get("content", {}))
        self.signed_report = self._statement()

    def trusted(self) -> Keyring:
        """The keys that the verifier names."""
        return ring(self.recipe["trusted"])

    def _key(self, role: str) -> SigningKey:
        return signing_key(self.recipe.get(role, self.recipe.get("signer", "main")))

    def _snapshot(self) -> dict[str, Any]:
        from readiness.engine.sealed.signable import signable

        item = {
            "by": "",
            "reason": "",
            "confirmed": [],
            "checks": [],
            "evidence": [],
            "requirement": "mandatory",
        }
        return {
            "schema_version": 1,
            "project": {"slug": "fraud", "name": "Fraud model"},
            "release": {"version": "1.4.0", "planned_for": None},
            "environment": "production",
            "checklist": {"slug": "small", "version": "1.0.0", "sha256": hashlib.sha256(SOURCE).hexdigest()},
            "artifact": "sha256:" + "cd" * 32,
            "parameters": {"number": 0, "values": {}, "bar_moved_after_result": False},
            "items": [
                item
                | {"key": "accuracy", "title": "Accuracy meets the target", "state": "passed",
                   "decided": "checks", "checks": [signable(RESULT)]},
                item
                | {"key": "issues", "title": "No critical issue", "state": "passed", "decided": "person",
                   "by": "maker", "evidence": [self._piece()]},
            ],
            "roles": [
                {"role": role, "conditional": role != "technical-lead", "dropped": ""}
                for role in ROLES.values()
            ],
            "approval_evidence": [],
        }  # fmt: skip

    def _piece(self) -> dict[str, Any]:
        return {
            "kind": "file", "name": "issues.csv", "sha256": hashlib.sha256(self.evidence).hexdigest(),
            "url": "", "by": "maker",
        }  # fmt: skip

    def _attached(self) -> dict[str, str]:
        piece = self._piece()
        return {"name": piece["name"], "sha256": piece["sha256"]}

    def _happen(self) -> None:
        """The gate is opened, evidence attached, and everybody signs."""
        self._append("gate.opened", "maker", 0, subject="production")
        self._append("evidence.attached", "maker", 1, subject="issues", data=self._attached())
        for number, one in enumerate(self.recipe["sign_offs"]):
            self._sign(one, 10.0 + number)
            if one.get("checkpoint"):
                self._rehash()
                length = len(self.entries)
                fields = {"length": length, "head": self.entries[-1]["hash"]}
                self.earlier[length] = self._note(fields, signing_key(one["checkpoint"]), 10.5 + number)

    def _append(
        self, verb: str, by: str, minute: float, *, subject: str, data: Mapping[str, Any] | None = None
    ) -> None:
        content = {
            "stream": f"gate:{self.gate}",
            "seq": len(self.entries) + 1,
            "at": at(minute).isoformat(timespec="microseconds"),
            "actor_id": PEOPLE[by],
            "actor_name": by,
            "verb": verb,
            "subject": subject,
            "revision": len(self.entries) + 1,
            "data": dict(data or {}),
        }
        self.entries.append({"content": content, "previous": "", "hash": ""})

    def _sign(self, one: dict[str, Any], minute: float) -> None:
        """`by`, and maybe `decision`, `key`, `minute`, `replaces` (number of another), `state` (fields of an
        earlier state), `say` (fields set before signing), `quietly` (the same, in the statement alone),
        `then` (fields set after it), `envelope` (fields of the envelope itself), `log` (False: not recorded;
        or fields of the entry), `checkpoint` (the key of one that follows).
        """
        minute = one.get("minute", minute)
        state = _set(copy.deepcopy(self.state), one["state"]) if "state" in one else self.state
        digest = seal.digest(state)
        self.states[digest[7:]] = state
        decision, role = (
            one.get("decision", "approve"),
            one.get("role", ROLES.get(one["by"], "technical-lead")),
        )
        replaced = hashlib.sha256(self.sign_offs[one["replaces"]]).hexdigest() if "replaces" in one else ""
        said: dict[str, Any] = {
            "installation": self.installation,
            "gate": self.gate,
            "project": "fraud",
            "release": "1.4.0",
            "environment": "production",
            "checklist": f"small@1.0.0 sha256:{hashlib.sha256(SOURCE).hexdigest()}",
            "decision": decision,
            "role": role,
            "person": PEOPLE[one["by"]],
            "name": one["by"],
            "meaning": f"As {role}, I {decision} the deployment of 1.4.0 to production.",
            "criteria": [],
            "comment": "" if decision == "approve" else "Because.",
            "signed_at": at(minute).isoformat(timespec="microseconds"),
            "credential": {
                "methods": ["password"],
                "challenge": hashlib.sha256(f"challenge {len(self.sign_offs)}".encode()).hexdigest(),
            },
            "supersedes": replaced,
        }
        said = _set(said, one.get("say", {}))
        told = _set(copy.deepcopy(said), one.get("quietly", {}))
        statement = statements.sign_off(told, digest=digest)
        statement = _set(statement, one.get("statement", {}))
        data = dsse.sign(statement, signing_key(one.get("key", self.recipe.get("signer", "main"))))
        data = _rewritten(data, one.get("then", {}), one.get("envelope", {}))
        self.sign_offs.append(data)
        self.said.append(said | {"digest": digest})
        if one.get("log", True) is False:
            return
        logged = {
            "digest": digest, "meaning": said["meaning"], "criteria": said["criteria"],
            "comment": said["comment"], "envelope": hashlib.sha256(data).hexdigest(),
            "methods": said["credential"]["methods"],
        }  # fmt: skip
        self._append(VERBS.get(decision, "gate.approved"), one["by"], minute, subject=role, data=logged)
        if isinstance(one.get("log"), dict):
            _set(self.entries[-1]["content"], one["log"])

    def _rehash(self, since: int = 0) -> None:
        previous = self.entries[since - 1]["hash"] if since else log.GENESIS
        for entry in self.entries[since:]:
            entry["previous"] = previous
            entry["hash"] = previous = seal.chain(previous, entry["content"])

    def _log(self) -> bytes:
        """`entries` of the recipe: `{"drop": [number], "swap": [a, b], "set": {"2.content.verb": …},
        "again": True to hash anew, "keep": number of entries, "skip": entries cut off the beginning}`.
        """
        self._rehash()
        wanted = self.recipe.get("entries", {})
        self.whole = list(self.entries)
        if "swap" in wanted:
            a, b = wanted["swap"]
            self.entries[a], self.entries[b] = self.entries[b], self.entries[a]
        self.entries = [e for n, e in enumerate(self.entries) if n not in wanted.get("drop", [])]
        _set(self.entries, wanted.get("set", {}))
        self.entries = self.entries[: wanted.get("keep", len(self.entries))]
        if wanted.get("again"):
            for number, entry in enumerate(self.entries, 1):
                entry["content"]["seq"] = number
            self._rehash()
        self.entries = self.entries[wanted.get("skip", 0) :]
        return b"".join(log.line(e["content"], e["previous"], e["hash"]) for e in self.entries)

    def _note(self, fields: Mapping[str, Any], key: SigningKey, minute: float = 60) -> bytes:
        said: dict[str, Any] = {
            "installation": self.installation,
            "stream": f"gate:{self.gate}",
            "length": len(self.entries) + self.recipe.get("entries", {}).get("skip", 0),
            "head": self.entries[-1]["hash"] if self.entries else log.GENESIS,
            "at": at(minute),
            **fields,
        }
        if isinstance(said["at"], int | float):
            said["at"] = at(said["at"])
        return checkpoint.sign(checkpoint.Checkpoint(**said), key, key.public)

    def own_note(self, fields: Mapping[str, Any]) -> bytes:
        """A checkpoint that a verifier kept: `key`, `entries` (how many of the true log), or fields."""
        given = dict(fields)
        key = signing_key(given.pop("key", "main"))
        length = given.pop("entries", len(self.whole))
        known = {"length": length, "head": self.whole[length - 1]["hash"]}
        return self._note(known | given, key, 60)

    def _live(self) -> list[dict[str, Any]]:
        replaced = {said["supersedes"] for said in self.said if said["supersedes"]}
        names = [hashlib.sha256(data).hexdigest() for data in self.sign_offs]
        pairs = zip(names, self.said, strict=True)
        return [s for name, s in pairs if s["decision"] != "withdraw" and name not in replaced]

    def _report(self) -> dict[str, Any]:
        verdict = self._verdict()
        printed: dict[str, Any] = {"checks": [], "charts": [], "notes": []}
        sections = [
            printed
            | {k: item[k] for k in ("key", "title", "requirement", "state", "reason", "evidence")}
            | {"role": "", "checks": [self._check(c) for c in item["checks"]]}
            | {"decided": {"how": item["decided"], "by": item["by"], "at": ""}}
            for item in self.state["items"]
        ]
        approvals = [
            printed | {"key": f"approve-{by}", "title": by, "requirement": "mandatory", "state": "open",
                       "reason": "", "evidence": [], "role": role, "decided": {"how": "", "by": "", "at": ""}}
            for by, role in ROLES.items()
        ]  # fmt: skip
        head = checkpoint.read(self.note, "note").checkpoint
        return {
            "schema_version": 1,
            "kind": "readiness-report",
            "generated": {"at": at(60).isoformat(timespec="seconds"), "zone": "UTC", "by": "lead"},
            "project": self.state["project"],
            "release": {"version": "1.4.0", "planned_for": "", "by": "maker", "pushed_by": "", "at": ""},
            "gate": {"id": self.gate, "environment": self.state["environment"], "earlier": []},
            "checklist": {**self.state["checklist"], "waivers": False},
            "artifact": {"digest": self.state["artifact"]},
            "parameters": {"number": 0, "bar_moved_after_result": False, "values": []},
            "verdict": {
                "state": verdict.state.value,
                "approved": verdict.approved,
                "name": verdict_name(verdict, self.state["environment"]),
                "warnings": 0,
                "total": len(sections) + len(approvals),
                "counts": {state.value: n for state, n in verdict.counts.items()},
                "blockers": [{"kind": b.kind, "item": b.item, "title": b.title} for b in verdict.blockers],
            },
            "sections": [{"title": "All", "items": sections + approvals}],
            "waivers": [],
            "roles": [{"role": role, "state": worth.value} for role, worth in verdict.signatures.items()],
            "signatures": [self._line(said) for said in self._live()],
            "history": {"entries": [self._past(said) for said in self._gone()], "more": 0},
            "final": self._final(),
            "audit": {
                "stream": f"gate:{self.gate}",
                "length": head.length,
                "head": f"{head.length}:{head.head}",
                "entries": [
                    {"seq": e["content"]["seq"], "who": e["content"]["actor_name"],
                     "verb": e["content"]["verb"], "hash": e["hash"], "at": e["content"]["at"],
                     "subject": e["content"]["subject"]}
                    for e in self.entries
                ],
            },
            "signed": {"digest": self.digest, "snapshot": self.state},
        }  # fmt: skip

    def _verdict(self) -> policy.Verdict:
        items = tuple(
            policy.ItemState(
                key=item["key"], title=item["title"], requirement=Requirement(item["requirement"]),
                state=policy.State(item["state"]), reason=item["reason"],
            )
            for item in self.state["items"]
        )  # fmt: skip
        roles = tuple(
            policy.RoleState(
                role=one["role"], title=one["role"], conditional=one["conditional"],
                dropped_reason=one["dropped"],
                item=next(f"approve-{by}" for by, role in ROLES.items() if role == one["role"]),
            )
            for one in self.state["roles"]
        )  # fmt: skip
        signatures = tuple(
            policy.Signature(
                role=said["role"], decision=_decision(said), digest=said["digest"],
                person=said["name"],
            )
            for said in self._live()
        )  # fmt: skip
        gate = policy.GateState(digest=self.digest, items=items, roles=roles, signatures=signatures)
        return policy.decide(gate, at(60))

    def _check(self, signed: dict[str, Any]) -> dict[str, Any]:
        measured = [
            m | {"observed": f"{m['value']} %", "expected": f"≥ {m['limit']['value']} %"}
            for m in signed["measurements"]
        ]
        return {k: signed[k] for k in ("kind", "outcome", "message", "files")} | {"measurements": measured}

    def _final(self) -> dict[str, Any]:
        def cell(value: str, *, ok: bool | None = None, known: bool = True) -> dict[str, Any]:
            return {"label": "", "value": value, "detail": "", "ok": ok, "known": known}

        return {
            "accuracy": cell("87.6 %", ok=True),
            "target": cell("≥ 80 %"),
            "met": cell("yes", ok=True),
            "gap": cell("not measured", known=False),
            "p95": cell("not measured", known=False),
            "deployment": cell("not set", known=False),
        }

    def _gone(self) -> list[dict[str, Any]]:
        live = self._live()
        return [said for said in self.said if said not in live and said["decision"] != "withdraw"]

    def _past(self, said: dict[str, Any]) -> dict[str, Any]:
        name = hashlib.sha256(self.sign_offs[self.said.index(said)]).hexdigest()
        ends = [later for later in self.said if later["supersedes"] == name]
        withdrawn = ends[0]["decision"] == "withdraw"
        return self._line(said) | {"state": "withdrawn" if withdrawn else "replaced"}

    def _line(self, said: dict[str, Any]) -> dict[str, Any]:
        current = said["digest"] == self.digest
        valid = "valid" if said["decision"] == "approve" else "declined"
        kept = ("role", "name", "decision", "meaning", "criteria", "comment", "digest")
        when = datetime.fromisoformat(said["signed_at"]).isoformat(timespec="seconds")
        return {k: said[k] for k in kept} | {"state": valid if current else "stale", "signed_at": when}

    def enclosed_keys(self) -> bytes:
        """keys.json."""
        return seal.canonical(ring(self.recipe["keys"]).to_dict(self.installation))

    def attached(self) -> dict[str, bytes]:
        """What is attached to the PDF, without the statement."""
        return {
            "report.json": seal.canonical(self.report),
            "audit.jsonl": self.lines,
            "checkpoint.txt": self.note,
            "signatures.jsonl": b"".join(data + b"\n" for data in self.sign_offs),
            "keys.json": self.enclosed_keys(),
            **({"evidence/issues": self.evidence} if len(self.evidence) < MOST_ATTACHED else {}),
        }

    def _statement(self) -> bytes:
        note = checkpoint.read(self.note, "note").checkpoint
        files = self.attached()
        said = _set(
            {
                "installation": self.installation,
                "gate": self.gate,
                "report": self.recipe["report"],
                "made_at": self.report["generated"]["at"],
                "digest": self.report["signed"]["digest"],
                "verdict": self.report["verdict"]["state"],
                "checkpoint": f"{note.length}:{note.head}",
                "certificates": signatory().fingerprints,
                "attached": {
                    n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n != "report.json"
                },
            },
            self.recipe.get("statement", {}),
        )
        sha256 = hashlib.sha256(files["report.json"]).hexdigest()
        stated = statements.report(said, sha256=sha256)
        return dsse.sign(_set(stated, self.recipe.get("report_envelope", {})), self._key("report_signer"))

    def pdf(self) -> bytes:
        """The signed PDF."""
        files = self.attached() | {"report.dsse.json": self.signed_report}
        for name, text in self.recipe.get("attached", {}).items():
            files.pop(name, None)
            if text is not None:
                files[name] = text.encode()
        with pikepdf.new() as made:
            made.add_blank_page()
            for name, data in files.items():
                made.attachments[name] = pikepdf.AttachedFileSpec(
                    made, data, filename=name, description="", mime_type="", creation_date=DAY, mod_date=DAY
                )
            out = io.BytesIO()
            made.save(out, deterministic_id=True)
        whose = signatory(self.recipe.get("signatory", "report"))
        moment = at(self.recipe.get("pdf_minute", 60))
        return pdf_sign.sign(out.getvalue(), whose, at=moment, reason="Test", name="Test", location="Test")

    def _index(self) -> list[dict[str, Any]]:
        items = self.report["sections"][0]["items"]
        return [{"item": item["key"], **piece} for item in items for piece in item["evidence"]]

    def files(self) -> dict[str, bytes]:
        """The bundle's files."""
        result = {"item": "accuracy", "results": [RESULT]}
        found = {
            "VERIFY.md": b"# Verify\n",
            "report.pdf": self.pdf(),
            "report.json": seal.canonical(self.report),
            "report.dsse.json": self.signed_report,
            "snapshot.json": seal.canonical(self.report["signed"]["snapshot"]),
            "checklist.md": SOURCE,
            "results/001-accuracy.json": seal.canonical(result),
            f"evidence/{hashlib.sha256(self.evidence).hexdigest()}": self.evidence,
            "evidence/index.json": seal.canonical({"evidence": self._index()}),
            "audit/log.jsonl": self.lines,
            "audit/checkpoint.txt": self.note,
            "keys/keys.json": self.enclosed_keys(),
        }
        for number, (data, said) in enumerate(zip(self.sign_offs, self.said, strict=True), 1):
            found[f"signatures/{number:03}-{said['role']}-{said['decision']}.dsse.json"] = data
        found |= {
            f"signatures/snapshots/{name}.json": seal.canonical(one) for name, one in self.states.items()
        }
        found |= {f"audit/checkpoints/{length}.txt": data for length, data in self.earlier.items()}
        _replace(found, self.recipe.get("files", {}))
        if "exchange" in self.recipe:
            a, b = self.recipe["exchange"]
            found[a], found[b] = found[b], found[a]
        listed = [
            {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "description": ""}
            for path, data in sorted(found.items())
        ]
        said = {
            "installation": self.installation, "gate": self.gate, "report": self.recipe["report"],
            "made_at": at(61).isoformat(timespec="seconds"),
        }  # fmt: skip
        manifest = {"schema_version": 1, "kind": "readiness-audit-bundle", **said, "files": listed}
        raw = seal.canonical(_set(manifest, self.recipe.get("manifest", {})))
        said = _set(said, self.recipe.get("bundle", {}))
        stated = statements.bundle(said, sha256=hashlib.sha256(raw).hexdigest())
        found |= {"manifest.json": raw, "manifest.dsse.json": dsse.sign(stated, self._key("bundle_signer"))}
        _replace(found, self.recipe.get("later", {}))
        return found

    def bundle(self) -> bytes:
        """The ZIP."""
        return b"".join(bytes(part) for part in canonical_zip.parts(self.files()))


def _decision(said: Mapping[str, Any]) -> policy.Decision:
    return policy.Decision.DECLINE if said["decision"] == "decline" else policy.Decision.APPROVE


def _replace(files: dict[str, bytes], wanted: Mapping[str, str | None]) -> None:
    for path, text in wanted.items():
        files.pop(path, None)
        if text is not None:
            files[path] = text.encode()


def _set(data: Any, wanted: Mapping[str, Any]) -> Any:
    """Set fields by dotted path, in place; None takes one away."""
    for path, value in wanted.items():
        *way, last = path.split(".")
        here = data
        for step in way:
            here = here[int(step) if isinstance(here, list) else step]
        if isinstance(here, list):
            here[int(last)] = value
        elif value is None:
            here.pop(last)
        else:
            here[last] = value
    return data


def _rewritten(data: bytes, then: Mapping[str, Any], fields: Mapping[str, Any]) -> bytes:
    """The envelope with its statement, or the envelope itself, changed after it was signed."""
    import json

    loaded = json.loads(data)
    if then:
        said = json.loads(base64.b64decode(loaded["payload"]))
        loaded["payload"] = base64.b64encode(seal.canonical(_set(said, then))).decode()
    return seal.canonical(_set(loaded, fields))
