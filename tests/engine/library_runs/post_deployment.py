"""What a deployed service answers."""

from __future__ import annotations

from tests.engine.library_runs.content import Files, sums


def service(folder: str, good: bool) -> Files:
    kind = "counter" if good else "nothing"
    return {
        f"{folder}/health.json": {"status": "healthy" if good else "degraded"},
        f"{folder}/model-info.json": {"name": "random_forest" if good else "other", "loaded": good},
        f"{folder}/metrics.txt": f"# TYPE http_requests_total {kind}\nhttp_requests_total 17\n",
        f"{folder}/service.log": "INFO started\n" if good else "INFO started\nERROR out of disk\n",
    }


def rollback(good: bool) -> Files:
    return {"rollback/model.pkl": b"old", "rollback/SHA256SUMS": sums({"model.pkl": b"old"}, good=good)}


def files(good: bool) -> Files:
    window = {"hours": 24, "error_rate": 0.01, "p95_ms": 180}
    return {
        **service("production", good),
        **rollback(good),
        "production/window.json": window if good else {"hours": 2, "error_rate": 0.2, "p95_ms": 4000},
    }
