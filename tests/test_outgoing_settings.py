"""Settings of what goes out: bad ones stop the start and are named, secrets are not."""

from __future__ import annotations

import pytest

from checklists.checks import check_outgoing
from readiness import env


@pytest.mark.parametrize("entry", ["https://ci.example.org", "ci.example.org+secret", "", "a b", "host:0x50"])
def test_bad_hosts_stop_the_start(settings, entry):
    """An entry that would match nothing is an error with its text."""
    settings.WEBHOOK_HOSTS = ["ci.example.org:8443", entry]
    [problem] = check_outgoing()
    assert problem.id == "readiness.E009"
    assert repr(entry) in problem.msg


@pytest.mark.parametrize(("port", "problems"), [(0, 1), (-1, 1), (65536, 1), (25, 0), (65535, 0)])
def test_port(settings, port, problems):
    """The mail port is a port."""
    settings.EMAIL_PORT = port
    assert len(check_outgoing()) == problems


def test_channels_are_lines(monkeypatch, tmp_path):
    """One name and address a line; the address may hold any sign but a line end; comments are passed over."""
    path = tmp_path / "channels"
    path.write_text("# chats\n\nteam = slack://a/b/c/#x=1\npager=pagerduty://k@a\n")
    monkeypatch.setenv("READINESS_CHANNELS_FILE", str(path))
    assert env.pairs("READINESS_CHANNELS") == {"team": "slack://a/b/c/#x=1", "pager": "pagerduty://k@a"}


@pytest.mark.parametrize("line", ["very-secret", "=very-secret", "name=", "a=1\na=very-secret"])
def test_bad_channels_are_named_by_line(monkeypatch, line):
    """The error says which line, and nothing of what stands there."""
    monkeypatch.setenv("READINESS_CHANNELS", line)
    with pytest.raises(env.SettingError, match="bad line") as caught:
        env.pairs("READINESS_CHANNELS")
    assert "very-secret" not in str(caught.value)
