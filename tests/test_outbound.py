"""Who may open a connection: a reviewed list of modules. All other code asks through the guarded client."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Libraries that connect by themselves, or hand out what does.
NETWORK = {
    "aiohttp", "aiosmtplib", "allauth.socialaccount", "anyio", "apprise", "asyncio", "boto3", "botocore",
    "celery", "dns", "django.core.mail", "ftplib", "grpc", "hiredis", "http.client", "http.server",
    "httpcore", "httpx", "imaplib", "kombu", "ldap3", "multiprocessing.connection", "nntplib",
    "opentelemetry.exporter", "paramiko", "poplib", "psycopg", "pycurl", "pyhanko.sign.timestamps",
    "pyhanko_certvalidator.fetchers", "redis", "requests", "smtplib", "socket", "socketserver", "ssl",
    "telnetlib", "trio", "urllib.request", "urllib3", "valkey", "weasyprint", "webbrowser", "websocket",
    "websockets", "xmlrpc",
}  # fmt: skip
GUARDED, OWN = "the guarded client itself", "this machine's own processes"
QUEUE = "the broker that the operator names"
REVIEWED = {
    "readiness/engine/guarded.py": ({"httpcore", "httpx", "ssl"}, GUARDED),
    "readiness/engine/guarded_connections.py": ({"httpcore", "httpx", "socket", "ssl"}, GUARDED),
    "readiness/engine/session.py": ({"httpcore", "httpx", "ssl"}, GUARDED),
    "readiness/engine/hosts.py": ({"httpx"}, "reads addresses, connects nowhere"),
    "readiness/client/session.py": ({"http.client", "ssl"}, "the user's command line asks the user's server"),
    "readiness/supervisor.py": ({"socket"}, OWN),
    "readiness/embedded.py": ({"socket"}, OWN),
    "readiness/celery.py": ({"celery"}, QUEUE),
    "readiness/beat.py": ({"celery"}, QUEUE),
    "checklists/tasks.py": ({"celery", "kombu"}, QUEUE),
    "checklists/outbox.py": ({"kombu"}, QUEUE),
    "checklists/views/health.py": ({"kombu"}, QUEUE),
    "checklists/management/commands/alive.py": ({"http.client"}, OWN),
    "checklists/actions/mailing.py": (
        {"apprise", "django.core.mail", "smtplib"}, "the mail server and channels that the operator names",
    ),
    "checklists/actions/checkpoints.py": ({"django.core.mail", "smtplib"}, "the operator's mail server"),
    "checklists/reports/typeset.py": ({"weasyprint"}, "with a fetcher that knows data: addresses only"),
    "readiness/engine/trace.py": ({"opentelemetry.exporter"}, "the collector that the operator names"),
    "readiness/engine/sealed/pdf_sign.py": ({"asyncio"}, "runs pyHanko's coroutine; connects nowhere"),
}  # fmt: skip


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, also inside functions and by name at run time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"}:
                yield from (
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                )


def libraries(source: str) -> set[str]:
    """The networking libraries among them."""
    found = set(imported(ast.parse(source)))
    return {name for name in NETWORK if any(one == name or one.startswith(f"{name}.") for one in found)}


def test_only_reviewed_modules_connect():
    """A module that begins or ceases to use a networking library is looked at by somebody first."""
    files = [p for room in ("readiness", "checklists") for p in sorted((ROOT / room).rglob("*.py"))]
    found = {str(p.relative_to(ROOT)): used for p in files if (used := libraries(p.read_text("utf-8")))}
    assert found == {name: used for name, (used, _) in REVIEWED.items()}


def test_each_is_explained():
    """Every entry says where it connects to."""
    assert all(why for _, why in REVIEWED.values())


def test_the_walk_sees():
    """Each way to import a library is noticed; a name alone is none."""
    seen = {
        "import httpx": {"httpx"},
        "from urllib import request": {"urllib.request"},
        "import urllib.request as u": {"urllib.request"},
        "def f():\n    import socket": {"socket"},
        "import importlib\nimportlib.import_module('requests')": {"requests"},
        "__import__('smtplib')": {"smtplib"},
        "from urllib.parse import urlsplit": set(),
        "from http import HTTPStatus": set(),
        "requests = 1": set(),
    }
    assert {source: libraries(source) for source in seen} == seen
