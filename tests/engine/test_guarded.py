"""engine/guarded.py: nothing is asked that was not listed, and the connected address is what counts."""

import gzip
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.engine.errors import NotAllowed
from readiness.engine.guarded import MAX_BODY, Ask, Unreachable, fetch
from readiness.engine.hosts import Allowed, judge_address, parse_entry
from readiness.engine.session import Session, aim

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "100.127.255.255", "198.18.0.1", "203.0.113.7", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "fc00::1", "fd12:3456::1", "2001:db8::1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.192", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "::", "::ffff:169.254.169.254",
    "::ffff:0.0.0.0", "::7f00:1", "::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
    "2002:a00:1::1", "2001::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_fine(address):
    """Ordinary public addresses may be connected to."""
    assert judge_address(address, private=False) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_word(address):
    """Private, loopback, shared and documentation addresses only with an entry that says so."""
    assert "public" in judge_address(address, private=False)
    assert judge_address(address, private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_never(address):
    """Metadata, link-local, multicast, unspecified and translated addresses are refused in any case."""
    assert judge_address(address, private=False)
    assert judge_address(address, private=True)


ENTRIES = [
    ("Staging.Example.org", Allowed("staging.example.org", None, False)),
    ("staging.example.org:8443", Allowed("staging.example.org", 8443, False)),
    ("staging.example.org:80", Allowed("staging.example.org", 80, False)),
    ("internal.example:8080+private", Allowed("internal.example", 8080, True)),
    ("127.0.0.1:8001", Allowed("127.0.0.1", 8001, True)),
    ("[::1]:8001", Allowed("::1", 8001, True)),
    ("bücher.example", Allowed("xn--bcher-kva.example", None, False)),
]


@pytest.mark.parametrize(("entry", "parsed"), ENTRIES)
def test_entries(entry, parsed):
    """The forms of the module's docstring parse to host, port and permission."""
    assert parse_entry(entry) == parsed


BAD_ENTRIES = [
    "",
    "a b",
    "*.example.org",
    "http://x",
    "x/y",
    "u:p@x",
    "x:99999",
    "x:y",
    "x+public",
    "0177.0.0.1",
]


@pytest.mark.parametrize("entry", BAD_ENTRIES)
def test_bad_entries(entry):
    """Anything else is refused, and the entry is named."""
    with pytest.raises(ValueError, match=r"host|private"):
        parse_entry(entry)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        answer = getattr(self, f"answer_{self.path.strip('/').partition('?')[0]}", self.answer_)
        answer()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_(self):
        self.send(200, b'{"status": "healthy"}')

    def answer_redirect(self):
        self.send(302, Location=self.path.partition("?")[2])

    def answer_loop(self):
        self.send(302, Location="/loop")

    def answer_big(self):
        self.send(200, b"x" * (MAX_BODY + 1))

    def answer_packed(self):
        self.send(200, gzip.compress(bytes(50 << 20)), **{"Content-Encoding": "gzip"})

    def answer_drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.drip()

    def answer_slow(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.drip()

    def drip(self):
        for _ in range(100):
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen = []
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server, server.server_port
        server.shutdown()


def to_loopback(host, port):
    return ["127.0.0.1"]


def test_asks_a_listed_address():
    """A listed address is asked once, uncompressed and without a proxy; the answer says from where."""
    with serving() as (server, port):
        answer = fetch(f"http://127.0.0.1:{port}/", allowed_hosts=[f"127.0.0.1:{port}"])
        assert (answer.status, answer.text, answer.address) == (200, '{"status": "healthy"}', "127.0.0.1")
        assert [(path, headers["accept-encoding"]) for path, headers in server.seen] == [("/", "identity")]


def test_environment_proxies_are_ignored(monkeypatch):
    """A proxy in the environment sees nothing."""
    with serving() as (server, port), serving() as (proxy, proxy_port):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
        fetch(f"http://127.0.0.1:{port}/", allowed_hosts=[f"127.0.0.1:{port}"])
        assert (len(server.seen), proxy.seen) == (1, [])


REFUSED = [
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/", "http://0x7f.1:{port}/",
    "http://127.1:{port}/", "http://017700000001:{port}/", "http://[::1]:{port}/", "http://0.0.0.0:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://listed.example@127.0.0.1:{port}/", "ftp://listed.example/",
    "file:///etc/passwd", "http://listed.example.evil:80/", "http://listed.example:{port}/", "http:///x", "x",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_unlisted_is_not_asked(url):
    """Another host, port, scheme or spelling than listed is NotAllowed, and no connection is opened."""
    with serving() as (server, port):
        with pytest.raises(NotAllowed):
            fetch(url.format(port=port), allowed_hosts=["listed.example"])
        assert server.seen == []


SPELLINGS = ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_listed_spelling_of_loopback_needs_the_word(host):
    """Even when a strange spelling of 127.0.0.1 is listed as a name, it is judged by where it leads."""
    with serving() as (server, port):
        with pytest.raises((NotAllowed, Unreachable, ValueError)):
            fetch(f"http://{host}:{port}/", allowed_hosts=[f"{host}:{port}"])
        assert server.seen == []


def test_name_that_leads_inside():
    """A listed name that resolves to a private address is refused, unless its entry says `+private`."""
    with serving() as (server, port):
        url, host = f"http://listed.example:{port}/", f"listed.example:{port}"
        with pytest.raises(NotAllowed, match=r"leads to 127\.0\.0\.1, which is not a public address"):
            fetch(url, allowed_hosts=[host], resolver=to_loopback)
        assert server.seen == []
        assert fetch(url, allowed_hosts=[f"{host}+private"], resolver=to_loopback).status == 200
        assert server.seen[0][1]["host"] == host


def test_one_bad_address_among_good_ones():
    """A name with a public and a private address is refused: nobody knows which one would answer."""
    with pytest.raises(NotAllowed):
        fetch(
            "http://listed.example/",
            allowed_hosts=["listed.example"],
            resolver=lambda host, port: ["93.184.215.14", "127.0.0.1"],
        )


def test_rebinding():
    """A name that changes its address on every question is judged by the address that is connected to."""
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with serving() as (server, port):
        url = f"http://listed.example:{port}/"
        answer = fetch(url, allowed_hosts=[f"listed.example:{port}+private"], resolver=rebinding)
        assert (answer.address, len(asked), len(server.seen)) == ("127.0.0.1", 1, 1)
        with pytest.raises(NotAllowed, match="never asked"):
            fetch(url, allowed_hosts=[f"listed.example:{port}+private"], resolver=rebinding)
        assert len(server.seen) == 1


def test_redirect_inside():
    """A redirect to an unlisted loopback address, to metadata or to a file is refused at that hop."""
    with serving() as (server, port), serving() as (inner, inner_port):
        for target in (
            f"http://127.0.0.1:{inner_port}/",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
        ):
            with pytest.raises((NotAllowed, Unreachable)):
                fetch(f"http://127.0.0.1:{port}/redirect?{target}", allowed_hosts=[f"127.0.0.1:{port}"])
        assert (len(server.seen), inner.seen) == (3, [])


def test_redirect_to_a_listed_host_is_followed():
    """A redirect to a host that is listed too arrives; endless ones end."""
    with serving() as (_, port), serving() as (inner, inner_port):
        hosts = [f"127.0.0.1:{port}", f"127.0.0.1:{inner_port}"]
        target = f"http://127.0.0.1:{inner_port}/there"
        answer = fetch(f"http://127.0.0.1:{port}/redirect?{target}", allowed_hosts=hosts)
        assert (answer.url, len(inner.seen)) == (target, 1)
        with pytest.raises(Unreachable, match="more than 5 times"):
            fetch(f"http://127.0.0.1:{port}/loop", allowed_hosts=hosts)


def test_body_is_bounded():
    """Too large an answer ends the reading; a compressed bomb is not unpacked."""
    with serving() as (_, port):
        with pytest.raises(Unreachable, match="more than"):
            fetch(f"http://127.0.0.1:{port}/big", allowed_hosts=[f"127.0.0.1:{port}"])
        answer = fetch(f"http://127.0.0.1:{port}/packed", allowed_hosts=[f"127.0.0.1:{port}"])
        assert len(answer.text) < 100_000


def test_time_is_bounded():
    """A server that drips body or head one byte at a time, or a resolver that hangs, ends at the deadline."""
    started = time.monotonic()
    for path in ("drip", "slow"):
        with serving() as (_, port), pytest.raises(Unreachable, match=r"within 0\.4 s|no answer in time"):
            fetch(f"http://127.0.0.1:{port}/{path}", allowed_hosts=[f"127.0.0.1:{port}"], seconds=0.4)
    with pytest.raises(Unreachable, match="not resolved in time"):
        fetch(
            "http://listed.example/",
            allowed_hosts=["listed.example"],
            seconds=0.3,
            resolver=lambda host, port: time.sleep(2),
        )
    assert time.monotonic() - started < 2


def test_closed_port_and_unknown_name_are_unreachable():
    """A refused connection and a name that does not exist are told apart from "not allowed"."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(Unreachable, match="could not be asked"):
            fetch(f"http://127.0.0.1:{port}/", allowed_hosts=[f"127.0.0.1:{port}"])

    def unknown(host, port):
        raise socket.gaierror

    with pytest.raises(Unreachable, match="unknown"):
        fetch("http://listed.example/", allowed_hosts=["listed.example"], resolver=unknown)


def test_a_post_is_sent_once():
    """A redirect of a POST is the answer: the body goes nowhere else."""
    with serving() as (server, port), serving() as (inner, inner_port):
        hosts = [f"127.0.0.1:{port}", f"127.0.0.1:{inner_port}"]
        url = f"http://127.0.0.1:{port}/redirect?http://127.0.0.1:{inner_port}/"
        answer = fetch(url, allowed_hosts=hosts, ask=Ask(method="POST", body=b"secret"))
        assert (answer.status, len(server.seen), inner.seen) == (302, 1, [])


def test_another_host_gets_no_headers():
    """Own headers stay with the host that they were meant for, also when it redirects to a listed one."""
    ask = Ask(headers={"authorization": "Bearer abc", "x-own": "1"})
    with serving() as (server, port), serving() as (inner, inner_port):
        hosts = [f"127.0.0.1:{port}", f"127.0.0.1:{inner_port}"]
        fetch(f"http://127.0.0.1:{port}/redirect?/", allowed_hosts=hosts, ask=ask)
        url = f"http://127.0.0.1:{port}/redirect?http://127.0.0.1:{inner_port}/"
        fetch(url, allowed_hosts=hosts, ask=ask)
        sent = [headers.get("authorization") for _, headers in server.seen]
        assert sent == ["Bearer abc"] * 3
        assert not {"authorization", "x-own"} & inner.seen[0][1].keys()


# --- sessions: many requests to one judged address ---------------------------------------------


class Keeping(Handler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1


@contextmanager
def keeping():
    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        server.seen, server.connections, server.daemon_threads = [], 0, True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server, server.server_port
        server.shutdown()


def test_a_session_keeps_its_connection_and_address():
    """Many requests go over one connection to the address judged at first, whatever the name says later."""
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with keeping() as (server, port):
        target = aim(
            f"http://listed.example:{port}/",
            allowed_hosts=[f"listed.example:{port}+private"],
            resolver=rebinding,
        )
        for _ in range(2):
            with Session(target, seconds=5) as session:
                assert {session.send().status for _ in range(5)} == {200}
        assert (len(asked), len(server.seen), server.connections) == (1, 10, 2)


def test_a_session_follows_no_redirect():
    """A redirect is a reply like any other."""
    with keeping() as (server, port):
        target = aim(f"http://127.0.0.1:{port}/redirect?/", allowed_hosts=[f"127.0.0.1:{port}"])
        with Session(target, seconds=5) as session:
            assert session.send().status == 302
        assert len(server.seen) == 1


def test_aiming_is_guarded():
    """Hosts that are not listed, and names that lead to private addresses, are refused before any request."""
    with keeping() as (server, port):
        for hosts in ((), (f"listed.example:{port}",)):
            with pytest.raises(NotAllowed):
                aim(f"http://listed.example:{port}/", allowed_hosts=hosts, resolver=to_loopback)
        assert server.connections == 0


def test_a_session_is_bounded():
    """Each request has its own time; a huge answer and a slow one are errors, and the next request works."""
    with keeping() as (_, port):
        for path, words in (("big", "more than"), ("drip", "no complete answer|could not")):
            target = aim(f"http://127.0.0.1:{port}/{path}", allowed_hosts=[f"127.0.0.1:{port}"])
            with Session(target, seconds=0.4) as session:
                for _ in range(2):
                    with pytest.raises(Unreachable, match=words):
                        session.send()
