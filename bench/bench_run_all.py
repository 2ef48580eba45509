"""From the click on "run all" to the last verdict on the page, all processes as `make run` starts them.

A client does what the page does: it sends the form, then asks `changes` every two seconds as the poller, and
is done when the page says that no check is under way. Beside it: the same checks in one process, one after
another, without queue or page.

python -m bench run_all
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bench.figure import say
from bench.place import ROOT
from readiness import embedded
from readiness.supervisor import Installation, supervise

ROUNDS, LIMIT_S, LONGEST_S = 3, 4.0, 60.0
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
REVISION = re.compile(r'id="since" name="since" value="(\d+)"')
PACE = re.compile(r'hx-trigger="every (\d+)s')
UNDER_WAY = "Checks are under way"


def main() -> int:
    """Print one line; 0 when the figure holds."""
    os.environ["READINESS_RUN_ROOTS"] = str(ROOT / "examples")
    os.environ.setdefault("READINESS_LOG_LEVEL", "WARNING")
    codes: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        data = embedded.make_private(Path(folder) / "data")
        logs = embedded.make_private(data / "logs")
        here = Installation(data=data, port=embedded.free_port("127.0.0.1", 8400), logs=logs)
        ended = supervise(here, lambda installed: codes.append(measure(installed)) or False)
    return max([ended, *codes])


def measure(here: Installation) -> int:
    """Click, watch, and do the same without a queue; best of some rounds, which take turns."""
    from checklists import demo

    demo.people()
    gate = demo.open_gates(demo.project())[0]
    page = Page(here.url, gate)
    rounds = [(page.run_all(), in_process()) for _ in range(ROUNDS)]
    (seen, done), bare = min(ours for ours, _ in rounds), min(bare for _, bare in rounds)
    return say(
        f"click on “run all” to the last verdict, {len(demo.failures(gate)) or 'no'} failed",
        f"{seen:.2f} s on the page, {done:.2f} s in the database",
        against=f"the same checks in one process {bare:.2f} s",
        ratio=seen / bare,
        limit=f"needs < {LIMIT_S:.0f} s",
        holds=seen < LIMIT_S,
    )


def in_process() -> float:
    """Seconds for indexing the run and all its checks, one after another."""
    from readiness.engine import library
    from readiness.inspection import inspect

    start = time.perf_counter()
    report = inspect(ROOT / "examples" / "digits-classifier", library.load(library.DEFAULT), {})
    assert report.overall.passes
    return time.perf_counter() - start


class Page:
    """The technical lead's browser on the gate's page."""

    def __init__(self, url: str, gate) -> None:
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        from checklists.models import Person

        lead, session = Person.objects.get(username="lead"), SessionStore()
        session[SESSION_KEY] = str(lead.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = lead.get_session_auth_hash()
        session.save()
        self.cookies = {settings.SESSION_COOKIE_NAME: session.session_key}
        self.gate, self.base, self.origin = gate.pk, f"{url}/gates/{gate.pk}/", url

    def run_all(self) -> tuple[float, float]:
        """Seconds from the click until the page shows the last verdict, and until the last run had ended."""
        from django.db.models import Max

        from checklists.models import CheckRun

        page = self.ask("")
        form = {"csrfmiddlewaretoken": TOKEN.search(page)[1], "since": REVISION.search(page)[1]}
        clicked, start = time.time(), time.perf_counter()
        page = self.ask("run", urlencode(form).encode())
        assert UNDER_WAY in page
        while UNDER_WAY in page:
            assert time.perf_counter() - start < LONGEST_S, "the checks did not end"
            time.sleep(int(PACE.search(page)[1]))
            since = REVISION.search(page)[1]
            page = self.ask(f"changes?since={since}") or page
        seen = time.perf_counter() - start
        last = CheckRun.objects.filter(item__gate=self.gate).aggregate(at=Max("finished_at"))["at"]
        return seen, last.timestamp() - clicked

    def ask(self, path: str, data: bytes | None = None) -> str:
        """One request as htmx sends it (the page itself as a browser does); keeps the cookies."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Origin": self.origin}
        if path:
            headers["HX-Request"] = "true"
        with urlopen(Request(self.base + path, data, headers)) as answer:  # our own server
            for header in answer.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
            return answer.read().decode()


if __name__ == "__main__":
    sys.exit(main())
