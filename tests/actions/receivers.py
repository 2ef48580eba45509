"""Servers on this machine that receive what is sent: a webhook's receiver and a small mail server."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """What arrived over HTTP, and what to answer next: statuses in order, the last one for ever."""

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [200])
    location: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The receiver's address."""
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def receiving(*answers: int, location: str = "") -> Iterator[Receiver]:
    """An HTTP server that takes POSTs."""
    seen = Receiver(answers=list(answers) or [200], location=location)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status = seen.answers.pop(0) if len(seen.answers) > 1 else seen.answers[0]
            self.send_response(status)
            if seen.location:
                self.send_header("location", seen.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class MailServer:
    """What arrived over SMTP. `refuse` is the answer to RCPT, `vanish` hangs up in the middle of a mail."""

    port: int = 0
    refuse: str = ""
    vanish: bool = False
    mails: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@contextmanager
def mail_server(*, refuse: str = "", vanish: bool = False) -> Iterator[MailServer]:  # noqa: C901  # a dialogue
    """An SMTP server that knows just enough for one mail after another."""
    seen = MailServer(refuse=refuse, vanish=vanish)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode():
                verb = line.split()[0].upper()
                if verb == "DATA":
                    self.say("354 go on")
                    seen.mails.append(self.read_mail())
                    if seen.vanish:
                        return
                elif verb == "RCPT":
                    seen.recipients.append(line.split(":", 1)[1].strip())
                    if seen.refuse:
                        self.say(seen.refuse)
                        continue
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                self.say("250 fine")

        def read_mail(self) -> str:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.decode())
            return "".join(lines)

        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    seen.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
