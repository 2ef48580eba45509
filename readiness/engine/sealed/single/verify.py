"""Verify a Readiness audit bundle: python verify.py [BUNDLE.zip] --key KEY [--checkpoint FILE]

Needs Python 3.11 and the package cryptography; no network, no account, no other file. BUNDLE.zip is the file as
it was downloaded; without it, the folder that this script lies in is verified. KEY holds the installation's
public keys (PEM, or the JSON that it exports), got by ANOTHER WAY than in this bundle: keys/keys.json in here
proves nothing. FILE is a checkpoint that you kept. Exit code: 0 verified, 1 not, 2 wrong usage.

Not looked at here: the PDF's own signature (only that it is the file that the manifest names), whether the
verdict follows from the signed state, check results, duties kept apart, and what a revoked key signed before
it was revoked (never verified here). `readiness verify` looks at all of that too.
"""
# ruff: noqa: T201  # it is a program

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

VERBS = {"approve": "gate.approved", "decline": "gate.declined", "withdraw": "signoff.withdrawn"}
TYPE = "application/vnd.in-toto+json"
MANIFEST, SIGNED_MANIFEST, REPORT = "manifest.json", "manifest.dsse.json", "report.dsse.json"
# The end of an entry of the log. "hash" and "previous" are not part of what is hashed.
TAIL = re.compile(
    rb',"hash":"([0-9a-f]{64})","previous":"([0-9a-f]{64})"(,"revision":(?:null|-?\d+),"seq":\d+,'
    rb'"stream":"[a-z:0-9]+","subject":"(?:[^"\\]|\\.)*","verb":"[a-z._]+"\})'
)
ODD = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, struct.error)


class Wrong(Exception):
    """Something is not as it was signed."""


class Doubt(Exception):
    """Something that this file and these keys do not show."""


class Note(NamedTuple):
    """A checkpoint: `log` is installation and stream, `end` number and hash of the last entry."""

    log: tuple[str, str]
    end: tuple[int, str]
    at: datetime
    signature: bytes
    body: bytes


def need(holds: object, why: str) -> None:
    """Raise Wrong unless it holds."""
    if not holds:
        raise Wrong(why)


