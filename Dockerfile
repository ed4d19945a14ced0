# One image for every role: the command decides (worker group, scheduler, migrate).
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv/coverage-worker
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt
COPY pyproject.toml setup.cfg VERSION README.md ./
COPY app ./app
COPY migrations ./migrations
RUN pip install --no-deps -e .

FROM python:3.11-slim-bookworm
# The metrics folder is read when prometheus-client is imported, so it must be set before Python starts.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENBLAS_NUM_THREADS=1 \
    MALLOC_ARENA_MAX=2 \
    PROMETHEUS_MULTIPROC_DIR=/run/metrics
# The client of local checkouts reads through git.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/coverage-worker /srv/coverage-worker
COPY deploy/entrypoint.sh /usr/local/bin/entrypoint.sh
RUN mkdir -p /run/metrics /var/lib/coverage-worker \
    && chown 10001:10001 /run/metrics /var/lib/coverage-worker
WORKDIR /srv/coverage-worker
USER 10001:10001
EXPOSE 9191
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["coverage-worker", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
CMD ["worker"]
