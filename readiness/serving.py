"""Settings of gunicorn: `gunicorn -c python:readiness.serving readiness.wsgi`.

The application is loaded once, before the workers are forked: a refusal to start is said once.
"""

from __future__ import annotations

from readiness import env

bind = env.text("READINESS_BIND", "127.0.0.1:8000")
workers = env.integer("READINESS_WEB_WORKERS", 2)
threads = env.integer("READINESS_WEB_THREADS", 4)
worker_class = "gthread"
worker_tmp_dir = None
preload_app = True
timeout = 60
graceful_timeout = 8
max_requests, max_requests_jitter = 5000, 500
control_socket_disable = True
accesslog = None
