import os, shutil
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
import pytest
from playwright.sync_api import sync_playwright
from checklists import blobs, keys
from tests.reports import bundled
from tests.conftest import PASSWORD
from readiness.engine.sealed import keys as sk
from readiness.engine.sealed.keys import SigningKey

@pytest.mark.django_db(transaction=True)
def test_shots(lenient, people, live_server, tmp_path, settings, now):
    from checklists.actions import signing_keys
    settings.ALLOWED_HOSTS=["*"]
    bundled.fill(lenient, people); made = bundled.report(lenient, people)
    now.forward(days=20); signing_keys.rotate()
    (tmp_path/"readiness-audit.zip").write_bytes(made.data)
    p = made.data.index(b"%PDF-")+3000
    (tmp_path/"changed.zip").write_bytes(made.data[:p]+bytes([made.data[p]^1])+made.data[p+1:])
    (tmp_path/"other.pem").write_bytes(sk.pem(SigningKey.make().public))
    (tmp_path/"report.pdf").write_bytes(blobs.get(made.row.sha256))
    out="/tmp/h5shots"; os.makedirs(out, exist_ok=True)
    with sync_playwright() as pw:
        b = pw.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox","--disable-gpu"])
        for name, opts in {"wide":{"viewport":{"width":1280,"height":900}},"phone":{"viewport":{"width":360,"height":760}},"dark":{"viewport":{"width":1280,"height":900},"color_scheme":"dark"}}.items():
            c = b.new_context(**opts); page=c.new_page(); page.set_default_timeout(60000)
            logs=[]; page.on("console", lambda m: logs.append(m.text)); page.on("pageerror", lambda e: logs.append(str(e)))
            page.goto(live_server.url+"/keys/"); page.screenshot(path=f"{out}/keys-{name}.png", full_page=True)
            from django.conf import settings as s
            from django.test import Client
            cl = Client(); cl.force_login(people.reader)
            c.add_cookies([{"name": s.SESSION_COOKIE_NAME, "value": cl.cookies[s.SESSION_COOKIE_NAME].value, "url": live_server.url}])
            page.goto(live_server.url+"/verify/"); page.screenshot(path=f"{out}/empty-{name}.png", full_page=True)
            def go(file, key=None):
                page.goto(live_server.url+"/verify/")
                page.set_input_files("input[name=file]", str(tmp_path/file))
                if key:
                    page.click("details.own > summary"); page.set_input_files("input[name=key]", str(tmp_path/key))
                page.click("text=Verify it"); page.wait_for_load_state("networkidle")
            go("readiness-audit.zip"); page.screenshot(path=f"{out}/verified-{name}.png", full_page=True)
            if name=="wide":
                with page.expect_download() as d: page.click("text=This result as JSON")
                print("JSON", d.value.suggested_filename, open(d.value.path()).read()[:80])
            go("changed.zip"); page.screenshot(path=f"{out}/failed-{name}.png", full_page=True)
            go("report.pdf", "other.pem"); page.screenshot(path=f"{out}/not-{name}.png", full_page=True)
            (tmp_path/"letter.pdf").write_bytes(b"Dear"); go("letter.pdf"); page.screenshot(path=f"{out}/letter-{name}.png", full_page=True)
            page.goto(live_server.url+f"/gates/{lenient.pk}/reports/"); page.screenshot(path=f"{out}/reports-{name}.png", full_page=True)
            print(name, logs, page.evaluate("document.documentElement.scrollWidth"))
        b.close()
