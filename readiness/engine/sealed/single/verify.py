"""Verify a Readiness audit bundle: python verify.py [BUNDLE.zip] --key KEY [--checkpoint FILE]

Needs Python 3.11 and the package cryptography; no network, no account, no other file. BUNDLE.zip is the
file as it was downloaded; without it, the folder that this script lies in is verified. KEY holds public keys
(PEM, or the JSON that an installation exports), got by ANOTHER WAY than in here: keys/keys.json proves
nothing. FILE is a checkpoint that you kept. Exit code: 0 verified, 1 not, 2 wrong usage. Not looked at: the
PDF, the verdict, check results, duties, whose a key is, old work of revoked keys (see `readiness verify`).
"""
# ruff: noqa: T201  # it is a program

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

VERBS = {"approve": "gate.approved", "decline": "gate.declined", "withdraw": "signoff.withdrawn"}
TYPE, STATEMENT = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1"
MANIFEST, SIGNED_MANIFEST, REPORT = "manifest.json", "manifest.dsse.json", "report.dsse.json"
PLACE = ("installation", "gate", "project", "release", "environment")
Signed = tuple[str, bytes, bytes]  # the key's id (or a checkpoint's hint), signature, signed bytes
# The end of an entry of the log. "hash" and "previous" are not part of what is hashed.
TAIL = re.compile(
    rb',"hash":"([0-9a-f]{64})","previous":"([0-9a-f]{64})"(,"revision":(?:null|-?\d+),"seq":\d+,'
    rb'"stream":"[a-z:0-9]+","subject":"(?:[^"\\]|\\.)*","verb":"[a-z._]+"\})'
)
ODD = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, struct.error)


class Doubt(ValueError):
    """Something that this file and these keys do not show; any other error is something wrong."""


def need(holds: object, why: str) -> None:
    """Raise ValueError unless it holds."""
    if not holds:
        raise ValueError(why)


def sha256(data: bytes) -> str:
    """Lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def unbase64(text: str) -> bytes:
    """Base64 in its one form."""
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 is not canonical")
    return data


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a ZIP in its one form: stored, in order of names, without comments, extras and gaps."""
    files, central, at = dict[str, bytes](), b"", 0
    while data[at : at + 4] == b"PK\x03\x04":
        size, _, length = struct.unpack_from("<2IH", data, at + 18)
        raw, start = data[at + 30 : at + 30 + length], at + 30 + length
        name, content = raw.decode("ascii"), data[start : start + size]
        fields = (0, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), length, 0)
        local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, *fields) + raw
        need(data[at:start] == local, f"{name} is packed in another form, or was changed")
        need(not files or name > next(reversed(files)), f"{name} stands out of order, or twice")
        head = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 788, 20, *fields, 0, 0, 0, 0o100644 << 16, at)
        files[name], central, at = content, central + head + raw, start + size
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(files), len(files), len(central), at, 0)
    need(files and data[at:] == central + end, "the ZIP is not in its canonical form, or was changed")
    return files


