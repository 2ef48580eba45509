"""Backup and restore between real installations: what stands afterwards is the same, and verifies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from checklists.backups import restoring
from checklists.backups.manifest import BackupRefused
from readiness.engine.errors import BadContent
from readiness.engine.sealed import keys as engine_keys
from readiness.engine.sealed.keys import SigningKey

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("backup")]


@dataclass(frozen=True)
class Installation:
    """Its directory and database."""

    home: Path
    database: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A process of this installation."""
        for name in ("data", "runs"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        env = {
            **os.environ,
            "DATABASE_URL": self.database,
            "READINESS_DATA_DIR": str(self.home / "data"),
            "READINESS_RUN_ROOTS": str(self.home / "runs"),
            "DJANGO_SETTINGS_MODULE": "readiness.settings",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)

    def do(self, *arguments: str) -> Any:
        """What a function of backed_up.py says."""
        done = self.run("-m", "tests.processes.backed_up", *arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A management command."""
        return self.run("manage.py", *arguments)


class Makes:
    """Makes installations: on a file, or on a database of the test run's PostgreSQL."""

    def __init__(self, homes: pytest.TempPathFactory) -> None:
        self.homes = homes
        self.bases = list[str]()

    def new(self, name: str, vendor: str = "", like: Installation | None = None) -> Installation:
        """An empty one, or one that is `like` another, which nobody uses now."""
        home = self.homes.mktemp(name)
        if like:
            shutil.copytree(like.home, home, dirs_exist_ok=True)
        if not SERVER or vendor == "sqlite":
            return on_file(home)
        base = f"backup_{name}_{os.getpid()}"
        template = f' TEMPLATE "{urlsplit(like.database).path[1:]}"' if like else ""
        self._tell(f'CREATE DATABASE "{base}"{template}')
        self.bases.append(base)
        return Installation(home, urlunsplit(urlsplit(SERVER)._replace(path=f"/{base}")))

    def close(self) -> None:
        """Drop the databases."""
        for base in self.bases:
            self._tell(f'DROP DATABASE "{base}" WITH (FORCE)')

    def _tell(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(SERVER, autocommit=True) as admin:
            admin.execute(statement)


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """See Makes."""
    made = Makes(tmp_path_factory)
    yield made
    made.close()


def on_file(home: Path) -> Installation:
    """One on SQLite."""
    return Installation(home, f"sqlite:///{home / 'data' / 'readiness.sqlite3'}")


@pytest.fixture(scope="module")
def old(make) -> Installation:
    """One that was worked in, with its exported keys and a backup."""
    made: Installation = make.new("old")
    made.do("seed")
    (made.home / "keys.json").write_text(made.manage("keys", "export").stdout)
    done = made.manage("backup", "--out", str(made.home / "all.tar"), "--with-keys")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "private keys: whoever reads it" in done.stderr
    assert (made.home / "all.tar").stat().st_mode & 0o777 == 0o600
    return made


def restored(old: Installation, new: Installation, file: str = "all.tar") -> subprocess.CompletedProcess[str]:
    """The backup of one into the other."""
    return new.manage("restore", str(old.home / file), "--key", str(old.home / "keys.json"))


def test_round_trip(old, make):
    """Every row, file, trigger and signature is there; the proof says so; life goes on with new ids."""
    new = make.new("new")
    done = restored(old, new)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Origin: verified" in done.stdout
    assert "Private key: here." in done.stdout
    before, after = old.do("facts"), new.do("facts")
    assert before == after
    assert (after["triggers"], after["broken"]) == ([], [])
    assert after["blobs"]
    assert new.do("act") == old.do("act")
    said = new.manage("audit", "verify")
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.skipif(not SERVER, reason="needs PostgreSQL too: python -m tests.postgres")
@pytest.mark.parametrize("way", [("postgresql", "sqlite"), ("sqlite", "postgresql")])
def test_across_databases(make, way):
    """A backup of one kind of database restores into the other, and verifies there."""
    source, target = make.new(f"from_{way[0]}", way[0]), make.new(f"to_{way[1]}", way[1])
    source.do("seed")
    (source.home / "keys.json").write_text(source.manage("keys", "export").stdout)
    assert source.manage("backup", "--out", str(source.home / "all.tar"), "--with-keys").returncode == 0
    done = restored(source, target)
    assert done.returncode == 0, done.stderr[-3000:]
    before, after = source.do("facts"), target.do("facts")
    assert (before["vendor"], after["vendor"]) == way
    assert before["tables"] == after["tables"]
    assert after["broken"] == []
    assert target.do("act")["broken"] == []


def test_refused_when_not_empty(old, make):
    """An installation with a row of its own is left as it is."""
    taken = make.new("taken")
    taken.do("publish")
    before = taken.do("facts")
    done = restored(old, taken)
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert taken.do("facts") == before


@pytest.mark.parametrize("place", ["first byte", "header", "row", "blob", "key", "manifest", "end", "more"])
def test_changed_backup(old, tmp_path, place):
    """One byte more, less or other anywhere: refused before anything is written."""
    data = bytearray((old.home / "all.tar").read_bytes())
    where = {
        "first byte": 0,
        "header": 140,
        "row": data.index(b"After") if b"After" in data else data.index(b"Second thoughts."),
        "blob": data.index(bytes(range(256))) + 5,
        "key": data.index(b"PRIVATE KEY") + 20,
        "manifest": data.rindex(b'"made_at"') + 12,
        "end": len(data) - 1,
    }
    if place == "more":
        data += b"\0"
    else:
        data[where[place]] ^= 1
    file = tmp_path / "changed.tar"
    file.write_bytes(data)
    trusted = engine_keys.read((old.home / "keys.json").read_bytes(), "keys.json")
    with file.open("rb") as opened, pytest.raises((BackupRefused, BadContent)):
        restoring.inspect(opened, "changed.tar", trusted)


def test_whole_backup(old):
    """Unchanged, the same look finds nothing wrong; so it is the byte that was refused."""
    trusted = engine_keys.read((old.home / "keys.json").read_bytes(), "keys.json")
    with (old.home / "all.tar").open("rb") as file:
        assert restoring.inspect(file, "all.tar", trusted).known


def test_changed_backup_by_command(old, tmp_path):
    """The command says which part was changed, and makes nothing."""
    data = bytearray((old.home / "all.tar").read_bytes())
    data[data.index(b"Second thoughts.")] ^= 1
    (tmp_path / "changed.tar").write_bytes(data)
    new = on_file(tmp_path / "new")
    done = new.manage("restore", str(tmp_path / "changed.tar"), "--key", str(old.home / "keys.json"))
    assert (done.returncode, "was changed" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new" / "data" / "readiness.sqlite3").exists()


def test_origin(old, tmp_path):
    """Without a key nobody vouches for it, and with another key it is refused; one may say so and go on."""
    new = on_file(tmp_path / "new")
    file = str(old.home / "all.tar")
    none = new.manage("restore", file)
    assert (none.returncode, "Nobody vouches" in none.stderr) == (1, True)
    (tmp_path / "other.pem").write_bytes(engine_keys.pem(SigningKey.make().public))
    wrong = new.manage("restore", file, "--key", str(tmp_path / "other.pem"))
    assert (wrong.returncode, "does not name" in wrong.stderr) == (1, True)
    anyway = new.manage("restore", file, "--unknown-origin")
    assert anyway.returncode == 0, anyway.stderr[-2000:]
    assert "Origin: NOT verified" in anyway.stdout


def test_while_others_write(old, make):
    """A backup made while acts happen is of one moment: it restores, and every chain verifies."""
    busy = make.new("busy", like=old)
    env_command = [sys.executable, "-m", "tests.processes.backed_up", "write", "4"]
    env = {
        **os.environ,
        "DATABASE_URL": busy.database,
        "READINESS_DATA_DIR": str(busy.home / "data"),
        "READINESS_RUN_ROOTS": str(busy.home / "runs"),
        "DJANGO_SETTINGS_MODULE": "readiness.settings",
    }
    with subprocess.Popen(env_command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        for number in range(2):
            done = busy.manage("backup", "--out", str(busy.home / f"{number}.tar"))
            assert done.returncode == 0, done.stderr[-2000:]
        assert int(writer.communicate()[0]) > 5
    assert restored(busy, make.new("quiet"), "1.tar").returncode == 0


def test_log_that_was_changed(old, make):
    """A log that was altered before the backup does not pass as proven: nothing is restored."""
    bad = make.new("bad", like=old)
    assert bad.do("forge") > 0
    assert bad.manage("backup", "--out", str(bad.home / "all.tar"), "--force").returncode == 0
    new = make.new("clean")
    done = restored(bad, new)
    assert done.returncode == 1
    assert "was changed after it was written" in done.stderr
    assert all(count == 0 for count, _ in new.do("facts")["tables"].values())
