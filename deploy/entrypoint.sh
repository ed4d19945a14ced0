#!/bin/sh
# Start one role of the product. `exec` keeps it the main process, so that TERM reaches it and it stops gracefully.
set -eu
case "${1:-worker}" in
worker)
    shift || true
    # Files of a former life would be counted again: counters start with the container.
    rm -f "${PROMETHEUS_MULTIPROC_DIR:?}"/*.db
    exec dramatiq app.actors \
        --processes "${WORKER_PROCESSES:-2}" --threads "${WORKER_THREADS:-2}" \
        --worker-shutdown-timeout "${WORKER_SHUTDOWN_TIMEOUT_MS:-600000}" \
        --skip-logging --fork-function app.probes:serve_forever \
        ${WORKER_QUEUES:+--queues ${WORKER_QUEUES}} "$@"
    ;;
scheduler)
    shift
    rm -f "${PROMETHEUS_MULTIPROC_DIR:?}"/*.db
    exec coverage-worker scheduler "$@"
    ;;
*)
    exec coverage-worker "$@"
    ;;
esac