def sha256(data: bytes) -> str:
    """Lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def plain(data: bytes) -> Any:
    """JSON without doubled keys."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), "a key stands twice in a JSON object")
        return dict(pairs)

    return json.loads(data, object_pairs_hook=unique)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a ZIP in its one form: stored, in order of names, without comments, extras and gaps."""
    files, central, place = dict[str, bytes](), b"", 0
    while data[place : place + 4] == b"PK\x03\x04":
        size, _, length = struct.unpack_from("<2IH", data, place + 18)
        raw, start = data[place + 30 : place + 30 + length], place + 30 + length
        name, content = raw.decode("ascii"), data[start : start + size]
        fields = (0, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), length, 0)
        local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, *fields) + raw
        need(data[place:start] == local, f"{name} is packed in another form, or was changed")
        need(not files or name > next(reversed(files)), f"{name} stands out of order, or twice")
        head = (b"PK\x01\x02", 0x0314, 20, *fields, 0, 0, 0, 0o100644 << 16, place)
        central += struct.pack("<4s6H3I5H2I", *head) + raw
        files[name], place = content, start + size
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(files), len(files), len(central), place, 0)
    need(files and data[place:] == central + end, "the ZIP is not in its canonical form, or was changed")
    return files


def read_keys(data: bytes) -> dict[str, dict[str, Any]]:
    """{id: key}; a key is {public, not_before, not_after, revoked_at}, times or None."""
    found = {}
    if data.lstrip().startswith(b"{"):
        loaded = plain(data)
        need((loaded["kind"], loaded["schema_version"]) == ("readiness-keys", 1), "this is no file of keys")
        listed = [key | {"public": base64.b64decode(key["public"], validate=True)} for key in loaded["keys"]]
    else:
        pems = re.findall(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", data, re.DOTALL)
        raw = (load_pem_public_key(pem).public_bytes(Encoding.Raw, PublicFormat.Raw) for pem in pems)
        listed = [{"public": public} for public in raw]
    for key in listed:
        times = {
            n: datetime.fromisoformat(key[n]) if key.get(n) else None for n in ("not_before", "not_after")
        }
        gone = datetime.fromisoformat(key["revoked_at"]) if key.get("revoked_at") else None
        found[sha256(key["public"])] = {"public": key["public"], "revoked_at": gone, **times}
    need(found, "this file holds no public key")
    return found


def signed_by(key: Mapping[str, Any], signature: bytes, data: bytes, at: datetime, what: str) -> None:
    """Raise Wrong unless the key signed the data within its time, Doubt for a key that was revoked later."""
    try:
        Ed25519PublicKey.from_public_bytes(key["public"]).verify(signature, data)
    except InvalidSignature:
        raise Wrong(f"{what}: the signature does not fit") from None
    need(not key["not_before"] or at >= key["not_before"], f"{what}: dated before its key was used")
    need(not key["not_after"] or at <= key["not_after"], f"{what}: dated after its key was retired")
    need(not key["revoked_at"] or at < key["revoked_at"], f"{what}: dated after its key was revoked")
    if key["revoked_at"]:
        raise Doubt(f"{what}: its key was revoked later; readiness verify may know more")


def envelope(data: bytes, kind: str, what: str) -> tuple[dict[str, Any], str, str, bytes, bytes]:
    """(what is said, SHA-256 of the subject, key id, signature, signed bytes) of a DSSE envelope."""
    loaded = plain(data)
    payload = base64.b64decode(loaded["payload"], validate=True)
    signature = base64.b64decode(loaded["signatures"][0]["sig"], validate=True)
    one = {"keyid": str(loaded["signatures"][0]["keyid"]), "sig": base64.b64encode(signature).decode()}
    again = {"payload": base64.b64encode(payload).decode(), "payloadType": TYPE, "signatures": [one]}
    need(json.dumps(again, separators=(",", ":")).encode() == data, f"{what} is not canonical")
    said = plain(payload)
    need(said["predicateType"] == f"urn:readiness:{kind}:v1", f"{what} is of another kind")
    (subject,) = said["subject"]
    pae = b"DSSEv1 %d %b %d %b" % (len(TYPE), TYPE.encode(), len(payload), payload)
    return said["predicate"], subject["digest"]["sha256"], one["keyid"], signature, pae


def note(data: bytes) -> Note:
    """A checkpoint in its one form; its signature is not verified yet."""
    body, _, tail = data.decode().partition("\n\n")
    origin, length, head, at = body.split("\n")
    installation, _, stream = origin.partition("/audit/")
    raw = base64.b64decode(tail.split(" ")[-1].removesuffix("\n"), validate=True)
    again = f"{body}\n\n— {installation} {base64.b64encode(raw).decode()}\n".encode()
    need(again == data and str(int(length)) == length and len(raw) == 68, "the checkpoint is not canonical")
    end = int(length), base64.b64decode(head, validate=True).hex()
    signed_at = datetime.fromisoformat(at.removeprefix("time "))
    return Note((installation, stream), end, signed_at, raw, f"{body}\n".encode())


class Bundle:
    """The files, the keys that the verifier named, checkpoints of their own; the first methods are claims."""

    def __init__(
        self, files: Mapping[str, bytes], keys: Mapping[str, Any], own: Sequence[bytes] = ()
    ) -> None:
        self.files, self.keys, self.own = files, keys, own
        self.entries, self.hashes = list[dict[str, Any]](), dict[int, str]()

    def claims(self) -> list[tuple[str, str, str]]:
        """[(claim, verified | not-verified | failed, why)]; each rests on those before it."""
        found = []
        for claim in (self.whole, self.origin, self.log, self.checkpoint, self.signatures, self.state):
            try:
                found.append((claim.__name__, "verified", claim()))
            except Wrong as problem:
                found.append((claim.__name__, "failed", str(problem)))
            except Doubt as doubt:
                found.append((claim.__name__, "not-verified", str(doubt)))
            except ODD as odd:
                why = f"cannot be read: {type(odd).__name__} {str(odd)[:80]}"
                found.append((claim.__name__, "failed", why))
        return found

    def whole(self) -> str:
        """Every file is the one that the manifest lists, and no other is there."""
        listed = {one["path"]: one["sha256"] for one in plain(self.files[MANIFEST])["files"]}
        hashes = {p: sha256(d) for p, d in self.files.items() if p not in (MANIFEST, SIGNED_MANIFEST)}
        wrong = sorted({path for path, _ in listed.items() ^ hashes.items()})
        need(not wrong, f"missing, changed, or not in the manifest: {', '.join(wrong[:5])}")
        return f"{len(listed)} files"

    def origin(self) -> str:
        """Manifest and report are signed by named keys, and are about these files."""
        bundle, manifest, *signed_manifest = envelope(self.files[SIGNED_MANIFEST], "audit-bundle", "manifest")
        said, report, *signed_report = envelope(self.files[REPORT], "report", "report")
        need(manifest == sha256(self.files[MANIFEST]), "another manifest was signed")
        need(report == sha256(self.files["report.json"]), "another report.json was signed")
        for name in ("installation", "gate", "report"):
            need(said[name] == bundle[name], f"bundle and report name another {name}")
        self.named("the bundle", bundle["made_at"], *signed_manifest)
        self.named("the report", said["made_at"], *signed_report)
        return f"signed by {said['installation']}"

    def log(self) -> str:
        """Each entry's hash covers the one before it, from the first entry on."""
        self.entries, self.hashes, previous = [], {}, "0" * 64
        lines = self.files["audit/log.jsonl"].split(b"\n")
        need(lines.pop() == b"", "the log ends in the middle of a line")
        for seq, line in enumerate(lines, first := plain(lines[0])["seq"]):
            tail, entry = TAIL.search(line, max(0, line.rfind(b',"hash":"'))), plain(line)
            if tail is None or tail.end() != len(line):
                raise Wrong(f"entry {seq} is not canonical")
            previous = tail[2].decode() if seq == first > 1 else previous
            place = (entry["seq"], entry["stream"], tail[2].decode())
            need(place == (seq, f"gate:{self.said()['gate']}", previous), f"entry {seq} is out of place")
            content = previous.encode() + b"\n" + line[: tail.start()] + tail[3]
            need(sha256(content) == tail[1].decode(), f"entry {seq} was changed")
            self.entries.append(entry)
            self.hashes[seq] = previous = tail[1].decode()
        if first != 1:
            raise Doubt(f"the log begins at entry {first}; what came before was cut off and sealed")
        return f"{len(lines)} entries"

    def checkpoint(self) -> str:
        """The end of the log is signed, and the verifier's own checkpoints agree with it."""
        said, found = self.said(), note(self.files["audit/checkpoint.txt"])
        need(found.log == (said["installation"], f"gate:{said['gate']}"), "it is of another log")
        need(said["checkpoint"] == f"{found.end[0]}:{found.end[1]}", "the report names another checkpoint")
        need(found.end == max(self.hashes.items(), default=None), "the log was cut off or rewritten")
        for one in map(note, self.own):
            if one.log == found.log and not (one.end > found.end and one.at > found.at):
                need(self.hashes.get(one.end[0]) == one.end[1], f"your own disagrees at entry {one.end[0]}")
                self.noted(one)
        self.noted(found)
        return f"{found.end[0]} entries, signed on {found.at}"

    def signatures(self) -> str:
        """Each sign-off is by a named key, about this gate, used once, and recorded in the log, in order."""
        names = [path for path in self.files if re.fullmatch(r"signatures/\d+-[a-z-]+\.dsse\.json", path)]
        names.sort(key=lambda path: int(path[11:].partition("-")[0]))
        recorded = [entry for entry in self.entries if entry["verb"] in VERBS.values()]
        logged = [entry["data"].get("envelope") for entry in recorded]
        need([sha256(self.files[name]) for name in names] == logged, "the log records other sign-offs")
        doubts, live, challenges = list[str](), dict[str, Any](), set[str]()
        for name, entry in zip(names, recorded, strict=True):
            said, digest, *signed = envelope(self.files[name], "gate-sign-off", name)
            self.bound(name, said, digest, entry)
            need(said["credential"]["challenge"] not in challenges, f"{name} uses a challenge twice")
            challenges.add(said["credential"]["challenge"])
            if said["supersedes"]:
                replaced = live.pop(said["supersedes"], {})
                need(replaced.get("person") == said["person"], f"{name} replaces what it may not")
            if said["decision"] != "withdraw":
                live[sha256(self.files[name])] = said
            try:
                self.named(name, said["signed_at"], *signed)
            except Doubt as doubt:
                doubts.append(str(doubt))
        need(
            len({said["person"] for said in live.values()}) == len(live), "two sign-offs of one person count"
        )
        if doubts:
            raise Doubt("; ".join(doubts))
        return "".join(f"\n  {s['name']}, {s['signed_at']}: {s['meaning']}" for s in live.values())

    def state(self) -> str:
        """One digest everywhere; checklist and evidence are those that it covers."""
        snapshot, digest = plain(self.files["snapshot.json"]), sha256(self.files["snapshot.json"])
        signed = plain(self.files["report.json"])["signed"]
        need(signed["digest"] == self.said()["digest"] == f"sha256:{digest}", "another state was signed")
        need(signed["snapshot"] == snapshot, "the report shows another state")
        named = snapshot["checklist"]["sha256"].removeprefix("sha256:")
        need(sha256(self.files["checklist.md"]) == named, "another checklist was signed")
        pieces = [p for one in snapshot["items"] + snapshot["approval_evidence"] for p in one["evidence"]]
        for piece in (piece for piece in pieces if piece["kind"] == "file"):
            content = self.files.get(f"evidence/{piece['sha256']}", b"")
            need(sha256(content) == piece["sha256"], f"the evidence {piece['name']} is missing")
        return f"sha256:{digest}"

    def said(self) -> dict[str, Any]:
        """What the report's statement says."""
        return envelope(self.files[REPORT], "report", "report")[0]

    def named(self, what: str, at: str, key: str, signature: bytes, data: bytes) -> None:
        """Raise unless a key that was named signed it at that time."""
        if key not in self.keys:
            raise Doubt(f"{what} is signed by the key {key}, which you did not name")
        signed_by(self.keys[key], signature, data, datetime.fromisoformat(at), what)

    def noted(self, found: Note) -> None:
        """The same for a checkpoint, which names its key by four bytes only."""
        for key in self.keys.values():
            hint = hashlib.sha256(found.log[0].encode() + b"\n\x01" + key["public"]).digest()[:4]
            if hint == found.signature[:4]:
                return signed_by(key, found.signature[4:], found.body, found.at, "the checkpoint")
        raise Doubt("the checkpoint is signed by a key that you did not name")

    def bound(self, name: str, said: dict[str, Any], digest: str, entry: dict[str, Any]) -> None:
        """Raise unless a sign-off is about this gate and a state that lies here, and is what was logged."""
        report, data = plain(self.files["report.json"]), entry["data"]
        gate, project, release = report["gate"], report["project"]["slug"], report["release"]["version"]
        place = (self.said()["installation"], gate["id"], project, release, gate["environment"])
        fields = ("installation", "gate", "project", "release", "environment")
        need(tuple(said[field] for field in fields) == place, f"{name} was given for another gate")
        who = (entry["actor_id"], entry["actor_name"], entry["subject"], entry["verb"])
        need(
            who == (said["person"], said["name"], said["role"], VERBS[said["decision"]]),
            f"{name}: log disagrees",
        )
        what = (data["meaning"], data["comment"], data["digest"])
        need(what == (said["meaning"], said["comment"], f"sha256:{digest}"), f"{name}: log disagrees")
        known = self.files[f"signatures/snapshots/{digest}.json"]
        need(sha256(known) == digest, f"{name} is about another state than the one beside it")


