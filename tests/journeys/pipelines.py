"""The processes of the pipeline's journey: its script, single commands, a second web server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from readiness.processes import wait_for
from tests.journeys.conftest import ROOT, Installation
from tests.journeys.people import CHECKLIST, VERSION
from tests.processes.supervised import children, free_port

HERE = Path(__file__).resolve().parent / "pipeline"


def environment(url: str, token: str) -> dict[str, str]:
    """What a pipeline's script sees: the commands of this installation, address and token."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("READINESS_", "DJANGO_", "COV_"))}
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return clean | {"PATH": commands, "READINESS_URL": url, "READINESS_TOKEN": token}


@contextmanager
def pipeline(url: str, token: str, home: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """The script at work in a directory of its own, and the file with what it says."""
    shutil.copytree(ROOT / "examples" / "digits-classifier", home / "run")
    for folder in ("suites", "dist"):
        shutil.copytree(ROOT / "examples" / "release-governance" / folder, home / folder)
    shutil.copy(HERE / "readiness.yml", home)
    words = [str(HERE / "pipeline.sh"), "digits-classifier", VERSION, "run", CHECKLIST]
    said = home / "said.txt"
    with said.open("w") as out:
        started = subprocess.Popen(
            words, cwd=home, env=environment(url, token), stdout=out, stderr=subprocess.STDOUT, text=True
        )
    try:
        yield started, said
    finally:
        if started.poll() is None:
            started.terminate()
        started.wait(20)


@contextmanager
def days_ahead(installation: Installation, days: int) -> Iterator[str]:
    """A second web server of the installation whose clock runs ahead; its address."""
    web = next(pid for pid, command in children(installation.data).items() if "gunicorn" in command)
    pairs = (pair.partition("=") for pair in Path(f"/proc/{web}/environ").read_text().split("\0") if pair)
    port = free_port()
    env = {name: value for name, _, value in pairs}
    env |= {"READINESS_BIND": f"127.0.0.1:{port}", "READINESS_WEB_WORKERS": "1"}
    words = ["gunicorn", "-c", "python:readiness.serving", "tests.journeys.later:application"]
    started = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=env | {"JOURNEY_DAYS_AHEAD": str(days)}
    )
    try:
        assert wait_for(lambda: started.poll() is not None or serving(port), 30)
        assert started.poll() is None, "The second web server did not start; its words are above."
        yield f"http://localhost:{port}"
    finally:
        started.terminate()
        started.wait(20)


def serving(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(url: str, token: str) -> subprocess.CompletedProcess[str]:
    """`readiness gate` once, as the next job of the pipeline runs it."""
    words = ["readiness", "gate", f"digits-classifier/{VERSION}", "--environment", "production"]
    return subprocess.run(words, env=environment(url, token), capture_output=True, text=True, check=False)
