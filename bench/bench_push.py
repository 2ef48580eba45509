"""`readiness push` of 10,000 files with 10 changed, on loopback; and `readiness gate` as a whole process.

python -m bench push
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figure import say
from bench.place import prepare

FILES, CHANGED, FOLDERS, SIZE, ROUNDS = 10_000, 10, 100, 3_000, 3
LIMIT_S, GATE_LIMIT_S, GATE_ROUNDS = 5.0, 0.3, 15
COMMAND = str(Path(sys.executable).parent / "readiness")


def main() -> int:
    """Print two lines; 0 when both figures hold."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(home)
        token, port = seeded(), free_port()
        url = f"http://127.0.0.1:{port}"
        os.environ |= {"READINESS_URL": url, "READINESS_TOKEN": token, "READINESS_ALLOWED_HOSTS": "127.0.0.1"}
        os.environ |= {"READINESS_BIND": f"127.0.0.1:{port}", "READINESS_API_RATE": "100000"}
        os.environ["REDIS_URL"] = f"redis+socket://{home / 'nobody.sock'}"
        web = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:readiness.serving", "readiness.wsgi"]
        )
        try:
            wait_for(port)
            return pushes(home) | gates()
        finally:
            web.terminate()
            web.wait()


def pushes(home: Path) -> int:
    """Bring the run once, then again and again with ten files changed."""
    run = home / "run"
    write_run(run)
    first, _ = timed([COMMAND, "push", str(run), "--release", "bench/0", "--json"])
    ours, plain, sent = [], [], []
    for number in range(1, ROUNDS + 1):
        change(run, number)
        plain.append(timed(["cp", "-r", str(run), str(home / f"copy{number}")])[0])
        seconds, said = timed([COMMAND, "push", str(run), "--release", f"bench/{number}"])
        ours.append(seconds)
        sent.append(int(said.split(": ")[1].split()[0]))
        shutil.rmtree(home / f"copy{number}")
    assert set(sent) == {CHANGED}, sent
    return say(
        f"push of {FILES} files, {CHANGED} changed and sent (all of them the first time: {first:.1f} s)",
        f"{median(ours):.2f} s",
        against=f"cp -r of the run {median(plain):.2f} s",
        ratio=median(ours) / median(plain),
        limit=f"needs < {LIMIT_S:g} s",
        holds=median(ours) < LIMIT_S,
    )


def gates() -> int:
    """Ask the gate, as a pipeline does."""
    bare = median(timed([sys.executable, "-c", "pass"])[0] for _ in range(GATE_ROUNDS))
    ask = [COMMAND, "gate", "bench/1", "--json"]
    found = [timed(ask, code=4) for _ in range(GATE_ROUNDS)]
    assert json.loads(found[0][1])["verdict"] == "open"
    ours = median(seconds for seconds, _ in found)
    return say(
        "readiness gate, whole process",
        f"{ours * 1000:.0f} ms",
        against=f"python -c pass {bare * 1000:.0f} ms",
        ratio=ours / bare,
        limit=f"needs < {GATE_LIMIT_S * 1000:.0f} ms",
        holds=ours < GATE_LIMIT_S,
    )


def timed(command: list[str], code: int = 0) -> tuple[float, str]:
    """Seconds and output of a command."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != code:
        sys.exit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return seconds, done.stdout


def write_run(run: Path) -> None:
    """Ten thousand small files, and what the small checklist reads."""
    for number in range(FILES - 3):
        path = run / f"part{number % FOLDERS}" / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(number.to_bytes(4, "big") * (SIZE // 4))
    (run / "model.bin").write_bytes(b"weights")
    (run / "card.md").write_text("# Model card\n")
    (run / "metrics.json").write_text('{"test": {"accuracy": 0.876}}')


def change(run: Path, number: int) -> None:
    """Write ten files anew."""
    for place in range(CHANGED):
        (run / "part7" / f"{7 + FOLDERS * place}.json").write_bytes(os.urandom(SIZE) + bytes([number]))


def seeded() -> str:
    """A project, its checklist, and a token."""
    from datetime import timedelta

    from django.core.management import call_command

    from checklists import clock
    from checklists.actions import library, projects, tokens
    from checklists.models import Person
    from checklists.models.access import Scope
    from readiness.engine import library as builtin

    call_command("createcachetable")
    owner = Person.objects.create_user("owner", password="only-for-the-benchmark", first_name="Ada")
    library.publish(source=builtin.source(builtin.DEFAULT).decode(), by=None)
    projects.create(by=owner, name="Bench", environments=("production",))
    expires = clock.now() + timedelta(days=1)
    return tokens.create(by=owner, name="bench", scopes=tuple(Scope.values), expires_at=expires)[1]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    """Until the server listens."""
    for _ in range(300):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("The server did not start.")


if __name__ == "__main__":
    sys.exit(main())