def main() -> int:
    """Read the arguments, print a line for each claim, return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", type=Path)
    parser.add_argument("--key", type=Path, action="append", default=[])
    parser.add_argument("--checkpoint", type=Path, action="append", default=[])
    given = parser.parse_args()
    here = Path(__file__).resolve().parent
    try:
        keys = {name: key for path in given.key for name, key in read_keys(path.read_bytes()).items()}
        if given.bundle:
            files = unpack(given.bundle.read_bytes())
        else:
            files = {p.relative_to(here).as_posix(): p.read_bytes() for p in here.rglob("*") if p.is_file()}
        own = [path.read_bytes() for path in given.checkpoint]
    except Wrong as problem:
        print(f"FAILED: {problem}.")
        return 1
    except (OSError, *ODD) as error:
        print(f"This cannot be read: {error}", file=sys.stderr)
        return 2
    claims = Bundle(files, keys, own).claims()
    for name, state, why in claims:
        print(f"{state:<13} {name:<11} {why}")
    states = {state for _, state, _ in claims}
    words = {"failed": "FAILED", "not-verified": "CONSISTENT, ORIGIN NOT VERIFIED", "verified": "VERIFIED"}
    print(next(said for state, said in words.items() if state in states))
    print(
        "Not looked at: the PDF's own signature, the verdict, check results, duties (see readiness verify)."
    )
    return 0 if states == {"verified"} else 1


if __name__ == "__main__":
    sys.exit(main())
