"""`readiness gate`: both forms, exit codes, what is printed and recorded, and what it costs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from readiness.cli import main
from readiness.engine.deploy.rules import RULES

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "release-governance"
DURING, AFTER = "2026-11-20T09:00:00Z", "2026-12-19T00:00:00Z"


@pytest.fixture
def release(tmp_path, capsys) -> Path:
    """A copy of the example with its manifest."""
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "release"))
    arguments = [
        "--config",
        "release.yml",
        "--report",
        "readiness_report.json",
        "--output",
        "release-manifest.json",
    ]
    where = [str(folder / a) if a.endswith((".yml", ".json")) else a for a in arguments]
    assert main(["manifest", *where, "--as-of", "2026-11-20T07:30:00Z"]) == 0
    capsys.readouterr()
    return folder


@pytest.fixture
def gate(release, capsys):
    """`gate("--json")`: exit code, standard output and error of the offline form, in the rollout window."""

    def call(*options, as_of=DURING, config="gate.yml"):
        files = ["--manifest", str(release / "release-manifest.json"), "--config", str(release / config)]
        code = main(["gate", *files, *(["--as-of", as_of] if as_of else []), *options])
        return code, *capsys.readouterr()

    return call


def test_approved(gate):
    """A release that holds is approved with 0, and the words say on what."""
    code, out, err = gate()
    assert (code, err) == (0, "")
    assert out.startswith(
        "APPROVED: churn-service 2.4.0 may go to production.\nAs of 2026-11-20 09:00:00 UTC."
    )
    assert "Ada Okafor, approve 2026-11-19T16:20:00Z, declared" in out
    assert "Times without a zone were read as UTC: secrets[1].rotated_at." in out
    assert out.count("read as UTC") == 1


def test_rejected(gate):
    """Later, the same files are refused with 1; each reason says what was seen and what to do."""
    code, out, _ = gate(as_of=AFTER)
    assert code == 1
    assert out.startswith("REJECTED: churn-service 2.4.0 must not go to production.")
    assert "is 36 days 13:30:00 old; at most 30 days are expected." in " ".join(out.split())
    assert "The window ended 2026-11-20 18:00:00 UTC" in " ".join(out.split())
    assert out.count("To do:") == 2


def test_json_is_the_record(gate, release):
    """--json prints what --record writes, in the same form as the server's decision."""
    code, out, _ = gate("--json", "--record", str(release / "decision.json"))
    said, written = json.loads(out), json.loads((release / "decision.json").read_text())
    assert code == 0
    assert said == written
    assert list(said)[:2] == ["schema_version", "verdict"]
    assert (said["verdict"], said["as_of"], said["scorecard"]) == (
        "approve",
        DURING,
        "readiness-scorecard.json",
    )
    assert len(said["trace_id"]) == 32
    assert set(said["inputs"]) == {"manifest", "config", "files"}
    assert set(said["inputs"]["files"]) >= {
        "dist/model.json",
        "readiness-scorecard.json",
        "logs/rehearsal.log",
    }
    assert {rule["outcome"] for rule in said["rules"]} == {"passed", "not asked"}


def test_a_figure_that_the_scorecard_contradicts(gate, release):
    """A better latency in the manifest than the suites measured is refused, though it is within the limit."""
    path = release / "release-manifest.json"
    document = json.loads(path.read_text())
    document["metrics"]["p95_ms"] = 1
    path.write_text(json.dumps(document))
    code, out, _ = gate()
    assert code == 1
    assert "p95_ms is 1 ms in the manifest, the scorecard's file says 174 ms." in " ".join(out.split()), out


