FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /venv/bin/pip install --no-deps --no-build-isolation --editable .

FROM python:3.12-slim
# What lays out the PDF's text; everything else comes from the lock file.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin readiness \
    && install -d -o readiness -g readiness -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=readiness.settings \
    READINESS_DATA_DIR=/data \
    READINESS_RUN_ROOTS=/runs \
    READINESS_BIND=0.0.0.0:8000
WORKDIR /app
USER readiness
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "manage.py", "alive", "web"]
CMD ["gunicorn", "-c", "python:readiness.serving", "readiness.wsgi"]