def read_keys(data: bytes) -> dict[str, tuple[bytes, dict[str, datetime]]]:
    """{id: (public, times)}; the times are not_before, not_after and revoked_at where they are set."""
    found = {}
    if data.lstrip().startswith(b"{"):
        loaded = json.loads(data)
        need((loaded["kind"], loaded["schema_version"]) == ("readiness-keys", 1), "this is no file of keys")
        times = ("not_before", "not_after", "revoked_at")
        for key in loaded["keys"]:
            limits = {name: datetime.fromisoformat(key[name]) for name in times if key[name]}
            found[sha256(unbase64(key["public"]))] = unbase64(key["public"]), limits
    for pem in re.findall(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", data, re.DOTALL):
        public = load_pem_public_key(pem).public_bytes(Encoding.Raw, PublicFormat.Raw)
        found[sha256(public)] = public, {}
    need(found, "this file holds no public key")
    return found


def envelope(data: bytes, kind: str) -> tuple[dict[str, Any], str, Signed]:
    """What a DSSE envelope says, the SHA-256 of what it is about, and its signature, not verified yet."""
    loaded = json.loads(data)
    (one,) = loaded["signatures"]
    payload, again = unbase64(loaded["payload"]), json.dumps(loaded, sort_keys=True, separators=(",", ":"))
    form = len(loaded), len(one), loaded["payloadType"], again.encode()
    need(form == (3, 2, TYPE, data), f"a {kind} is not canonical")
    said = json.loads(payload)
    need([said["_type"], said["predicateType"]] == [STATEMENT, f"urn:readiness:{kind}:v1"], f"no {kind}")
    (subject,) = said["subject"]
    pae = b"DSSEv1 %d %b %d %b" % (len(TYPE), TYPE.encode(), len(payload), payload)
    return said["predicate"], subject["digest"]["sha256"], (one["keyid"], unbase64(one["sig"]), pae)


def note(data: bytes) -> tuple[tuple[str, str], tuple[int, str], datetime, Signed]:
    """A checkpoint: (installation, stream), (length, head), time, signature, not verified yet."""
    body, _, tail = data.decode().partition("\n\n")
    origin, length, head, at = body.split("\n")
    installation, _, stream = origin.partition("/audit/")
    raw = unbase64(tail.split(" ")[-1].removesuffix("\n"))
    again = f"{body}\n\n— {installation} {base64.b64encode(raw).decode()}\n".encode()
    need(again == data and str(int(length)) == length and len(raw) == 68, "a checkpoint is not canonical")
    signed = raw[:4].hex(), raw[4:], f"{body}\n".encode()
    end = int(length), unbase64(head).hex()
    return (installation, stream), end, datetime.fromisoformat(at.removeprefix("time ")), signed


class Bundle:
    """The files, the keys that the verifier named, checkpoints of their own; most methods are claims."""

    def __init__(self, files: dict[str, bytes], keys: dict[str, Any], own: list[bytes]) -> None:
        self.files, self.keys, self.own = files, keys, own
        self.entries, self.hashes, self.said = list[dict[str, Any]](), dict[int, str](), dict[str, Any]()

    def claims(self) -> list[tuple[str, str, str]]:
        """[(claim, verified | not-verified | failed, why)]; each rests on those before it."""
        found = []
        for claim in (self.whole, self.origin, self.log, self.checkpoint, self.signatures, self.state):
            try:
                found.append((claim.__name__, "verified", claim()))
            except ODD as problem:
                state = "not-verified" if isinstance(problem, Doubt) else "failed"
                found.append((claim.__name__, state, f"{problem or type(problem).__name__}"))
        return found

    def whole(self) -> str:
        """Every file is the one that the manifest lists, and no other is there."""
        listed = {one["path"]: one["sha256"] for one in json.loads(self.files[MANIFEST])["files"]}
        hashes = {p: sha256(d) for p, d in self.files.items() if p not in (MANIFEST, SIGNED_MANIFEST)}
        wrong = sorted(path for path, _ in listed.items() ^ hashes.items())
        need(not wrong, f"missing, changed, or not in the manifest: {wrong[:6]}")
        return f"{len(listed)} files"

    def origin(self) -> str:
        """Manifest and report are signed by named keys, and are about these files."""
        bundle, manifest, signed_manifest = envelope(self.files[SIGNED_MANIFEST], "audit-bundle")
        self.said, report, signed_report = envelope(self.files[REPORT], "report")
        need(manifest == sha256(self.files[MANIFEST]), "another manifest was signed")
        need(report == sha256(self.files["report.json"]), "another report.json was signed")
        same = all(self.said[name] == bundle[name] for name in ("installation", "gate", "report"))
        need(same, "bundle and report are of another gate")
        self.named("the bundle", bundle["made_at"], signed_manifest)
        self.named("the report", self.said["made_at"], signed_report)
        return f"signed by {self.said['installation']}"

    def log(self) -> str:
        """Each entry's hash covers the one before it, from the first entry on."""
        previous, stream = "0" * 64, f"gate:{self.said['gate']}"
        lines = self.files["audit/log.jsonl"].split(b"\n")
        need(lines.pop() == b"", "the log ends in the middle of a line")
        for seq, line in enumerate(lines, first := json.loads(lines[0])["seq"]):
            tail, entry = TAIL.search(line, max(0, line.rfind(b',"hash":"'))), json.loads(line)
            if tail is None or tail.end() != len(line):
                raise ValueError(f"entry {seq} is not canonical")
            here, before = tail[1].decode(), tail[2].decode()
            previous = before if seq == first > 1 else previous
            need((entry["seq"], entry["stream"], before) == (seq, stream, previous), f"{seq} is out of place")
            hashed = sha256(previous.encode() + b"\n" + line[: tail.start()] + tail[3])
            need(hashed == here, f"entry {seq} was changed")
            self.entries.append(entry)
            self.hashes[seq] = previous = here
        if first != 1:
            raise Doubt(f"the log begins at entry {first}; what came before was cut off and sealed")
        return f"{len(lines)} entries"

    def checkpoint(self) -> str:
        """The end of the log is signed, and the verifier's own checkpoints agree with it."""
        said, held, (log, end, at, signed) = self.said, 0, note(self.files["audit/checkpoint.txt"])
        need(log == (said["installation"], f"gate:{said['gate']}"), "it is of another log")
        need(said["checkpoint"] == f"{end[0]}:{end[1]}", "the report names another checkpoint")
        need(end == max(self.hashes.items(), default=None), "the log was cut off or rewritten")
        for its_log, its_end, its_at, its_signed in map(note, self.own):
            if its_log == log and not (its_end[0] > end[0] and its_at > at):
                need(self.hashes.get(its_end[0]) == its_end[1], f"your own disagrees at entry {its_end[0]}")
                self.named("your checkpoint", its_at, its_signed)
                held = max(held, its_end[0])
        self.named("the checkpoint", at, signed)
        if self.own and not held:
            raise Doubt("your checkpoints are of other logs, or newer than this file")
        return f"{end[0]} entries, signed on {at}; your own checkpoints agree up to entry {held}"

    def signatures(self) -> str:
        """Each sign-off is by a named key, about this gate, used once, and recorded in the log, in order."""
        names = [path for path in self.files if re.fullmatch(r"signatures/\d+-[a-z-]+\.dsse\.json", path)]
        names.sort(key=lambda path: int(path[11:].partition("-")[0]))
        recorded = [entry for entry in self.entries if entry["verb"] in VERBS.values()]
        logged = [entry["data"].get("envelope") for entry in recorded]
        need([sha256(self.files[name]) for name in names] == logged, "the log records other sign-offs")
        doubts, live, challenges = list[str](), dict[str, Any](), list[str]()
        for name, entry in zip(names, recorded, strict=True):
            said, digest, signed = envelope(self.files[name], "gate-sign-off")
            self.bound(name, said, digest, entry)
            challenges.append(said["credential"]["challenge"])
            replaced = live.pop(said["supersedes"], {}) if said["supersedes"] else said
            need(replaced.get("person") == said["person"], f"{name} replaces what it may not")
            if said["decision"] != "withdraw":
                shown = "" if self.said["digest"] == f"sha256:{digest}" else "STALE, on an earlier state: "
                live[sha256(self.files[name])] = said | {"shown": f"{shown}{said['meaning']}"}
            try:
                self.named(name, said["signed_at"], signed)
            except Doubt as doubt:
                doubts.append(str(doubt))
        once = [len(set(challenges)), len({one["person"] for one in live.values()})]
        need(once == [len(challenges), len(live)], "a challenge or a person counts twice")
        if doubts:
            raise Doubt("; ".join(doubts))
        return "; ".join(f"{one['name']}, {one['signed_at']}: {one['shown']}" for one in live.values())

    def bound(self, name: str, said: dict[str, Any], digest: str, entry: dict[str, Any]) -> None:
        """Raise unless a sign-off is about this gate and a state that lies here, and is what was logged."""
        report, data = json.loads(self.files["report.json"]), entry["data"]
        gate, project, release = report["gate"], report["project"]["slug"], report["release"]["version"]
        place = [self.said["installation"], gate["id"], project, release, gate["environment"]]
        need([said[field] for field in PLACE] == place, f"{name} was given for another gate")
        logged = [entry[field] for field in ("actor_id", "actor_name", "subject", "verb")]
        logged += [data[field] for field in ("meaning", "comment", "criteria", "digest")]
        given = [said[field] for field in ("person", "name", "role")] + [VERBS[said["decision"]]]
        given += [said[field] for field in ("meaning", "comment", "criteria")] + [f"sha256:{digest}"]
        times = {datetime.fromisoformat(at) for at in (entry["at"], said["signed_at"])}
        need(logged == given and len(times) == 1, f"{name} is not what the log records")
        need(sha256(self.files[f"signatures/snapshots/{digest}.json"]) == digest, f"{name}: another state")

    def state(self) -> str:
        """One digest everywhere; checklist and evidence are those that it covers."""
        snapshot, digest = json.loads(self.files["snapshot.json"]), sha256(self.files["snapshot.json"])
        signed = json.loads(self.files["report.json"])["signed"]
        need(signed["digest"] == self.said["digest"] == f"sha256:{digest}", "another state was signed")
        need(signed["snapshot"] == snapshot, "the report shows another state")
        need(sha256(self.files["checklist.md"]) in snapshot["checklist"]["sha256"], "another checklist")
        pieces = [p for one in snapshot["items"] + snapshot["approval_evidence"] for p in one["evidence"]]
        wanted = {(f"evidence/{p['sha256']}", p["sha256"]) for p in pieces if p["kind"] == "file"}
        there = {(path, sha256(data)) for path, data in self.files.items() if path[:9] == "evidence/"}
        odd = sorted(path for path, _ in wanted ^ there if path != "evidence/index.json")
        need(not odd, f"evidence that is missing, or that nobody signed: {odd[:6]}")
        return f"sha256:{digest}"

    def named(self, what: str, at: datetime | str, signed: Signed) -> None:
        """Raise ValueError unless the key signed it, and might then; Doubt for a key that nobody named."""
        (name, signature, data), at = signed, datetime.fromisoformat(f"{at}")
        hinted = data.partition(b"/audit/")[0] + b"\n\x01"  # a checkpoint names its key by four bytes only
        known = (key for i, key in self.keys.items() if name in (i, sha256(hinted + key[0])[:8]))
        public, times = next(known, (b"", {}))
        if not public:
            raise Doubt(f"{what} is signed by the key {name}, which you did not name")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
        except InvalidSignature:
            raise ValueError(f"{what}: the signature does not fit") from None
        for limit, moment in times.items():
            need((at < moment) is not (limit == "not_before"), f"{what} {at}: its key has {limit} {moment}")
        if "revoked_at" in times:
            raise Doubt(f"{what}: its key was revoked later; readiness verify may know more")


def main() -> int:
    """Read the arguments, print a line for each claim, return the exit code."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path)
    parser.add_argument("--key", type=Path, action="append", default=[])
    parser.add_argument("--checkpoint", type=Path, action="append", default=[])
    given = parser.parse_args()
    here = Path(__file__).resolve().parent
    try:
        keys = {name: key for path in given.key for name, key in read_keys(path.read_bytes()).items()}
        there = [] if given.bundle else [path for path in here.rglob("*") if path.is_file()]
        files = {path.relative_to(here).as_posix(): path.read_bytes() for path in there}
        files = files or unpack(given.bundle.read_bytes())
        own = [path.read_bytes() for path in given.checkpoint]
    except (OSError, *ODD) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 2 if isinstance(error, OSError) else 1
    claims = Bundle(files, keys, own).claims()
    for name, state, why in claims:
        print(f"{state:<13} {name:<11}", "".join(c if c.isprintable() else "?" for c in why))
    print("not looked at verdict, check results, duties, the PDF and what it prints: use readiness verify")
    states = {state for _, state, _ in claims}
    rest = "VERIFIED" if states == {"verified"} else "CONSISTENT, ORIGIN NOT VERIFIED"
    print("FAILED" if "failed" in states else rest)
    return 0 if states == {"verified"} else 1


if __name__ == "__main__":
    sys.exit(main())