def test_trace_of_the_pipeline(gate, monkeypatch):
    """The decision belongs to the trace of the pipeline that asked."""
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert json.loads(gate("--json")[1])["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_exported_span(release):
    """With a collector the span `deployment.gate` arrives with verdict, release and environment."""
    pytest.importorskip("opentelemetry.sdk")
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
        done = process(release, env=env)
        server.shutdown()
        thread.join()
    assert done.returncode == 0
    sent = b"".join(bodies)
    assert all(word in sent for word in (b"deployment.gate", b"verdict", b"approve", b"2.4.0", b"production"))


def process(release, **more):
    """The command in a process of its own."""
    files = ["--manifest", "release-manifest.json", "--config", "gate.yml", "--as-of", DURING]
    command = [sys.executable, "-m", "readiness", "gate", *files]
    root = Path(__file__).resolve().parent.parent
    env = {**more.pop("env", os.environ), "PYTHONPATH": str(root)}
    return subprocess.run(
        command, cwd=release, env=env, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda f: (f / "gate.yml").write_text(""), 2, "is empty"),
        (lambda f: (f / "gate.yml").write_text("required_roles: [a]\nmax_age: 1"), 2, "line 2"),
        (lambda f: (f / "gate.yml").unlink(), 2, "cannot be read"),
        (lambda f: (f / "release-manifest.json").unlink(), 2, "cannot be read"),
        (lambda f: (f / "release-manifest.json").write_text("{}"), 2, "no schema_version"),
        (lambda f: (f / "release-manifest.json").write_text("{"), 2, "not usable JSON"),
        (lambda f: (f / "dist" / "model.json").write_text("{}"), 1, "has SHA-256"),
        (lambda f: (f / "dist" / "model.json").unlink(), 1, "is not there"),
        (lambda f: shutil.rmtree(f / "dist"), 1, "is not there"),
    ],
)
def test_exit_codes(gate, release, change, code, words):
    """What cannot be used is 2 and says so on standard error; what contradicts is 1."""
    change(release)
    ended, out, err = gate()
    assert ended == code
    assert words in " ".join((out + err).split())
    assert (out == "") is (code == 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name --manifest and --config"),
        (["--manifest", "m.json"], "Name --manifest and --config"),
        (["--config", "gate.yml"], "Name --manifest and --config"),
        (["p/1.0", "--manifest", "m.json"], "--manifest does not go here"),
        (["p/1.0", "--config", "gate.yml"], "--config does not go here"),
        (["p/1.0", "--as-of", DURING], "--as-of does not go here"),
        (["p/1.0", "--record", "d.json"], "--record does not go here"),
        (["--manifest", "m.json", "--config", "g.yml", "--wait", "30m"], "--wait does not go here"),
        (["--manifest", "m.json", "--config", "g.yml", "--strict"], "--strict does not go here"),
        (
            ["--manifest", "m.json", "--config", "g.yml", "--environment", "x"],
            "--environment does not go here",
        ),
        (["--manifest", "m.json", "--config", "g.yml", "--token-file", "x"], "--token-file does not go here"),
        (["p/1.0", "--wait", "soon"], "not a duration"),
        (["p/1.0", "--format", "junit"], "printed as text"),
    ],
)
def test_two_forms(capsys, arguments, words):
    """Files or a server; both at once, or neither, is wrong usage."""
    assert main(["gate", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["tomorrow", "", "2026-02-30"])
def test_bad_moment(gate, moment):
    """A moment that is none, or an empty variable of a pipeline, is wrong usage and not now."""
    code, out, err = gate("--as-of", moment)
    assert (code, out) == (2, "")
    assert f"{moment!r} is no time" in err


def test_formats(gate, release):
    """The formats of CI have one entry for each rule, and the blocked ones fail there too."""
    files = {name: release / f"gate.{name}" for name in ("junit", "markdown", "sarif", "json", "text")}
    outputs = [option for name, path in files.items() for option in ("--output", f"{name}={path}")]
    code, _, _ = gate(*outputs, as_of=AFTER)
    assert code == 1
    cases = list(ET.parse(files["junit"]).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None]
    assert len(cases) == len(RULES)
    assert len(failed) == 2
    assert "The rollback was rehearsed" in files["markdown"].read_text()
    assert len(json.loads(files["sarif"].read_text())["runs"][0]["results"]) >= 2
    assert json.loads(files["json"].read_text())["verdict"] == "reject"
    assert files["text"].read_text().startswith("REJECTED")


def test_approved_formats(gate, release):
    """An approved release fails in none of them."""
    code, out, _ = gate("--format", "junit")
    assert code == 0
    assert ET.fromstring(out).find(".//failure") is None


def test_elsewhere(gate, release, tmp_path):
    """--root names where the files lie; a manifest that travels alone is judged without them, and says so."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(release / "release-manifest.json", alone)
    files = [
        "gate",
        "--manifest",
        str(alone / "release-manifest.json"),
        "--config",
        str(release / "gate.yml"),
    ]
    assert main([*files, "--as-of", DURING]) == 0
    assert main([*files, "--as-of", DURING, "--root", str(release)]) == 0
    assert main([*files, "--as-of", DURING, "--root", str(alone)]) == 1
    (release / "strict.yml").write_text((release / "gate.yml").read_text() + "require_files: true\n")
    assert main([*files[:-1], str(release / "strict.yml"), "--as-of", DURING]) == 1
    assert main([*files, "--as-of", DURING, "--root", str(tmp_path / "gone")]) == 2


def test_a_waiver_is_shown(gate, release):
    """What a waiver covers is said with whose word it is and until when."""
    manifest = json.loads((release / "release-manifest.json").read_text())
    del manifest["rollback"]
    waiver = manifest["waivers"][0] | {"rule": "rehearsal"}
    del waiver["suite"]
    manifest["waivers"].append(waiver)
    (release / "release-manifest.json").write_text(json.dumps(manifest))
    code, out, _ = gate()
    assert code == 0
    assert "By Dana Weiss until 2026-12-20 00:00:00 UTC" in " ".join(out.split())
    manifest["waivers"].pop()
    (release / "release-manifest.json").write_text(json.dumps(manifest))
    code, out, _ = gate()
    assert code == 1
    assert out.startswith("WAIVER REQUIRED")


def test_hostile_words(gate, release):
    """Control characters of a manifest do not reach the terminal."""
    path = release / "release-manifest.json"
    path.write_text(path.read_text().replace("Ada Okafor", "Ada \\u001b[2JOkafor\\u202e"))
    for options in ([], ["--json"]):
        _, out, _ = gate(*options)
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_signed(gate, release):
    """With `require_signatures` only what verifies with the key beside the configuration counts."""
    import base64

    from cryptography.hazmat.primitives import serialization as to
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from readiness.engine.deploy import reading, signatures
    from readiness.engine.signature_files import Envelope

    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
    (release / "release.pem").write_bytes(pem)
    more = "require_signatures: true\ntrusted_keys: [{id: release-2026, file: release.pem}]\n"
    (release / "signed.yml").write_text((release / "gate.yml").read_text() + more)
    code, out, _ = gate(config="signed.yml")
    assert code == 1
    assert "carries no signature" in " ".join(out.split())
    path = release / "release-manifest.json"
    manifest, kind = reading.read(path.read_bytes(), "m").manifest, "application/vnd.in-toto+json"
    document = manifest.to_dict()
    for entry, approval in zip(document["approvals"], manifest.approvals, strict=True):
        payload = json.dumps(signatures.statement(manifest, approval)).encode()
        sig = base64.b64encode(key.sign(Envelope(kind, payload, ()).pae())).decode()
        entry["signature"] = {
            "payloadType": kind,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": "release-2026", "sig": sig}],
        }
    path.write_text(json.dumps(document))
    code, out, _ = gate(config="signed.yml")
    assert code == 0, out
    assert out.count("verified by the key release-2026") == 2
    assert "somebody's word" not in out


@pytest.fixture
def server() -> Iterator[str]:
    """A server that says of every gate that it is not decided yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(
                {"verdict": "open", "blockers": [{"title": "Rehearsal", "text": "is open"}]}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


@pytest.mark.parametrize(("options", "code"), [((), 4), (("--strict",), 1)])
def test_asks_the_server(server, monkeypatch, capsys, options, code):
    """The other form asks the server, and its answer is the exit code; the options reach the client."""
    monkeypatch.setenv("READINESS_TOKEN", "rdy_" + "a" * 40)
    assert main(["gate", "churn/2.4.0", "--server", server, "--environment", "production", *options]) == code
    assert "is open" in capsys.readouterr().out


def test_light(release):
    """The offline form loads neither a web framework nor what only a server or an export needs."""
    heavy = {"django", "httpx", "rich", "jsonschema", "cryptography", "opentelemetry", "numpy", "duckdb"}
    arguments = ["gate", "--manifest", "release-manifest.json", "--config", "gate.yml", "--as-of", DURING]
    program = f"""
import sys
from readiness.cli import main
from readiness.engine.deploy.rules import RULES
assert main({arguments!r}) == 0
assert not {heavy!r} & set(sys.modules), {heavy!r} & set(sys.modules)
"""
    root = Path(__file__).resolve().parent.parent
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")} | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=release, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
