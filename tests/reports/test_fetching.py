"""Nothing is fetched while a report is set or a checklist's text is shown: every way is tried."""

from __future__ import annotations

import io
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pikepdf
import pytest

from checklists import guidance
from checklists.reports import pdf
from readiness.engine.child import ChildLimits, run_in_child
from tests.reports.made import snapshot

SECONDS = 120
# Name to a way of asking for `{u}`; those of the second table ask for nothing as a PDF is set.
ASKING = {
    "image": '<img src="{u}/img">',
    "image set": '<img srcset="{u}/srcset 2x" alt="">',
    "style sheet": '<link rel="stylesheet" href="{u}/css">',
    "import": '<style>@import "{u}/import";</style>',
    "font": "<style>@font-face{{font-family:X;src:url({u}/font)}} p{{font-family:X}}</style><p>x</p>",
    "background": '<p style="background:url({u}/background)">x</p>',
    "list mark": '<ul><li style="list-style-image:url({u}/list)">x</li></ul>',
    "border": '<p style="border-image:url({u}/border) 1">x</p>',
    "content": "<style>p::before{{content:url({u}/content)}}</style><p>x</p>",
    "colours": "<style>@color-profile x{{src:url({u}/profile)}}</style>",
    "object": '<object data="{u}/object"></object>',
    "embed": '<embed src="{u}/embed">',
    "attachment link": '<link rel="attachment" href="{u}/attachment">',
    "attachment anchor": '<a rel="attachment" href="{u}/anchor">x</a>',
    "svg image": '<svg width="9" height="9"><image href="{u}/svg" width="9" height="9"/></svg>',
    "svg use": '<svg width="9" height="9"><use href="{u}/use#x"/></svg>',
    "xlink": (
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
        '<image xlink:href="{u}/xlink" width="9" height="9"/></svg>'
    ),
    "redirect": '<img src="{u}/redirect">',
    "base": '<base href="{u}/"><img src="relative">',
}
SILENT = {
    "frame": '<iframe src="{u}/frame"></iframe>',
    "script": '<script src="{u}/script"></script><img src="javascript:location=1">',
    "video": '<video src="{u}/video" poster="{u}/poster"></video>',
    "link": '<a href="{u}/link">x</a>',
    "refresh": '<meta http-equiv="refresh" content="0;url={u}/refresh">',
}
MARKDOWN = (
    "![x]({u}/md)", "![x][ref]\n\n[ref]: {u}/ref", "[![x]({u}/inner)](javascript:alert(1))", "<{u}/auto>",
    "[x](data:text/html,<script>fetch('{u}/data')</script>)", "[x](file:///etc/passwd)",
)  # fmt: skip
FETCHING = {"src", "srcset", "data", "poster", "background", "style", "xlink:href", "action", "formaction"}


@pytest.fixture
def server():
    """A local server that remembers what it was asked for, and leads on where that is `redirect`."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if "redirect" in self.path else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"body{color:red}")

        do_POST = do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}", asked
        made.shutdown()


def test_the_server_counts(server):
    """The proof below would notice: a request that is made is remembered."""
    import urllib.request

    address, asked = server
    urllib.request.urlopen(f"{address}/x").close()
    assert asked == ["/x"]


@pytest.mark.parametrize("where", ["network", "file", "data"])
def test_setting_fetches_nothing(where, server, tmp_path):
    """As HTML of a report: each way is refused by name, none arrives, nothing is embedded."""
    address, asked = server
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret of this machine")
    places = {"network": address, "file": f"file://{secret}", "data": "data:text/css,p%7Bcolor:red%7D"}
    body = "".join(way.format(u=places[where]) for way in (*ASKING.values(), *SILENT.values()))
    payload = {
        "html": f"<!doctype html><html lang=en><title>t</title><body>{body}",
        "fonts": pdf.fonts(),
        "created": "2026-11-21T12:00:00+00:00",
        "attachments": [],
    }
    result = run_in_child(pdf.TASK, payload, limits=ChildLimits(seconds=SECONDS, writes=pdf.WRITES))
    assert len(set(result.value["refused"])) >= 12
    data = pdf.typeset(html=payload["html"], created=payload["created"], attached=(), seconds=SECONDS)
    with pikepdf.open(io.BytesIO(data)) as file:
        assert not list(file.attachments)
        streams = (o.read_bytes() for o in file.objects if isinstance(o, pikepdf.Stream))
        assert b"a secret" not in b"".join(streams)
    assert asked == []


def test_a_report_with_all_of_them(ready_gate, people, server):
    """Written by people into names, reasons and notes they are text, and stay it."""
    address, asked = server
    report = snapshot(ready_gate, people.owner)
    ways = [way.format(u=address) for way in (*ASKING.values(), *SILENT.values(), *MARKDOWN)]
    item = report["sections"][1]["items"][0]
    item["notes"] = [{"text": way, "by": way, "at": ""} for way in ways[:20]]
    item["reason"], item["title"], report["project"]["name"] = " ".join(ways), ways[0], ways[-1]
    data = pdf.render(report, seconds=SECONDS)
    with pikepdf.open(io.BytesIO(data)) as file:
        assert not list(file.attachments)
        links = [a for page in file.pages for a in page.get("/Annots", ()) if "/A" in a]
    assert not [a for a in links if "/URI" in a.A]
    assert asked == []


class Fetching(HTMLParser):
    """What a browser would fetch by itself, or run, when it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note attributes that fetch, and links that run."""
        for name, value in attrs:
            runs = name == "href" and (tag != "a" or not (value or "").startswith(("http://", "https://")))
            if name in FETCHING or name.startswith("on") or runs:
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("name", [*ASKING, *SILENT, *MARKDOWN])
def test_previewing_fetches_nothing(name):
    """As Markdown of a checklist, shown on pages: no element is left that fetches or runs anything."""
    text = (ASKING | SILENT).get(name, name).format(u="http://127.0.0.1:9")
    shown = Fetching()
    shown.feed(guidance.html(f"Before\n\n{text}\n\nafter {text}"))
    assert shown.found == []
