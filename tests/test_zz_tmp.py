import time
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.governed import *
from checklists.actions import releases
from checklists.actions.deciding import look
def test_t(project, people, run_dir, checklist):
    for s in ("a","b","c","d","e"): by_hand(s)
    set_stages(project, people, build=("a","staging"), readiness=("b","staging"), staging=("c","staging"), approval=("d","production"), production=("e","production"))
    r=releases.create(project=project, by=people.contributor, version="2", root=str(run_dir))
    g=r.gates.order_by("pk").first()
    with CaptureQueriesContext(connection) as q:
        t=time.perf_counter(); settle(g, people); print("act", round(time.perf_counter()-t,3), len(q))
